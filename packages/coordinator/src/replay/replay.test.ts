// Replays of recordings: a recorded run of a real coordinator that must replay for ever, changes that must be noticed and where, alignment and
// differences, tests that are made of recordings and run, files from strangers.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { isXaynetError } from '@xaynet/core/errors';
import fc from 'fast-check';
import { canonical, changesOf, digestOf, type RecordedEvent, withChanges } from '../recording/format.ts';
import type { RoundState } from '../round/state.ts';
import { begin, step } from '../round/step.ts';
import { align } from './align.ts';
import { type Difference, differences } from './diff.ts';
import { type RecordingItem, readRecording, readRecordingText } from './reader.ts';
import { type Replayed, type ReplayedEvent, replay } from './replay.ts';
import { testCaseOf, testText } from './test-file.ts';

const SAMPLE = new URL('../../samples/three-rounds.jsonl', import.meta.url);
const lines = readFileSync(SAMPLE, 'utf8').trimEnd().split('\n');
const folder = mkdtempSync(join(tmpdir(), 'xaynet-replay-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const itemsOf = async (text: readonly string[]): Promise<RecordingItem[]> => {
  const items: RecordingItem[] = [];
  for await (const item of readRecordingText([`${text.join('\n')}\n`], 'it.jsonl')) items.push(item);
  return items;
};
const items = await itemsOf(lines);

async function replayed(from: readonly RecordingItem[]): Promise<Replayed[]> {
  const all: Replayed[] = [];
  for await (const item of replay(from)) all.push(item);
  return all;
}

const eventsOf = (all: readonly Replayed[]): ReplayedEvent[] => all.filter((item) => item.type === 'event');
const divergenceOf = (all: readonly Replayed[]): unknown => all.map((item) => ('divergence' in item ? item.divergence : undefined)).find(Boolean);

/** The sample with one line changed; `honest`: with the digest that the changed line would have had. */
function changed(number: number, change: (line: RecordedEvent) => Partial<RecordedEvent>, honest = false): RecordingItem[] {
  return items.map((item) => {
    if (item.type !== 'event' || item.line.number !== number) return item;
    const line = { ...item.line, ...change(item.line) };
    if (!honest) return { type: 'event', line };
    const found = eventsOf(whole).find((each) => each.line.number === number)!;
    return { type: 'event', line: { ...line, digest: digestOf(line, found.next) } };
  });
}
const whole = await replayed(items);

describe('the recording of a real coordinator', () => {
  test('replays as recorded: two models, a round that fails in update, a stop', () => {
    assert.equal(divergenceOf(whole), undefined);
    const events = eventsOf(whole);
    assert.equal(events.length, 110);
    assert.equal(events.filter(({ line }) => line.event.type === 'model-stored').length, 2);
    const failed = events.find(({ next }) => next.state.phase === 'failure')!;
    assert.deepEqual([failed.line.number, failed.next.state.phase === 'failure' && failed.next.state.cause.code], [104, 'phase-timeout']);
    assert.equal(events.at(-1)!.next.state.phase, 'shutdown');
  });

  test('a change to any part of a line is noticed at that line', async () => {
    const all = eventsOf(whole);
    for (const { line } of all.filter((_, i) => i % 6 === 0)) {
      for (const mutation of [
        (each: RecordedEvent) => ({ at: each.at + 1 }),
        (each: RecordedEvent) => ({ event: { ...each.event, extra: 1 } as never }),
        (each: RecordedEvent) => ({ effects: [...each.effects, 'finish'] }),
        (each: RecordedEvent) => ({ changes: { ...each.changes, failures: 9 } }),
      ]) {
        const found = divergenceOf(await replayed(changed(line.number, mutation)));
        assert.equal((found as { event: number } | undefined)?.event, line.number);
      }
    }
  });

  test('what differs is named: effects, fields of the state, a line that is missing, a beginning, and a step that threw', async () => {
    const says = async (from: readonly RecordingItem[]): Promise<string[]> => (divergenceOf(await replayed(from)) as { differences: string[] }).differences;
    assert.deepEqual(await says(changed(9, () => ({ effects: ['freeze'] }))), ['effects: recorded freeze; replayed no-deadline, freeze']);
    assert.deepEqual(await says(changed(4, () => ({ changes: { counts: { accepted: 2, rejected: 0, discarded: 0 }, admitting: null } }))), [
      'counts: recorded {"accepted":2,"discarded":0,"rejected":0}; replayed {"accepted":1,"discarded":0,"rejected":0}',
    ]);
    assert.deepEqual(await says(items.filter((item) => item.type !== 'event' || item.line.number !== 20)), ['event 20 is missing: event 21 follows']);
    assert.deepEqual(await says(changed(30, () => ({ threw: true }))), ['the step threw then']);
    assert.deepEqual(await says(changed(50, () => ({ digest: '0123456789abcdef' }))), [
      'the line is not what was written, or an effect differs in its details',
    ]);
    const [head] = items;
    assert.ok(head?.type === 'head');
    assert.deepEqual(await says([{ type: 'head', head: { ...head.head, begins: { lastRound: 5 } } }]), ['the beginning: round: recorded 1; replayed 6']);
  });

  test('a step that threw then and throws now is no difference', async () => {
    const [head] = items;
    const line = { number: 1, at: 1, event: { type: 'counted', votes: null } as never, effects: [], changes: {}, threw: true as const };
    const state = { phase: 'unmask', round: 1, failures: 0, sums: 1, awaits: 'counted' } as const;
    const entry = { ...line, digest: digestOf(line, { state, effects: [] }) };
    assert.throws(() => step(state, line.event, (head as RecordingItem & { type: 'head' }).head.settings));
    const { begins: _, ...rest } = (head as RecordingItem & { type: 'head' }).head;
    const all = await replayed([
      { type: 'head', head: { ...rest, state, events: 0 } },
      { type: 'event', line: entry },
    ]);
    assert.equal(divergenceOf(all), undefined);
    assert.equal(eventsOf(all).length, 1);
  });
});

test('changes of states: whatever two states are, one and the changes are the other, also as JSON', () => {
  const states = eventsOf(whole).map(({ next }) => next.state);
  fc.assert(
    fc.property(fc.constantFrom(...states), fc.constantFrom(...states), (a, b) => {
      const changes = JSON.parse(JSON.stringify(changesOf(a, b))) as Record<string, unknown>;
      assert.equal(canonical(withChanges(a, changes)), canonical(b));
      assert.deepEqual(changesOf(a, a), {});
    }),
  );
  assert.equal(canonical({ b: undefined, a: [{ d: 1, c: 2 }] }), '{"a":[{"c":2,"d":1}]}');
});

describe('files from strangers', () => {
  const refused = async (text: readonly string[], code: string, says: RegExp): Promise<void> => {
    await assert.rejects(itemsOf(text), (error: Error) => isXaynetError(error, code as never) && says.test(error.message));
  };

  test('are refused with the line that is wrong', async () => {
    const [head = '', ...rest] = lines;
    await refused(['{"recording":2}'], 'recording-version', /it\.jsonl: form 2, 1 is read/);
    await refused(['[model]'], 'recording-invalid', /it\.jsonl:1: no head/);
    await refused([head.replace('"run":"', '"run":"x\\n*/ evil() /*')], 'recording-invalid', /:1:/);
    await refused([head.replace('"phase":"idle"', '"phase":"lunch"')], 'recording-invalid', /:1:/);
    await refused([head, rest[0]!, 'nonsense'], 'recording-invalid', /:3: no JSON/);
    await refused([head, rest[0]!.replace('"at":', '"when":')], 'recording-invalid', /:2: no event \(at\)/);
    await refused([head, head], 'recording-invalid', /:2: no event \(number\)/);
    await refused([head, `{"x":"${'y'.repeat(1 << 20)}"`, ''].slice(0, 2), 'recording-invalid', /:2: no JSON/);
    const endless = async function* (): AsyncGenerator<string> {
      for (;;) yield 'z'.repeat(1 << 16);
    };
    await assert.rejects(async () => {
      for await (const _ of readRecordingText(endless(), 'endless'));
    }, /endless:1: a line of more than/);
  });

  test('with events and states that make no sense end as a divergence, not as a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.integer({ min: 1, max: 109 }), async (json, number) => {
        const odd = JSON.parse(json) as unknown;
        const all = await replayed(
          changed(number, () => ({ event: { type: 'counted', votes: odd, request: odd, code: odd } as never, changes: { counts: odd } as never })),
        );
        assert.equal((divergenceOf(all) as { event: number }).event, number);
      }),
      { numRuns: 50 },
    );
  });

  test('pieces of any size give the same items; a packed file is read as it is', async () => {
    const text = `${lines.slice(0, 12).join('\n')}\n`;
    for (const size of [1, 7, 100, 5000]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
      const found: RecordingItem[] = [];
      for await (const item of readRecordingText(pieces, 'x')) found.push(item);
      assert.deepEqual(found, items.slice(0, 12));
    }
    const packed = join(folder, 'packed.jsonl.gz');
    writeFileSync(packed, gzipSync(text));
    const found: RecordingItem[] = [];
    for await (const item of readRecording(packed)) found.push(item);
    assert.deepEqual(found, items.slice(0, 12));
    writeFileSync(packed, text);
    await assert.rejects(readRecording(packed).next(), (error) => isXaynetError(error, 'file-unreadable'));
    await assert.rejects(readRecording(join(folder, 'nowhere')).next(), (error) => isXaynetError(error, 'file-unreadable'));
  });
});

test('alignment: as many equal names beside each other as can be, everything once and in order', () => {
  const text = (pairs: ReturnType<typeof align>, a: string, b: string): string =>
    pairs.map(([i, j]) => `${i === undefined ? '-' : a[i]}${j === undefined ? '-' : b[j]}`).join(' ');
  const both = (a: string, b: string, most?: number): string => text(align([...a], [...b], most), a, b);
  assert.equal(both('abc', 'abc'), 'aa bb cc');
  assert.equal(both('abcd', 'abd'), 'aa bb c- dd');
  assert.equal(both('', 'ab'), '-a -b');
  assert.equal(
    both('abcabba', 'cbabac')
      .split(' ')
      .filter((pair) => pair[0] === pair[1]).length,
    4,
  );
  assert.equal(both('abc', 'xyz', 2), 'ax by cz', 'too different: side by side');
  const name = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 });
  fc.assert(
    fc.property(name, name, (a, b) => {
      const pairs = align(a, b);
      assert.deepEqual(
        pairs.flatMap(([i]) => (i === undefined ? [] : [i])),
        [...a.keys()],
      );
      assert.deepEqual(
        pairs.flatMap(([, j]) => (j === undefined ? [] : [j])),
        [...b.keys()],
      );
      const equal = pairs.filter(([i, j]) => i !== undefined && j !== undefined);
      assert.ok(equal.every(([i, j]) => a[i!] === b[j!]));
      assert.equal(equal.length, longestCommon(a, b));
    }),
  );
});

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const x of a) {
    const next = [0];
    for (const [j, y] of b.entries()) next.push(x === y ? row[j]! + 1 : Math.max(next[j]!, row[j + 1]!));
    row = next;
  }
  return row.at(-1)!;
}

describe('differences', () => {
  const found = async (a: readonly RecordingItem[], b: readonly RecordingItem[]): Promise<Difference[]> => {
    const all: Difference[] = [];
    for await (const each of differences(replay(a), replay(b))) all.push(each);
    return all;
  };

  /** Events as a recording, with whatever the step makes of them. */
  function recordingOf(events: readonly RecordedEvent['event'][], settings = (items[0] as RecordingItem & { type: 'head' }).head.settings): RecordingItem[] {
    const head = { ...(items[0] as RecordingItem & { type: 'head' }).head, settings };
    let state: RoundState = begin(0).state;
    const made = events.map((event, i): RecordingItem => {
      const next = step(state, event, settings);
      const line = { number: i + 1, at: i, event, effects: next.effects.map(({ type }) => type), changes: changesOf(state, next.state) };
      state = next.state;
      return { type: 'event', line: { ...line, digest: digestOf(line, next) } };
    });
    return [{ type: 'head', head }, ...made];
  }
  const message = (request: number): RecordedEvent['event'] => ({ type: 'message', request, round: 1, tag: 'sum' });
  const admitted = (request: number): RecordedEvent['event'] => ({ type: 'admitted', request, votes: 0 });
  const start: RecordedEvent['event'][] = [{ type: 'erased' }, { type: 'round-stored' }];

  test('a recording and itself: none, whatever the requests are called', async () => {
    assert.deepEqual(await found(items, items), []);
    assert.deepEqual(await found(recordingOf([...start, message(1), admitted(1)]), recordingOf([...start, message(71), admitted(71)])), []);
  });

  test('the first one first: an event that only one has, a verdict, the field that parts and is not told again', async () => {
    const one = recordingOf([...start, message(1), admitted(1), message(2), admitted(2), message(3), admitted(3)]);
    const other = recordingOf([
      ...start,
      message(1),
      admitted(1),
      message(2),
      { type: 'refused', request: 2, code: 'sum-already-exists' },
      message(3),
      admitted(3),
    ]);
    assert.deepEqual(
      (await found(one, other)).map(({ kind, what, first, second, says }) => [kind, what, first, second, ...says]),
      [
        ['presence', 'admitted', 6, undefined, 'accepted', '–'],
        ['presence', 'refused', undefined, 6, '–', 'rejected: sum-already-exists'],
        ['state', 'counts.accepted', 7, 7, '2', '1'],
        ['state', 'counts.rejected', 7, 7, '0', '1'],
      ],
    );
  });

  test('fields of events, settings, effects and phases', async () => {
    const frozen = (entries: number): RecordedEvent['event'][] => [
      ...start,
      message(1),
      admitted(1),
      message(2),
      admitted(2),
      { type: 'deadline' },
      { type: 'frozen', entries },
    ];
    const { settings } = (items[0] as RecordingItem & { type: 'head' }).head;
    const other = { ...settings, compat: { ...settings.compat, plurality: true } };
    assert.deepEqual(
      (await found(recordingOf(frozen(2)), recordingOf(frozen(0), other))).map(({ kind, what, says }) => [kind, what, ...says]),
      [
        ['settings', 'compat.plurality', 'false', 'true'],
        ['event', 'frozen entries', '2', '0'],
        ['effects', 'frozen', 'purge aggregate publish deadline', 'no-deadline publish report purge clear'],
        ['state', 'phase', 'update', 'failure'],
        ['state', 'failures', '0', '1'],
        ['state', 'cause', '–', 'sum-dict-empty'],
      ],
    );
  });

  test('rounds that only one of them has', async () => {
    const short = items.slice(0, 60);
    const last = (await found(items, short)).filter(({ what }) => what === 'round');
    assert.deepEqual(
      last.map(({ round, says }) => [round, ...says]),
      [
        [3, '23 events', '–'],
        [4, '3 events', '–'],
      ],
    );
  });
});

describe('a test that is made of a recording', () => {
  const caseOf = async (from: readonly RecordingItem[], ...given: [Parameters<typeof testCaseOf>[1], number?]) => testCaseOf(replay(from), ...given);

  test('has the events of the round up to the failure, holds, and fails when the outcome is another', async () => {
    const found = await caseOf(items, 'failure');
    assert.deepEqual([found?.title, found?.events.length], ['round 3 fails in update: phase-timeout', 20]);
    const text = testText(found!, 'javascript');
    assert.doesNotMatch(text, /bff4c592|digest|undefined/);
    await runs(text);
    await assert.rejects(runs(text.replace("code: 'phase-timeout'", "code: 'mask-none'")), /mask-none/);
    await assert.rejects(runs(text.replace("effects: ['admit'] }", "effects: ['probe'] }")), /event 3, message/);
  });

  test('of another round, up to an event or a phase, or of all there is', async () => {
    const titles = async (...given: [Parameters<typeof testCaseOf>[1], number?]): Promise<unknown> => {
      const found = await caseOf(items, ...given);
      if (found === undefined) return undefined;
      await runs(testText(found, 'javascript'));
      return [found.title, found.events[0]!.line.number, found.events.at(-1)!.line.number];
    };
    assert.deepEqual(await titles({ phase: 'sum2' }), ['round 1 comes as far as sum2', 1, 30]);
    assert.deepEqual(await titles({ event: 50 }), ['round 2 comes as far as sum', 42, 50]);
    assert.deepEqual(await titles('failure', 2), ['round 3 comes as far as idle', 42, 84]);
    assert.deepEqual(await titles('failure', 77), undefined);
  });

  test('of a divergence asserts what was recorded, so it fails until that is so again', async () => {
    const found = await caseOf(
      changed(104, () => ({ changes: { phase: 'sum2' }, effects: ['publish'] })),
      'failure',
    );
    assert.equal(found?.title, 'round 3: event 104, deadline, has the outcome that was recorded');
    await assert.rejects(runs(testText(found!, 'javascript')), /event 20, deadline/);
  });

  test('is typed where its name says so', async () => {
    const text = testText((await caseOf(items, 'failure'))!);
    assert.match(text, /import \{ type RoundEvent, type RoundSettings, type RoundState, step \}/);
    assert.match(text, /const BEFORE: RoundState = \{\n {2}phase: 'idle',/);
  });
});

let runsSoFar = 0;
/** Runs the body of a generated test here, with the step of the sources; the runner itself is tried in the tests of the command. */
async function runs(text: string): Promise<void> {
  const file = join(folder, `made-${++runsSoFar}.mjs`);
  const exports = new URL('./exports.ts', import.meta.url).href;
  const body = text
    .replace("from '@xaynet/coordinator/replay'", `from ${JSON.stringify(exports)}`)
    .replace("import { test } from 'node:test';\n", '')
    .replace(/^test\((.*?), \(\) => \{$/m, 'export default () => {')
    .replace(/\}\);\n$/, '};\n');
  writeFileSync(file, body);
  ((await import(pathToFileURL(file).href)) as { default: () => void }).default();
}
