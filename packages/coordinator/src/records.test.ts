// Records of rounds: whoever has the documents of a round finds them in its record, and nothing of a record can be changed unnoticed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { decodeSeedDict, encodeRoundParams, encodeSeedDict, encodeSumDict } from '@xaynet/core/round';
import { verifyRoundRecord } from './records.ts';
import { EXAMPLE_UPDATES, playSum, playSum2, playUpdate, Rig } from './rig.test.ts';
import type { RoundRecord } from './stores/contract.ts';
import { MemoryStore } from './stores/memory.ts';

const hash = (bytes: Uint8Array): string => toHex(sha256(bytes));

test('the record of a round that gave a model: its documents by their hashes, its counts, and a signature that holds', async () => {
  const store = new MemoryStore();
  const rig = await Rig.start({ store });
  const began = rig.clock.now();
  const params = hash(encodeRoundParams(rig.params));
  const sums = await playSum(rig, 2);
  const sumDict = hash(encodeSumDict(rig.sums));
  await playUpdate(rig, EXAMPLE_UPDATES);
  const seeds = decodeSeedDict(encodeSeedDict(rig.driver.bulletin.view.seeds!));
  await playSum2(rig, sums);
  const [record, ...others] = await store.records(10);
  assert.equal(others.length, 0);
  const { hashes, signer, signature, model, ...rest } = record!;
  assert.deepEqual(rest, { round: 1, outcome: 'model', began, ended: rig.clock.now(), sums: 2, updates: 3, masks: 2 });
  assert.deepEqual(
    [hashes.params, hashes.sums, hashes.seeds, hashes.model],
    [params, sumDict, hash(encodeSeedDict(seeds)), hash(rig.driver.bulletin.model()!)],
  );
  assert.match(hashes.aggregate!, /^[0-9a-f]{64}$/);
  assert.equal(model, await store.latestModelId());
  assert.equal(signature.length, 128);
  assert.equal(verifyRoundRecord(record!), true);
  await playSum(rig);
  await rig.seconds(20);
  const [failure] = await store.records(1);
  assert.deepEqual([failure!.round, failure!.outcome, failure!.phase, failure!.code, failure!.sums], [2, 'failure', 'update', 'phase-timeout', 1]);
  assert.deepEqual(Object.keys(failure!.hashes), ['params', 'sums']);
  assert.equal(failure!.signer, signer, 'one key for all records of a store');
  assert.equal(verifyRoundRecord(failure!), true);
});

test('a record survives JSON and any order of its keys; a change of anything in it does not survive the check', async () => {
  const store = new MemoryStore();
  const rig = await Rig.start({ store });
  await playSum(rig);
  await rig.seconds(20);
  const [record] = await store.records(1);
  assert.ok(record);
  const shuffled = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(record)) as RoundRecord).reverse()) as unknown as RoundRecord;
  assert.equal(verifyRoundRecord(shuffled), true);
  const changes: Partial<RoundRecord>[] = [
    { round: 2 },
    { outcome: 'model' },
    { began: record.began + 1 },
    { ended: 0 },
    { sums: 2 },
    { updates: 1 },
    { masks: 1 },
    { phase: 'sum' },
    { code: 'internal-error' },
    { model: 'another' },
    { hashes: { ...record.hashes, model: '00' } },
    { hashes: {} },
    { signer: '00'.repeat(32) },
    { signer: 'no key' },
    { signature: record.signature.replace(/^../, '00') },
    { signature: '' },
  ];
  for (const change of changes) assert.equal(verifyRoundRecord({ ...record, ...change }), false, JSON.stringify(change));
});
