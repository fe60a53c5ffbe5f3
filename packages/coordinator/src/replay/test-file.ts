// Makes a test of a recording: a file for Node's test runner that feeds the events of a round to the step function, one after another, and
// asserts what was recorded. It stands alone: all it imports is the step, so it runs in this repository and wherever the packages are installed.

import { type RecordedSettings, withChanges } from '../recording/format.ts';
import type { RoundSettings, RoundState, SumState } from '../round/state.ts';
import type { Replayed, ReplayedEvent } from './replay.ts';

/** What a test is made of: a state, and the events after it. */
export interface TestCase {
  readonly title: string;
  /** Where it comes from, for the first line. */
  readonly origin: string;
  readonly events: readonly ReplayedEvent[];
}

/** When to stop looking: at this event of the recording, at the first event that leads into this phase, or where a round fails. */
export type TestEnd = { readonly event: number } | { readonly phase: RoundState['phase'] } | 'failure';

/**
 * The round of a replay that a test is to be about, from its beginning to `end`: as recorded, so that of a replay that diverges comes a test
 * that fails until it does no more. Without such an end, the last round as far as it goes; undefined for a recording without events.
 */
export async function testCaseOf(items: AsyncIterable<Replayed>, end: TestEnd, round?: number): Promise<TestCase | undefined> {
  let events: ReplayedEvent[] = [];
  let run = '';
  for await (const item of items) {
    if (item.type === 'head') {
      run = `${item.head.run}, version ${item.head.software}`;
      // What is not known to go on from the events before begins anew.
      if (item.head.begins !== undefined) events = [];
    }
    if (item.type !== 'event') continue;
    if (round !== undefined && item.before.round > round) break;
    if (isBeginning(item.before) || events.length === 0) events = [];
    events.push(item);
    if (round !== undefined && item.before.round !== round) continue;
    if (item.divergence !== undefined || item.line.threw === true || ends(item, end)) break;
  }
  const last = events.at(-1);
  if (last === undefined || (round !== undefined && last.before.round !== round)) return undefined;
  return { title: titleOf(last), origin: `recording ${run}, events ${events[0]!.line.number} to ${last.line.number}`, events };
}

function ends({ before, next, line }: ReplayedEvent, end: TestEnd): boolean {
  if (end === 'failure') return next.state.phase === 'failure' && before.phase !== 'failure';
  return 'event' in end ? line.number >= end.event : next.state.phase === end.phase && before.phase !== end.phase;
}

function isBeginning(state: RoundState): boolean {
  return state.phase === 'idle' && state.awaits === 'erased';
}

function titleOf({ next, before, line, divergence }: ReplayedEvent): string {
  if (divergence !== undefined) return `round ${before.round}: event ${line.number}, ${line.event.type}, has the outcome that was recorded`;
  const { state } = next;
  return state.phase === 'failure'
    ? `round ${state.round} fails in ${state.cause.phase}: ${state.cause.code}`
    : `round ${state.round} comes as far as ${state.phase}`;
}

/**
 * The text of the test; in TypeScript, or in JavaScript for a file that is called so.
 * @example
 * ```ts
 * import { readRecording, replay, testCaseOf, testText } from '@xaynet/coordinator/replay';
 * const found = await testCaseOf(replay(readRecording('packages/coordinator/samples/three-rounds.jsonl')), 'failure');
 * found?.title; // 'round 3 fails in update: phase-timeout'
 * testText(found!).includes("import { test } from 'node:test';"); // true
 * ```
 */
export function testText({ title, origin, events }: TestCase, language: 'typescript' | 'javascript' = 'typescript'): string {
  const type = (text: string): string => (language === 'typescript' ? text : '');
  const [first] = events;
  const last = events.at(-1)!;
  const end = last.divergence === undefined ? last.next.state : withChanges(last.before, last.line.changes);
  const lines = events.map(({ line, settings }, i) => {
    const changed = i > 0 && line.settings !== undefined ? `, settings: ${literal(deciding(settings))}` : '';
    return `  { event: ${literal(line.event)}, effects: ${literal(line.effects)}${changed}${line.threw === true ? ', throws: true' : ''} },`;
  });
  const { pet, compat } = deciding(first!.settings);
  return `// Made by xaynet replay --to-test of ${origin}.
// Run it with Node 22.18 or newer: npx node --conditions=source --test FILE (at the root of the repository of xaynet, which brings one; where
// the packages are installed: without npx and the condition)

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ${type('type RoundEvent, type RoundSettings, type RoundState, ')}step } from '@xaynet/coordinator/replay';

/** What the round was run with. */
const SETTINGS${type(': RoundSettings')} = {
  pet: ${fields(pet, 2)},
  compat: ${literal(compat)},
};

/** The state before the first event. */
const BEFORE${type(': RoundState')} = ${fields(complete(first!.before))};

/** What happened, and the effects that the step asked for then. */
const EVENTS${type(': { event: RoundEvent; effects: string[]; settings?: RoundSettings; throws?: true }[]')} = [
${lines.join('\n')}
];

/** The state after the last event. */
const AFTER = ${fields(JSON.parse(JSON.stringify(end)) as object)};

test(${quoted(title)}, () => {
  let state${type(': RoundState')} = BEFORE;
  let settings = SETTINGS;
  for (const [i, { event, effects, settings: changed, throws }] of EVENTS.entries()) {
    const what = \`event \${i + 1}, \${event.type}\`;
    settings = changed ?? settings;
    if (throws) {
      assert.throws(() => step(state, event, settings), what);
      continue;
    }
    const next = step(state, event, settings);
    const asked = next.effects.map(({ type }) => type);
    assert.deepEqual(asked, effects, what);
    state = next.state;
  }
  assert.deepEqual(JSON.parse(JSON.stringify(state)), AFTER);
});
`;
}

/** The settings without what only tells. */
function deciding({ pet, compat }: RecordedSettings): RoundSettings {
  const { prob: _, ...sum } = pet.sum;
  const { prob: __, ...update } = pet.update;
  return { pet: { sum, update, sum2: pet.sum2 }, compat };
}

/** A field that is undefined is left out of a recording, and the type wants it. */
function complete(state: RoundState): RoundState {
  return 'counts' in state && !('admitting' in state) ? { ...(state as SumState), admitting: undefined } : state;
}

/** An object as code, a line a field. */
function fields(value: object, indent = 0): string {
  const space = ' '.repeat(indent);
  return `{\n${Object.entries(value)
    .map(([name, item]) => `${space}  ${name}: ${literal(item)},`)
    .join('\n')}\n${space}}`;
}

/** A value as code. */
function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const inside = Object.entries(value).map(([name, item]) => `${/^[a-z_]\w*$/i.test(name) ? name : quoted(name)}: ${literal(item)}`);
  return inside.length === 0 ? '{}' : `{ ${inside.join(', ')} }`;
}

function quoted(text: string): string {
  const json = JSON.stringify(text);
  return text.includes("'") ? json : `'${json.slice(1, -1).replaceAll('\\"', '"')}'`;
}
