// T8: numbers of /params that are none. NaN never equals itself, so every answer would be a new round; infinities and fractions would
// become lengths of arrays.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRoundParams, encodeRoundParams } from '@xaynet/core/round';
import { FakeCoordinator } from '../fake-coordinator.test.ts';
import { HttpTransport } from '../http-transport.ts';
import { Participant } from '../participant.ts';

test('T8: numbers of /params that are none are an error of the network, never a round', async () => {
  const coordinator = new FakeCoordinator();
  const participant = await Participant.create({ transport: coordinator });
  const good = coordinator.params_;
  for (const bad of [
    { sum: Number.NaN },
    { update: Number.POSITIVE_INFINITY },
    { sum: -0.1 },
    { modelLength: Number.NaN },
    { modelLength: 1.5 },
    { modelLength: 2 ** 53 },
  ]) {
    coordinator.params_ = { ...good, ...bad };
    const { outcome, waitingFor, error } = await participant.tick();
    assert.deepEqual([outcome, waitingFor, error?.code, participant.round], ['pending', 'network', 'decode-number', undefined], JSON.stringify(bad));
  }
  coordinator.params_ = good;
  assert.equal((await participant.tick()).state, 'new-round');
});

test('T8: the same as bytes: any double in place of a probability is a number that decides, or an answer that is none', async () => {
  const good = encodeRoundParams(new FakeCoordinator({ sum: 0, update: 0 }).params_);
  for (const value of [Number.NaN, -Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -Number.MIN_VALUE, -0, Number.MIN_VALUE, 1e308]) {
    for (const at of [40, 48]) {
      const bytes = good.slice();
      new DataView(bytes.buffer).setFloat64(at, value, true);
      const fetch = async () => ({ status: 200, url: '', headers: { get: () => null }, arrayBuffer: async () => bytes.slice().buffer as ArrayBuffer });
      const participant = await Participant.create({ transport: new HttpTransport({ url: 'https://c.example', fetch }) });
      const first = await participant.tick();
      const isNumber = Number.isFinite(value) && value >= 0;
      assert.equal(first.error?.code, isNumber ? undefined : 'transport-not-pet', String(value));
      if (!isNumber) continue;
      await participant.tick();
      assert.ok(decodeRoundParams(bytes).modelLength === 4 && participant.round !== undefined);
      assert.notEqual(participant.state, 'new-round');
    }
  }
});
