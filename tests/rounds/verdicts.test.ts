// What a real coordinator tells participants that ask: accepted, refused and why, nothing to who does not ask; and documents that have not
// changed are not sent again. The round is finished besides.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { generateSigningKeyPair, type SigningKeyPair } from '@xaynet/core/crypto';
import { chooseRole, type Role } from '@xaynet/core/round';
import { type Fetch, HttpTransport, Participant, type ParticipantOptions, type Tick } from '@xaynet/participant';

const settings = parseSettings({
  api: { bind_address: '127.0.0.1:0' },
  pet: {
    sum: { prob: 0.5, count: { min: 2, max: 2 }, time: { min: 0, max: 30 } },
    update: { prob: 1, count: { min: 3, max: 3 }, time: { min: 0, max: 30 } },
    sum2: { count: { min: 2, max: 2 }, time: { min: 0, max: 30 } },
  },
  model: { length: 4 },
  store: { kind: 'memory' },
  log: { filter: 'off' },
});

test('verdicts of a real coordinator: acceptance, duplicates, lateness, silence for who does not ask; 304 for what is known', async () => {
  const coordinator = await Coordinator.start(settings);
  const { url } = coordinator;
  const phases: string[] = [];
  const waiting: (() => void)[] = [];
  coordinator.on((event) => {
    if (event.type === 'phase') phases.push(event.phase);
    for (const go of waiting.splice(0)) go();
  });
  const reached = async (phase: string): Promise<void> => {
    while (!phases.includes(phase)) await new Promise<void>((go) => waiting.push(go));
  };
  const statuses: string[] = [];
  const counting: Fetch = async (target, request) => {
    const response = await fetch(target, request as RequestInit);
    statuses.push(`${new URL(target).pathname} ${response.status}`);
    return response as Awaited<ReturnType<Fetch>>;
  };
  try {
    let params = await new HttpTransport({ url }).params();
    while (params.seed.every((byte) => byte === 0)) params = await new HttpTransport({ url }).params();
    const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
    const keysFor = (role: Role['role']): SigningKeyPair => {
      for (;;) {
        const keys = generateSigningKeyPair(random);
        if (chooseRole(params, keys).role === role) return keys;
      }
    };
    let now = 0;
    const clock = { now: () => now, after: (ms: number, run: () => void) => clearTimeout.bind(null, setTimeout(run, ms)) };
    const make = (keys: SigningKeyPair, options: Partial<ParticipantOptions> = {}) => Participant.create({ url, keys, clock, fetch: counting, ...options });
    /** Goes on until there is a verdict, or nothing can be done. */
    const verdict = async (participant: Participant): Promise<Tick> => {
      for (;;) {
        const tick = await participant.tick();
        if (tick.sent !== undefined && tick.sent.part === tick.sent.parts) return tick;
        assert.equal(tick.outcome, 'progress', `${tick.state} waits for ${tick.waitingFor}: ${tick.error?.message}`);
      }
    };
    const update = async (keys: SigningKeyPair, options: Partial<ParticipantOptions> = {}): Promise<Participant> => {
      const participant = await make(keys, options);
      participant.setModel(Float32Array.of(0.5, -0.5, 0.25, 0));
      return participant;
    };

    const sums = [await make(keysFor('sum')), await make(keysFor('sum'))];
    const late = await make(keysFor('sum'));
    await late.tick();
    await late.tick();
    await late.tick(); // has its message ready
    for (const participant of sums) assert.deepEqual((await verdict(participant)).verdict, { accepted: true });
    await reached('update');
    assert.deepEqual((await verdict(late)).verdict, {
      accepted: false,
      code: 'message-unexpected',
      reason:
        'The current phase does not take this message. One that came too late is lost; the next round takes another. Send what the phase in the round parameters asks for.',
    });
    await late.tick();
    now += 1000;
    assert.equal((await late.tick()).failure?.code, 'sum-not-counted');

    // One in pieces, one that does not ask, one in one piece.
    assert.deepEqual((await verdict(await update(keysFor('update'), { maxMessageSize: 300 }))).verdict, { accepted: true });
    assert.equal((await verdict(await update(keysFor('update'), { verdicts: false }))).verdict, undefined);
    const lateUpdate = await update(keysFor('update'));
    for (let i = 0; lateUpdate.state !== 'sending-update'; i++) {
      assert.ok(i < 10);
      await lateUpdate.tick();
    }
    assert.deepEqual((await verdict(await update(keysFor('update')))).verdict, { accepted: true });
    await reached('sum2');
    const refused = await verdict(lateUpdate);
    assert.deepEqual([refused.verdict?.accepted, refused.failure?.code, refused.state], [false, 'transport-refused', 'awaiting']);
    assert.match(refused.failure!.message, /message-unexpected/);

    // The first answers twice; the second answer of the same key counts already.
    const copy = await Participant.restore(sums[0]!.snapshot(), { url, clock });
    assert.deepEqual((await verdict(sums[0]!)).verdict, { accepted: true });
    const { verdict: second, failure } = await verdict(copy);
    assert.ok(second?.accepted === false && second.code === 'mask-already-submitted');
    assert.equal(failure, undefined);
    assert.deepEqual((await verdict(sums[1]!)).verdict, { accepted: true });
    await reached('unmask');

    statuses.length = 0;
    const idle = await make(keysFor('sum'));
    const transport = new HttpTransport({ url, fetch: counting });
    await idle.tick();
    for (let i = 0; i < 3; i++) await transport.params();
    assert.deepEqual(statuses, ['/params 200', '/params 200', '/params 304', '/params 304']);
  } finally {
    await coordinator.stop();
  }
});
