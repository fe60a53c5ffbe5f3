// Recordings of real rounds: what the coordinator does is replayed by the pure step to the same end, over files that end in the middle of a
// line, over files that follow one another, over restarts; a disk that fails ends the recording and no round; no secret is in a file.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { toBase64, toHex } from '@xaynet/core/bytes';
import type { RandomBytes } from '@xaynet/core/crypto';
import fc from 'fast-check';
import { FakeClock } from '../clock.test.ts';
import { EventBus } from '../events.ts';
import type { Logger } from '../log.ts';
import { SILENT_LOGGER } from '../log.ts';
import { type RecordingItem, readRecording, readRecordingText } from '../replay/reader.ts';
import { type Replayed, replay } from '../replay/replay.ts';
import {
  bodyOf,
  EXAMPLE_UPDATES,
  FaultyStore,
  participants,
  playSum,
  playSum2,
  playUpdate,
  Rig,
  type RigOptions,
  seededRandom,
  sumPayload,
  testSettings,
} from '../rig.test.ts';
import { firstStep } from '../round/step.ts';
import { MemoryStore } from '../stores/memory.ts';
import type { GrowingFile, RecordingFolder } from './folder.ts';
import { inOrder } from './folder.ts';
import type { RecordingHead } from './format.ts';
import { MOST_UNWRITTEN, Recorder, type RecorderOptions } from './recorder.ts';

const scratch = mkdtempSync(join(tmpdir(), 'xaynet-recorder-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A folder in memory, whose calls can be made to fail or to hang. */
export class FakeFolder implements RecordingFolder {
  readonly files = new Map<string, string>();
  /** What a call rejects with, by its name. */
  readonly failing = new Map<string, Error>();
  hangs = false;
  appends = 0;

  async create(name: string): Promise<GrowingFile> {
    this.#check('create');
    assert.ok(!this.files.has(name), 'a file is never opened twice');
    this.files.set(name, '');
    return {
      append: async (text) => {
        if (this.hangs) await new Promise(() => {});
        this.appends++;
        this.#check('append');
        this.files.set(name, this.files.get(name)! + text);
      },
      close: async () => this.#check('close'),
    };
  }

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()].reverse();
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }

  #check(what: string): void {
    const error = this.failing.get(what);
    if (error !== undefined) throw error;
  }
}

export interface Recorded {
  readonly rig: Rig;
  readonly recorder: Recorder;
  readonly folder: FakeFolder;
  readonly errors: string[];
}

/** A rig that is recorded. */
export async function recordedRig(options: RigOptions & { folder?: FakeFolder; maxBytes?: number; keep?: number; patience?: number } = {}): Promise<Recorded> {
  const {
    folder = new FakeFolder(),
    maxBytes = 1 << 20,
    keep = 0,
    patience,
    settings = testSettings(),
    store = new MemoryStore(),
    clock = new FakeClock(),
    ...rest
  } = options;
  const errors: string[] = [];
  const logger: Logger = { ...SILENT_LOGGER, error: ({ error }) => errors.push(String(error)) };
  const progress = store.keepsContributions ? await store.progress() : undefined;
  const lastRound = (await store.coordinatorState())?.roundId ?? 0;
  const resumes = progress && { round: progress.round, phase: progress.phase, failures: progress.failures };
  const made: RecorderOptions = {
    settings: { path: 'recordings', maxBytes, keep },
    rounds: settings,
    task: { mask: settings.mask.name, length: settings.modelLength },
    software: '0.0.0-test',
    begins: resumes === undefined ? { lastRound } : { resumes },
    state: firstStep(lastRound, resumes).state,
    clock,
    random: seededRandom('recorder'),
    logger,
    bus: new EventBus(),
    folder,
    patience,
  };
  const recorder = new Recorder(made);
  const rig = await Rig.start({ ...rest, settings, store, clock, record: (taken) => recorder.take(taken), intake: { digests: true, ...rest.intake } });
  return { rig, recorder, folder, errors };
}

/** A whole round with two sum participants and three updates. */
export async function playRound(rig: Rig): Promise<void> {
  const sums = await playSum(rig, 2);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
}

export async function itemsOf(texts: Iterable<string>): Promise<RecordingItem[]> {
  const items: RecordingItem[] = [];
  for (const text of texts) for await (const item of readRecordingText([text], 'it.jsonl')) items.push(item);
  return items;
}

export async function replayed(texts: Iterable<string>): Promise<Replayed[]> {
  const all: Replayed[] = [];
  for await (const item of replay(await itemsOf(texts))) all.push(item);
  return all;
}

const divergences = (items: readonly Replayed[]): unknown[] => items.flatMap((item) => ('divergence' in item && item.divergence ? [item.divergence] : []));
const endOf = (items: readonly Replayed[]): unknown => plain(items.findLast((item) => item.type === 'event')?.next.state);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a recorded round', () => {
  test('replays to the very state that the coordinator is in, and says of messages what may be said', async () => {
    const { rig, recorder, folder, errors } = await recordedRig();
    await playRound(rig);
    const [late] = participants(rig.params, 'sum', 1);
    assert.equal(await rig.send(bodyOf(sumPayload(late!), late!)), 'accepted', 'of the next round');
    await rig.seconds(60); // it fails
    await rig.driver.stop();
    await recorder.close();
    assert.deepEqual(errors, []);
    const items = await replayed(folder.files.values());
    assert.deepEqual(divergences(items), []);
    assert.deepEqual(endOf(items), plain(rig.driver.state));
    const events = items.filter((item) => item.type === 'event');
    assert.ok(events.length > 30);
    const messages = events.filter(({ line }) => line.event.type === 'message');
    assert.equal(messages.length, 2 + 3 + 2 + 1);
    for (const { line } of messages) {
      assert.match(line.message!.participant, /^[0-9a-f]{8}$/);
      assert.match(line.message!.digest!, /^[0-9a-f]{16}$/);
      assert.ok(line.message!.bytes > 0);
    }
    const masks = messages.filter(({ line }) => line.event.type === 'message' && line.event.tag === 'sum2').map(({ line }) => line.message!.digest);
    assert.equal(new Set(masks).size, 1, 'two sum participants with the same mask');
  });

  test('what never reached the round is counted, and pauses are named', async () => {
    const store = new FaultyStore();
    const bus = new EventBus();
    const folder = new FakeFolder();
    const clock = new FakeClock();
    const settings = testSettings();
    const recorder = new Recorder({
      settings: { path: '', maxBytes: 1 << 20, keep: 0 },
      rounds: settings,
      task: { mask: 'x', length: 2 },
      software: '0',
      begins: { lastRound: 0 },
      state: firstStep(0, undefined).state,
      clock,
      random: seededRandom('r'),
      logger: SILENT_LOGGER,
      bus,
      folder,
    });
    const rig = await Rig.start({ store, clock, settings, record: (taken) => recorder.take(taken) });
    for (const code of ['signature-invalid', 'signature-invalid', 'message-truncated'] as const)
      bus.emit({ type: 'refused', round: 1, phase: 'sum', code: code as never, bytes: 9 });
    bus.emit({ type: 'paused', since: 0, code: 'storage-failed', message: 'm', retryAfter: 1 });
    await rig.seconds(4);
    await recorder.close();
    const events = (await replayed(folder.files.values())).filter((item) => item.type === 'event');
    const { refused, paused } = events.find(({ line }) => line.refused !== undefined)!.line;
    assert.deepEqual([refused, paused], [{ 'signature-invalid': 2, 'message-truncated': 1 }, ['storage-failed']]);
    assert.equal(events.filter(({ line }) => line.refused !== undefined).length, 1);
  });

  test('a process that was killed leaves a line cut off: all before it is replayed, wherever the cut is', async () => {
    const { rig, recorder, folder } = await recordedRig();
    await playSum(rig);
    await recorder.close();
    const [text] = [...folder.files.values()];
    const last = text!.trimEnd().lastIndexOf('\n') + 1;
    const whole = (await itemsOf([text!])).length;
    for (const cut of [last + 1, last + 40, text!.length - 1]) {
      const items = await replayed([text!.slice(0, cut)]);
      assert.deepEqual([items.length, items.at(-1)!.type, divergences(items)], [whole, 'torn', []], `${cut}`);
    }
    await assert.rejects(itemsOf([text!.slice(0, 20)]), /its first line is cut off/);
    await assert.rejects(itemsOf(['']), /it is empty/);
  });

  test('files follow one another, rounds whole where possible; the oldest go, and what is left replays', async () => {
    const { rig, recorder, folder } = await recordedRig({ maxBytes: 4000, keep: 3 });
    for (let round = 0; round < 3; round++) await playRound(rig);
    await recorder.close();
    const names = inOrder([...folder.files.keys()]);
    assert.equal(names.length, 3, names.join());
    const heads = names.map((name) => JSON.parse(folder.files.get(name)!.split('\n')[0]!) as RecordingHead);
    assert.ok(heads[0]!.part > 1, 'the first is gone');
    assert.deepEqual(
      heads.map(({ part }) => part - heads[0]!.part),
      [0, 1, 2],
    );
    const items = await replayed(names.map((name) => folder.files.get(name)!));
    assert.deepEqual(divergences(items), []);
    assert.deepEqual(endOf(items), plain(rig.driver.state));
    // The one in the middle is lost: noticed, as its events are missing.
    const gap = await replayed([folder.files.get(names[0]!)!, folder.files.get(names[2]!)!]);
    assert.match(JSON.stringify(divergences(gap)), /file \d+ does not follow file \d+/);
  });

  test('settings that change between two rounds are in the recording, at the event that they first decide', async () => {
    const settings = testSettings();
    const live = { ...settings };
    const { rig, recorder, folder } = await recordedRig({ settings: live });
    await playRound(rig);
    live.pet = testSettings({ sum: { time: { min: 1, max: 2 } } }).pet;
    await rig.seconds(2);
    assert.equal(rig.phase, 'sum', 'the deadline of window A is that of the old settings');
    await rig.seconds(30);
    await recorder.close();
    const items = await replayed(folder.files.values());
    assert.deepEqual(divergences(items), []);
    const changed = items.filter((item) => item.type === 'event' && item.line.settings !== undefined);
    assert.equal(changed.length, 1);
    assert.equal(items.at(-1)!.type === 'event' && (items.at(-1) as Replayed & { type: 'event' }).settings.pet.sum.time.max, 2);
  });

  test('a restart in the middle of a round is a run of its own that begins there', async () => {
    const store = new MemoryStore({ keepsContributions: true });
    const clock = new FakeClock();
    const first = await recordedRig({ store, clock });
    await playSum(first.rig);
    await first.rig.driver.stop();
    await first.recorder.close();
    const again = await recordedRig({ store, clock });
    assert.equal(again.rig.phase, 'update');
    await again.rig.seconds(60);
    await again.recorder.close();
    const items = await replayed(again.folder.files.values());
    assert.deepEqual(divergences(items), []);
    const [head] = items;
    assert.deepEqual(head?.type === 'head' && head.head.begins, { resumes: { round: 1, phase: 'update', failures: 0 } });
    assert.deepEqual(endOf(items), plain(again.rig.driver.state));
  });

  test('random rounds, recorded, replay equal; and any changed event is noticed at its line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            what: fc.constantFrom('sum', 'update', 'wait', 'junk', 'twice', 'fail', 'mend', 'none'),
            seconds: fc.integer({ min: 0, max: 9 }),
          }),
          { minLength: 5, maxLength: 40 },
        ),
        fc.nat(),
        async (acts, which) => {
          const store = new FaultyStore({ keepsContributions: true });
          const { rig, recorder, folder, errors } = await recordedRig({ store, settings: testSettings({ sum: { prob: 0.9 } }), maxBytes: 20_000 });
          await play(rig, store, acts);
          store.failing.clear();
          await rig.seconds(40);
          await rig.driver.stop();
          await recorder.close();
          assert.deepEqual(errors, []);
          const texts = inOrder([...folder.files.keys()]).map((name) => folder.files.get(name)!);
          const items = await replayed(texts);
          assert.deepEqual(divergences(items), []);
          assert.deepEqual(endOf(items), plain(rig.driver.state));
          const all = await itemsOf(texts);
          const events = all.filter((item) => item.type === 'event');
          const victim = events[which % events.length]!;
          const { event } = victim.line;
          const mutated = {
            ...victim,
            line: { ...victim.line, event: event.type === 'deadline' ? { type: 'erased' } : { ...event, request: 77_777, entries: 5 } },
          };
          const told: Replayed[] = [];
          for await (const item of replay(all.map((item) => (item === victim ? (mutated as typeof victim) : item)))) told.push(item);
          assert.deepEqual(
            divergences(told).map((found) => (found as { event: number }).event),
            [victim.line.number],
          );
          assert.equal(told.at(-1)!.type === 'event' && 'divergence' in told.at(-1)!, true, 'and nothing is replayed after it');
        },
      ),
      { numRuns: 25, seed: Number(process.env.XAYNET_TEST_SEED ?? 1) },
    );
  });
});

/** Whatever may happen to a round, in any order. */
async function play(rig: Rig, store: FaultyStore, acts: readonly { what: string; seconds: number }[]): Promise<void> {
  let last: Uint8Array | undefined;
  for (const { what, seconds } of acts) {
    if (what === 'junk') await rig.send(new Uint8Array(300).fill(seconds));
    if (what === 'sum') {
      const [who] = participants(rig.params, 'sum', 1);
      last = bodyOf(sumPayload(who!), who!);
      void rig.send(last).catch(() => {});
    }
    if (what === 'update' && rig.phase === 'update') await playUpdate(rig, EXAMPLE_UPDATES.slice(0, 1)).catch(() => {});
    if (what === 'twice' && last !== undefined) void rig.send(last.slice()).catch(() => {});
    if (what === 'fail') store.failing.add(['eraseRound', 'setCoordinatorState', 'admitUpdate', 'reply of admitUpdate', 'ready'][seconds % 5]!);
    if (what === 'mend') store.failing.clear();
    await rig.seconds(seconds);
  }
}

describe('a disk', () => {
  for (const what of ['create', 'append', 'close'] as const) {
    test(`that fails at ${what} ends the recording, is said once, and the round goes on to its model`, async () => {
      const folder = new FakeFolder();
      folder.failing.set(what, new Error('ENOSPC'));
      const { rig, recorder, errors } = await recordedRig({ folder, maxBytes: 3000 });
      await playRound(rig);
      assert.ok(rig.events.some(({ type }) => type === 'model'));
      await recorder.close();
      assert.deepEqual(errors, ['Error: ENOSPC']);
    });
  }

  test('that hangs holds nobody: the round goes on, memory is bounded, and closing gives up', async () => {
    const folder = new FakeFolder();
    folder.hangs = true;
    const { rig, recorder, errors } = await recordedRig({ folder, patience: 20 });
    await playRound(rig);
    const event = { type: 'failed', code: 'internal-error', message: 'x'.repeat(1 << 20) } as const;
    for (let sent = 0; sent < 2 * MOST_UNWRITTEN; sent += 1 << 20) recorder.take({ event, next: { state: rig.driver.state, effects: [] } });
    assert.deepEqual(errors, ['Error: the disk is too slow for what happens']);
    await recorder.close();
    const other = new FakeFolder();
    other.hangs = true;
    const again = await recordedRig({ folder: other, patience: 20 });
    await again.recorder.close();
    assert.deepEqual(again.errors, ['Error: the disk does not answer']);
  });

  test('gets lines together: events of one turn are one write', async () => {
    const { rig, recorder, folder } = await recordedRig();
    await recorder.close();
    const before = folder.appends;
    assert.ok(before >= 1 && before <= 3, `${before} writes for the events of a start`);
    assert.equal(rig.phase, 'sum');
  });
});

test('files and folder are for their owner; the folder is read back as one recording, packed files too; secrets of the round are in none', async () => {
  const path = join(scratch, 'in', 'here');
  const secrets: Uint8Array[] = [];
  const watched =
    (from: RandomBytes): RandomBytes =>
    (length) => {
      const bytes = from(length);
      if (length >= 32) secrets.push(bytes.slice());
      return bytes;
    };
  const clock = new FakeClock();
  const settings = testSettings();
  const recorder = new Recorder({
    settings: { path, maxBytes: 4000, keep: 0 },
    rounds: settings,
    task: { mask: settings.mask.name, length: 2 },
    software: '0',
    begins: { lastRound: 0 },
    state: firstStep(0, undefined).state,
    clock,
    random: watched(seededRandom('recorder')),
    logger: SILENT_LOGGER,
    bus: new EventBus(),
  });
  const rig = await Rig.start({
    clock,
    settings,
    random: watched(seededRandom('coordinator')),
    record: (taken) => recorder.take(taken),
    intake: { digests: true },
  });
  const sums = await playSum(rig, 2);
  const updates = await playUpdate(rig, EXAMPLE_UPDATES);
  const view = rig.driver.bulletin.view;
  await playSum2(rig, sums);
  await recorder.close();
  assert.equal(statSync(path).mode & 0o777, 0o700);
  const names = readdirSync(path);
  assert.ok(names.length > 1);
  let text = '';
  for (const name of names) {
    assert.equal(statSync(join(path, name)).mode & 0o777, 0o600);
    text += readFileSync(join(path, name), 'utf8');
  }
  for (const who of [...sums, ...updates])
    secrets.push(who.keys.secretKey, who.keys.secretKey.subarray(0, 32), who.ephemeral.secretKey, who.keys.publicKey, who.keys.publicKey.subarray(0, 4));
  secrets.push(view.keys.secretKey, view.params.seed);
  for (const { seed } of EXAMPLE_UPDATES) secrets.push(seed!);
  for (const [, row] of view.seeds!) for (const [, sealed] of row) secrets.push(sealed);
  assert.ok(secrets.length > 15);
  for (const secret of secrets)
    for (const spelling of [toHex(secret), toBase64(secret as never), [...secret].join(',')]) assert.ok(!text.includes(spelling.slice(0, 40)), spelling);
  assert.doesNotMatch(text, /secret|ephemeral|maskedModel|localSeedDict/i);
  let events = 0;
  for await (const item of replay(readRecording(path))) {
    assert.ok(!('divergence' in item && item.divergence));
    events += item.type === 'event' ? 1 : 0;
  }
  assert.ok(events > 20);
  writeFileSync(join(scratch, 'notes.txt'), 'no recording');
  await assert.rejects(async () => {
    for await (const _ of readRecording(scratch));
  }, /no recording is in this folder/);
});

test('files are in order by run and number, and those of the run that writes come last', () => {
  const names = [
    '20260101T000000Z-00000000-0002.jsonl',
    'x.jsonl',
    '20260101T000000Z-00000000-10000.jsonl',
    '20270101T000000Z-00000000-0001.jsonl',
    '20260101T000000Z-00000000-0001.jsonl',
  ];
  assert.deepEqual(inOrder(names), [names[4], names[0], names[2], names[3]]);
  assert.deepEqual(inOrder(names, '20260101T000000Z-00000000'), [names[3], names[4], names[0], names[2]]);
});
