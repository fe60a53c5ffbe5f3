// The pool by itself: bytes are handed over and not copied, what a worker dies of is nobody else's trouble, it comes back after a pause, the
// bounds hold, secrets go, and nothing keeps the process alive afterwards. Workers that misbehave are made of a few lines of script.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { FakeClock } from '../clock.test.ts';
import type { Logger } from '../log.ts';
import { SILENT_LOGGER } from '../log.ts';
import { bodyOf, participants, playSum, Rig, sealed, sumPayload, testSettings, updatePayload } from '../rig.test.ts';
import { contextOf, type JudgeContext } from './context.ts';
import type { ToWorker } from './job.ts';
import type { Judgement } from './judge.ts';
import { IntakePool, type PoolLimits } from './pool.ts';
import { spawnWorker, type WorkerHandle } from './spawn.ts';

const COMPAT = { unverifiedSumSignature: false, trailingBytes: false };
/** A round in its update phase whose messages have 70 kB: large enough to be handed over. */
const rig = await Rig.start({ settings: testSettings({ model: { length: 11_700 } }) });
await playSum(rig, 1);
const context: JudgeContext = contextOf(rig.driver.bulletin.view, COMPAT)!;
const who = participants(rig.params, 'update', 1)[0]!;
const LARGE = bodyOf(updatePayload(who, rig.sums, { weights: new Array(11_700).fill(0.5) }), who);
assert.ok(LARGE.length > 64 * 1024);
/** Not for this phase, and small. */
const summer = participants(rig.params, 'sum', 1)[0]!;
const SMALL = bodyOf(sumPayload(summer), summer);

/** A worker that does this with every task; `post` and `port` are there. */
function script(onJudge: string): () => WorkerHandle {
  const code = `const { parentPort: port } = require('node:worker_threads');
    const post = (message, transfer) => port.postMessage(message, transfer);
    port.on('message', (message) => { if (message.kind === 'judge') { ${onJudge} } else if (message.kind === 'close') port.close(); });
    post({ kind: 'ready' });`;
  return () => {
    const worker = new Worker(code, { eval: true, execArgv: [] });
    worker.unref();
    return worker;
  };
}

interface Made {
  readonly pool: IntakePool;
  readonly clock: FakeClock;
  readonly errors: string[];
  spawned: number;
}

/** A pool; the workers are spawned by these in turn, the last one again and again. */
function make(spawns: readonly (() => WorkerHandle)[], options: { workers?: number; limits?: Partial<PoolLimits> } = {}): Made {
  const clock = new FakeClock();
  const errors: string[] = [];
  const logger: Logger = { ...SILENT_LOGGER, error: (_, text) => void errors.push(text) };
  const spawn = (): WorkerHandle => spawns[Math.min(made.spawned++, spawns.length - 1)]!();
  const pool = new IntakePool({ workers: options.workers ?? 1, clock, logger, spawn, limits: options.limits });
  const made: Made = { pool, clock, errors, spawned: 0 };
  pool.prepare(context);
  return made;
}

const codeOf = (judgement: Judgement): string => (judgement.kind === 'refused' ? judgement.code : judgement.kind);
/** More than a pool takes on the main thread; only to be sent where the workers do not look. */
const MIDDLE = new Uint8Array(5000);

test('a large body is handed over and comes back opened, without a copy: the one that was sent is empty', async () => {
  const { pool } = make([spawnWorker]);
  const body = LARGE.slice();
  const answer = pool.judge({ context, bytes: body });
  assert.equal(body.byteLength, 0, 'handed over');
  assert.equal(body.buffer.byteLength, 0);
  const judgement = await answer;
  assert.ok(judgement.kind === 'message');
  assert.equal(judgement.payload.buffer.byteLength, LARGE.length, 'opened where its box lay');
  assert.equal(judgement.memory, judgement.payload.buffer);
  assert.equal(judgement.payload.buffer, judgement.participant.buffer);
  assert.deepEqual(judgement.participant, who.keys.publicKey);
  assert.equal(judgement.elementsError, undefined);
  const payload = judgement.payload.slice();
  const whole = payload.slice();
  const again = pool.judge({ context, bytes: whole, from: who.keys.publicKey });
  assert.equal(whole.byteLength, 0);
  const second = await again;
  assert.ok(second.kind === 'message');
  assert.deepEqual(second.payload, payload);
  await pool.close();
});

test('a view of a larger buffer does not take its neighbours along', async () => {
  const { pool } = make([spawnWorker]);
  const buffer = new Uint8Array(4 * LARGE.length);
  const body = buffer.subarray(100, 100 + LARGE.length);
  body.set(LARGE);
  assert.equal(codeOf(await pool.judge({ context, bytes: body })), 'message');
  assert.equal(buffer.length, 4 * LARGE.length);
  await pool.close();
});

test('without workers the same is done here, and so are small messages until there are many', async () => {
  const none = make([spawnWorker], { workers: 0 });
  const body = LARGE.slice();
  assert.equal(codeOf(await none.pool.judge({ context, bytes: body })), 'message');
  assert.equal(body.length, LARGE.length);
  const { pool, ...one } = make([spawnWorker]);
  for (let i = 0; i < 64; i++) assert.equal(codeOf(await pool.judge({ context, bytes: SMALL.slice() })), 'message-unexpected');
  assert.equal(one.spawned, 0);
  await Promise.all([none.pool.close(), pool.close()]);
});

test('a body is judged by the round it was received under, also when another has begun meanwhile', async () => {
  const { pool } = make([spawnWorker]);
  const other: JudgeContext = { ...context, round: 2, tag: 'sum' };
  pool.prepare(other);
  const judged = [context, other, context].map((one) => pool.judge({ context: one, bytes: LARGE.slice() }));
  pool.prepare(undefined);
  assert.deepEqual((await Promise.all(judged)).map(codeOf), ['message', 'message-unexpected', 'message']);
  await pool.close();
});

test('a worker that throws: the message is judged once more, here, with the bytes that came back', async () => {
  const { pool, errors } = make([script("post({ kind: 'thrown', id: message.id, error: 'a mistake', bytes: message.bytes }, [message.bytes.buffer])")]);
  const body = LARGE.slice();
  const answer = pool.judge({ context, bytes: body });
  assert.equal(body.length, 0);
  assert.equal(codeOf(await answer), 'message');
  assert.deepEqual(errors, ['an intake worker has thrown']);
  await pool.close();
});

test('a worker that dies: what was copied to it is judged by the next one, what was handed over is refused as our fault', async () => {
  const made = make([script('process.exit(3)'), script('process.exit(3)'), spawnWorker]);
  const { pool, clock } = made;
  const [small, large] = [pool.judge({ context, bytes: MIDDLE.slice() }), pool.judge({ context, bytes: LARGE.slice() })];
  assert.equal(codeOf(await large), 'internal-error');
  assert.equal(codeOf(await small), 'internal-error', 'no worker runs, and it may be what the first has died of');
  assert.equal(pool.running, 0);
  assert.equal(codeOf(await pool.judge({ context, bytes: LARGE.slice() })), 'message', 'meanwhile the main thread does what is new');
  await clock.advance(100);
  assert.equal(codeOf(await pool.judge({ context, bytes: LARGE.slice() })), 'internal-error', 'the second one dies too');
  await clock.advance(100);
  assert.equal(pool.running, 0, 'and the pause is longer');
  await clock.advance(100);
  assert.equal(codeOf(await pool.judge({ context, bytes: LARGE.slice() })), 'message');
  assert.equal(made.spawned, 3);
  assert.deepEqual([pool.tasks, pool.bytes], [0, 0]);
  await pool.close();
});

test('with another worker at hand, what a worker died of is tried once more there and then refused', async () => {
  const made = make([script('process.exit(3)')], { workers: 2 });
  assert.equal(codeOf(await made.pool.judge({ context, bytes: MIDDLE.slice() })), 'internal-error');
  assert.equal(made.spawned, 2);
  await made.pool.close();
  const healed = make([script('process.exit(3)'), spawnWorker], { workers: 2 });
  assert.equal(codeOf(await healed.pool.judge({ context, bytes: MIDDLE.slice() })), 'sealed-box-open-failed');
  assert.equal(healed.spawned, 2);
  await healed.pool.close();
});

test('a worker that hangs is ended, a worker that cannot be started is none', async () => {
  const hanging = make([script('for (;;);'), spawnWorker]);
  const answer = hanging.pool.judge({ context, bytes: LARGE.slice() });
  await hanging.clock.advance(60_000);
  assert.equal(codeOf(await answer), 'internal-error');
  await hanging.clock.advance(100);
  assert.equal(codeOf(await hanging.pool.judge({ context, bytes: LARGE.slice() })), 'message');
  await hanging.pool.close();
  const none = make([
    () => {
      throw new Error('no threads here');
    },
  ]);
  assert.equal(codeOf(await none.pool.judge({ context, bytes: LARGE.slice() })), 'message');
  await none.pool.close();
});

test('a process that was suspended longer than a task may take has lost nothing: its workers go on, and so does the time they have', async () => {
  const timers = new Set<() => void>();
  const setTimer = (_: number, callback: () => void): (() => void) => {
    timers.add(callback);
    return () => void timers.delete(callback);
  };
  const due = (): void => {
    const [timer] = timers;
    timers.delete(timer!);
    timer!();
  };
  const slow = script(
    "setTimeout(() => post({ kind: 'judged', id: message.id, judgement: { kind: 'refused', code: 'decode-tag' }, times: {}, seconds: 0 }), 100)",
  );
  const pool = new IntakePool({ workers: 1, clock: { setTimer }, logger: SILENT_LOGGER, spawn: slow });
  pool.prepare(context);
  const answer = pool.judge({ context, bytes: LARGE.slice() });
  due(); // however late: the process was stopped
  assert.equal(codeOf(await answer), 'decode-tag');
  assert.equal(timers.size, 0);
  // Also in the last moment: an answer that is there already counts.
  const last = pool.judge({ context, bytes: LARGE.slice() });
  for (let i = 0; i < 5; i++) due();
  const until = performance.now() + 300;
  while (performance.now() < until);
  due();
  assert.equal(codeOf(await last), 'decode-tag');
  await pool.close();
});

test('the bounds: one task always fits, however large', async () => {
  const { pool } = make([spawnWorker], { limits: { tasks: 2, bytes: 2 * LARGE.length } });
  assert.equal(pool.isFullFor(1e9), false);
  const first = pool.judge({ context, bytes: LARGE.slice() });
  assert.equal(pool.isFullFor(LARGE.length), false);
  assert.equal(pool.isFullFor(LARGE.length + 1), true);
  const second = pool.judge({ context, bytes: MIDDLE.slice() });
  assert.equal(pool.isFullFor(0), true);
  assert.deepEqual([pool.tasks, pool.bytes], [2, LARGE.length + MIDDLE.length]);
  await Promise.all([first, second]);
  assert.equal(pool.isFullFor(1e9), false);
  await pool.close();
});

test('in the order they came, two at most given to a worker', async () => {
  const order: number[] = [];
  const { pool } = make([spawnWorker]);
  await Promise.all(Array.from({ length: 8 }, (_, i) => pool.judge({ context, bytes: MIDDLE.slice() }).then(() => order.push(i))));
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7]);
  await pool.close();
});

test('a closed pool has no threads, and answers: what waited, and what comes', async () => {
  const { pool } = make([spawnWorker], { limits: { closeMs: 60_000 } });
  const waiting = Array.from({ length: 5 }, () => pool.judge({ context, bytes: LARGE.slice() }));
  await pool.close();
  const codes = (await Promise.all(waiting)).map(codeOf);
  assert.deepEqual(codes, ['message', 'message', 'shutting-down', 'shutting-down', 'shutting-down'], 'what a worker has is finished');
  assert.equal(codeOf(await pool.judge({ context, bytes: LARGE.slice() })), 'shutting-down');
  await pool.close();
  const stuck = make([script('for (;;);')], { limits: { closeMs: 20 } });
  const answer = stuck.pool.judge({ context, bytes: LARGE.slice() });
  await stuck.pool.close();
  assert.equal(codeOf(await answer), 'shutting-down');
});

test('the copy of a secret key on its way to a worker is wiped, the coordinator keeps its own', async () => {
  const sent: ToWorker[] = [];
  const spawn = (): WorkerHandle => {
    const worker = spawnWorker();
    return new Proxy(worker, {
      get: (target, name) => {
        if (name === 'postMessage')
          return (message: ToWorker, transfer: ArrayBuffer[]): void => {
            sent.push(message);
            target.postMessage(message, transfer);
          };
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  const { pool } = make([spawn]);
  assert.equal(codeOf(await pool.judge({ context, bytes: LARGE.slice() })), 'message');
  pool.prepare(undefined);
  const contexts = sent.filter((message) => message.kind === 'context');
  assert.deepEqual(
    contexts.map((message) => message.context?.keys.secretKey.every((byte) => byte === 0)),
    [true, undefined],
  );
  assert.ok(context.keys.secretKey.some((byte) => byte !== 0));
  await pool.close();
});

test('a message sealed to nobody is refused by workers as by anybody', async () => {
  const { pool } = make([spawnWorker]);
  assert.equal(codeOf(await pool.judge({ context, bytes: sealed(new Uint8Array(5000), who) })), 'decode-length');
  await pool.close();
});
