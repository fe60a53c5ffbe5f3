// T14: a coordinator (or whoever is on the way to it) that wants to keep a participant busy instead of training with it: answers that drip,
// rounds that change with every answer, models that nobody could hold. Each test is the attacker; what it gets is bounded.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { KeyMap } from '@xaynet/core/bytes';
import { MASK_CONFIGS, maskObjectSize, parseMaskConfig } from '@xaynet/core/mask';
import { decodeRoundParams, encodeRoundParams, type RoundParams } from '@xaynet/core/round';
import { countingRandom, FakeCoordinator } from '../fake-coordinator.test.ts';
import type { FetchResponse } from '../http-body.ts';
import { type HttpOptions, HttpTransport } from '../http-transport.ts';
import { Participant } from '../participant.ts';
import { RoundPace } from '../round-pace.ts';
import { maxModelBytes, refusalOf, rulesOf } from '../rules.ts';
import { type RunOptions, runParticipant } from '../run.ts';
import type { ParticipantEvent } from '../run-events.ts';
import type { TransportError } from '../transport-error.ts';
import { VirtualClock } from '../virtual-clock.test.ts';

async function failureOf(promise: Promise<unknown>): Promise<TransportError> {
  return promise.then(
    () => assert.fail('should reject'),
    (error: TransportError) => error,
  );
}

/** A transport whose server sends `piece` bytes each `ms` virtual milliseconds, for ever, and how much it sent. */
function dripping(piece: number, ms: number, options: Partial<HttpOptions> = {}) {
  const clock = new VirtualClock();
  const sent = { bytes: 0, cancelled: false };
  const transport = new HttpTransport({
    url: 'https://coordinator.example',
    clock,
    fetch: async (_, { signal }): Promise<FetchResponse> => ({
      status: 200,
      url: '',
      headers: { get: () => null },
      arrayBuffer: () => assert.fail('there is a stream'),
      body: {
        getReader: () => ({
          read: () =>
            new Promise((resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason));
              clock.after(ms, () => {
                sent.bytes += piece;
                resolve({ done: false, value: new Uint8Array(piece) });
              });
            }),
          cancel: async () => {
            sent.cancelled = true;
          },
        }),
      },
    }),
    ...options,
  });
  return { clock, sent, transport };
}

test('T14: an answer that drips a byte every 29 seconds is given up after a minute, whatever size is allowed', async () => {
  const { clock, sent, transport } = dripping(1, 29_000);
  const failed = failureOf(transport.model(undefined, 2 ** 30));
  await clock.pass(59_999);
  assert.equal(sent.bytes, 2);
  await clock.pass(2);
  const { code, message } = await failed;
  assert.equal(code, 'transport-timeout');
  assert.match(message, /\/model: no end after 60000 ms: more than 60000 ms and a second for each 16000 bytes \(options deadline and minRate\)/);
});

test('T14: a body without end that is just fast enough ends where the allowed size ends, and a large one that is honest arrives', async () => {
  const endless = dripping(16_000, 1_000);
  const failed = failureOf(endless.transport.model(undefined, 1_600_000));
  await endless.clock.pass(3_600_000);
  assert.equal((await failed).code, 'transport-too-large');
  assert.equal(endless.sent.bytes, 1_616_000);
  assert.equal(endless.sent.cancelled, true);

  const slower = dripping(15_000, 1_000);
  const late = failureOf(slower.transport.model(undefined, 2 ** 30));
  await slower.clock.pass(3_600_000);
  assert.equal((await late).code, 'transport-timeout');
  assert.ok(slower.sent.bytes <= 15_000 * 60 * 16, `${slower.sent.bytes} bytes: the deadline is used up a 16th a second`);

  const patient = dripping(15_000, 1_000, { minRate: 10_000 });
  const large = failureOf(patient.transport.model(undefined, 15_000_000));
  await patient.clock.pass(3_600_000);
  assert.equal((await large).code, 'transport-too-large', 'it was read to the end');
});

test('T14: silence in the midst of an answer is noticed earlier, and is said to be silence', async () => {
  const { clock, transport } = dripping(1, 31_000);
  const failed = failureOf(transport.sums());
  await clock.pass(30_001);
  assert.match((await failed).message, /nothing arrived for 30000 ms \(option timeout\)/);
});

test('T14: redirections count as one request: hops of 29 seconds do not add up to five minutes', async () => {
  const clock = new VirtualClock();
  let hops = 0;
  const transport = new HttpTransport({
    url: 'https://coordinator.example',
    clock,
    fetch: (_, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        const headers = { get: (name: string) => (name === 'location' ? `/hop-${++hops}` : null) };
        clock.after(7_000, () => resolve({ status: 302, url: '', headers, arrayBuffer: () => assert.fail() }));
      }),
  });
  const failed = failureOf(transport.params());
  await clock.pass(60_001);
  assert.equal((await failed).code, 'transport-timeout');
  assert.ok(hops < 10);
});

test('T14: a fetch without streams gets the time that the announced or allowed size needs, and no more; one that ignores its signal is left', async () => {
  for (const [announced, ms] of [
    [null, 60_000 + 1_600_000 / 16],
    ['320000', 60_000 + 20_000],
  ] as const) {
    const clock = new VirtualClock();
    const transport = new HttpTransport({
      url: 'https://coordinator.example',
      clock,
      fetch: async () => ({ status: 200, url: '', headers: { get: () => announced }, arrayBuffer: () => new Promise(() => undefined) }),
    });
    let over = false;
    const failed = failureOf(transport.model(undefined, 1_600_000)).finally(() => {
      over = true;
    });
    await clock.pass(ms - 1);
    assert.equal(over, false);
    await clock.pass(2);
    assert.equal((await failed).code, 'transport-timeout');
    assert.equal(clock.timers, 0);
  }
});

test('T14: a real server that drips a header-complete answer for ever holds nobody', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 5);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = new HttpTransport({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeout: 1_000, deadline: 60 });
  try {
    for (const call of [() => transport.params(), () => transport.sums(), () => transport.model()]) {
      const error = await failureOf(call());
      assert.equal(error.code, 'transport-timeout');
      assert.match(error.message, /options deadline and minRate/);
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('T14: times that are none are refused', () => {
  for (const name of ['timeout', 'deadline', 'minRate'])
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => new HttpTransport({ url: 'https://c.example', [name]: value }), { code: 'option-invalid', message: new RegExp(name) });
});

/** Runs a participant for an hour of virtual time against a coordinator that `turns` as it likes, and counts what was asked of it. */
async function anHour(turn: (coordinator: FakeCoordinator, operation: string) => void, round: Partial<RoundParams>, options: Partial<RunOptions> = {}) {
  const clock = new VirtualClock();
  const coordinator = new FakeCoordinator(round);
  const counts: Record<string, number> = {};
  let total = 0;
  coordinator.before = (operation) => {
    counts[operation] = (counts[operation] ?? 0) + 1;
    assert.ok(++total < 7_000, `a spin: ${JSON.stringify(counts)} after ${clock.now()} ms`);
    turn(coordinator, operation);
  };
  const events: ParticipantEvent[] = [];
  const run = runParticipant({ transport: coordinator, clock, random: countingRandom('hour'), train: (_, { length }) => new Float32Array(length), ...options });
  void (async () => {
    for await (const event of run.events()) events.push(event);
  })();
  await clock.pass(3_600_000);
  coordinator.before = () => undefined;
  const stopped = run.stop();
  await clock.pass(1);
  await stopped;
  return { counts, total, events };
}

/** Other parameters, without the costs of a whole new round. */
function changed(coordinator: FakeCoordinator): void {
  const params = coordinator.params_;
  coordinator.params_ = { ...params, seed: params.seed.map((byte, i) => (i === 0 ? byte + 1 : byte)) as RoundParams['seed'] };
}

test('T14: parameters that change with every answer: a few hundred requests an hour instead of millions, and the reason is told', async () => {
  for (const round of [
    { sum: 0, update: 0 },
    { sum: 0.4, update: 0.5 },
    { sum: 0, update: 1 },
  ]) {
    const { total, events } = await anHour((coordinator, operation) => operation === 'params' && changed(coordinator), round, {
      onGlobalModel: () => undefined,
    });
    assert.ok(total > 100 && total < 3_000, `${JSON.stringify(round)}: ${total} requests`);
    const told = events.filter((event) => event.type === 'error' && event.error.code === 'rounds-too-fast');
    assert.ok(told.length > 0, 'the application is told');
  }
});

test('T14: parameters that change whenever the participant has done what little the last ones allowed', async () => {
  let asked = 0;
  const second = await anHour((coordinator, operation) => operation === 'params' && ++asked % 2 === 0 && changed(coordinator), { sum: 0, update: 0 });
  assert.ok(second.total < 4_000, `every second answer: ${second.total} requests`);
  const posts = await anHour((coordinator, operation) => operation === 'send' && changed(coordinator), { sum: 1, update: 1 });
  assert.ok(posts.counts.send! < 1_500 && posts.total < 6_000, `after each sum message: ${JSON.stringify(posts.counts)}`);
});

test('T14: an application that drives itself is told to wait, with how long', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  coordinator.before = (operation) => {
    if (operation === 'params') changed(coordinator);
  };
  const participant = await Participant.create({ transport: coordinator });
  let ticks = 0;
  const tick = await participant.runFor({ ms: 60_000 });
  for (; ticks < 100 && (await participant.tick()).outcome === 'progress'; ticks++);
  assert.ok(ticks < 5);
  assert.deepEqual([tick.outcome, tick.waitingFor, tick.error?.code, tick.notifications], ['pending', 'round', 'rounds-too-fast', ['new-round']]);
  assert.ok(tick.wait! >= 50 && tick.wait! <= 100);
});

test('T14: rounds that are only quick are not held up: ten in a row, any number when each time an update was sent, and slow ones for ever', async () => {
  const pace = new RoundPace(countingRandom('pace'));
  assert.deepEqual(
    Array.from({ length: 11 }, (_, i) => pace.began(i)),
    new Array(11).fill(undefined),
  );
  assert.ok(pace.began(11)! > 0);
  pace.finished();
  assert.equal(pace.began(12), undefined);
  for (let i = 0; i < 100; i++) assert.equal(pace.began(10_000 + 5_000 * i), undefined);

  const coordinator = new FakeCoordinator();
  const participant = await Participant.create({ transport: coordinator });
  for (let round = 0; round < 30; round++) {
    const { publicKey } = coordinator.newRound({ sum: 0, update: 1 });
    coordinator.phase = 'update';
    coordinator.sums_ = new KeyMap([[participant.publicKey, publicKey]]);
    assert.equal((await participant.tick()).outcome, 'progress', `round ${round}`);
    participant.setModel(new Float32Array(4));
    while ((await participant.tick()).outcome === 'progress');
  }
  assert.equal(coordinator.delivered.length, 30);
});

test('T14: parameters for masks of gigabytes are refused before anything of their size exists, with both numbers', async () => {
  const vect = parseMaskConfig('Prime/F64/Bmax/M12');
  const params: RoundParams = { ...new FakeCoordinator().params_, sum: 0, update: 1, maskConfig: { vect, unit: vect }, modelLength: 16_000_000 };
  assert.deepEqual(decodeRoundParams(encodeRoundParams(params)), params, '136 bytes are enough to ask for it');
  const coordinator = new FakeCoordinator({ sum: 0, update: 1 });
  coordinator.params_ = params;
  const participant = await Participant.create({ transport: coordinator });
  await participant.tick();
  const { failure, task } = await participant.tick();
  assert.equal(task, 'none');
  assert.equal(failure?.code, 'round-refused');
  assert.match(failure!.message, /16000000 with Prime\/F64\/Bmax\/M12 makes masks of 4288000000 bytes, at most 536870912 allowed by maxMaskBytes/);
  assert.deepEqual(coordinator.log, ['P'], 'nothing else was asked');
});

test('T14: maxMaskBytes bounds every configuration and the model that is read, and is no obstacle for the longest default model', () => {
  const params = new FakeCoordinator().params_;
  const rules = rulesOf({});
  for (const vect of MASK_CONFIGS) {
    const most = Math.min(rules.maxModelLength, Math.floor(rules.maxMaskBytes / vect.bytesPerNumber));
    const at = (modelLength: number): RoundParams => ({ ...params, maskConfig: { vect, unit: vect }, modelLength });
    assert.equal(refusalOf(at(most), rules), undefined, vect.name);
    assert.equal(refusalOf(at(most + 1), rules)?.code, 'round-refused', vect.name);
    assert.ok(maskObjectSize(at(most).maskConfig, most) <= rules.maxMaskBytes + 1024);
    assert.ok(maxModelBytes(rules, at(2 ** 32 - 1)) <= 4 * rules.maxMaskBytes + 65_536);
  }
  const usual = parseMaskConfig('Power2/F32/B0/M6');
  assert.equal(refusalOf({ ...params, maskConfig: { vect: usual, unit: usual }, modelLength: 50_000_000 }, rules), undefined);
  assert.equal(refusalOf({ ...params, modelLength: 4 }, rulesOf({ maxMaskBytes: 24 })), undefined);
  assert.equal(refusalOf({ ...params, modelLength: 4 }, rulesOf({ maxMaskBytes: 23 }))?.code, 'round-refused');
  assert.throws(() => rulesOf({ maxMaskBytes: 0 }), { code: 'option-invalid', message: /maxMaskBytes/ });
});
