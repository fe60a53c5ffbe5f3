// Replays a recording: the very step function that a coordinator runs takes the recorded events again, and what it makes of each is compared
// with what was made of it then. Where the two part, the replay says so and ends, as nothing after that would mean anything.

import { canonical, changesOf, digestOf, type RecordedEvent, type RecordedSettings, type RecordingHead, withChanges } from '../recording/format.ts';
import type { RoundState } from '../round/state.ts';
import { firstStep, type Step, step } from '../round/step.ts';
import type { RecordingItem } from './reader.ts';

/** Where a replay went another way than the recording. */
export interface Divergence {
  /** Number of the event; 0 is the beginning of a file. */
  readonly event: number;
  /** What is not the same, a sentence each. */
  readonly differences: readonly string[];
}

/** One event, replayed. */
export interface ReplayedEvent {
  readonly type: 'event';
  readonly line: RecordedEvent;
  /** The state that took the event. */
  readonly before: RoundState;
  /** What the step makes of it now; of a step that throws, the same state and no effects. */
  readonly next: Step;
  readonly settings: RecordedSettings;
  /** Set in the last one of a replay that ends here. */
  readonly divergence?: Divergence | undefined;
}

/** The beginning of a file; `divergence`: the machine would not begin like that, or the file does not go on where the one before ended. */
export interface ReplayedHead {
  readonly type: 'head';
  readonly head: RecordingHead;
  readonly divergence?: Divergence | undefined;
}

/** What a replay tells. */
export type Replayed = ReplayedHead | ReplayedEvent | { readonly type: 'torn' };

/**
 * Replays what is read of a recording, one item for each of it; ends at the first divergence. Throws what reading throws.
 * @example
 * ```ts
 * import { readRecording, replay } from '@xaynet/coordinator/replay';
 * let phase = '';
 * let isFaithful = true;
 * for await (const item of replay(readRecording('packages/coordinator/samples/three-rounds.jsonl'))) {
 *   if (item.type === 'event') phase = item.next.state.phase;
 *   if (item.type !== 'torn' && item.divergence !== undefined) isFaithful = false;
 * }
 * isFaithful; // true
 * phase; // 'shutdown'
 * ```
 */
export async function* replay(items: AsyncIterable<RecordingItem> | Iterable<RecordingItem>): AsyncGenerator<Replayed, void> {
  let head: RecordingHead | undefined;
  let state!: RoundState;
  let settings!: RecordedSettings;
  let number = 0;
  for await (const item of items) {
    if (item.type === 'torn') yield item;
    else if (item.type === 'head') {
      const differences = headDifferences(item.head, head, state, number);
      head = item.head;
      state = head.state;
      settings = head.settings;
      number = head.events;
      yield { type: 'head', head, ...(differences.length === 0 ? {} : { divergence: { event: 0, differences } }) };
      if (differences.length > 0) return;
    } else {
      const { line } = item;
      if (line.settings !== undefined) settings = line.settings;
      const before = state;
      const { next, threw } = tried(before, line, settings);
      const differences = line.number === ++number ? eventDifferences(line, before, next, threw) : [`event ${number} is missing: event ${line.number} follows`];
      state = next.state;
      yield { type: 'event', line, before, next, settings, ...(differences.length === 0 ? {} : { divergence: { event: line.number, differences } }) };
      if (differences.length > 0) return;
    }
  }
}

function tried(before: RoundState, { event }: RecordedEvent, settings: RecordedSettings): { next: Step; threw: boolean } {
  try {
    return { next: step(before, event, settings), threw: false };
  } catch {
    return { next: { state: before, effects: [] }, threw: true };
  }
}

function headDifferences(head: RecordingHead, before: RecordingHead | undefined, state: RoundState | undefined, events: number): string[] {
  if (head.begins !== undefined) {
    const first = 'resumes' in head.begins ? firstStep(0, head.begins.resumes) : firstStep(head.begins.lastRound, undefined);
    return stateDifferences(head.state, first.state).map((text) => `the beginning: ${text}`);
  }
  // A file by itself, the first ones of its run being gone, begins where it says.
  if (before === undefined || state === undefined || before.run !== head.run) return [];
  if (head.part !== before.part + 1 || head.events !== events)
    return [`file ${head.part} does not follow file ${before.part}: ${events} events came before it, ${head.events} are named`];
  return stateDifferences(head.state, state).map((text) => `the beginning of file ${head.part}: ${text}`);
}

function eventDifferences(line: RecordedEvent, before: RoundState, next: Step, threw: boolean): string[] {
  if (digestOf(line, next) === line.digest && threw === (line.threw === true)) return [];
  const differences: string[] = [];
  if (threw !== (line.threw === true)) differences.push(threw ? 'the step throws now' : 'the step threw then');
  const effects = next.effects.map(({ type }) => type);
  if (effects.join() !== line.effects.join()) differences.push(`effects: recorded ${listed(line.effects)}; replayed ${listed(effects)}`);
  differences.push(...stateDifferences(withChanges(before, line.changes), next.state));
  return differences.length > 0 ? differences : ['the line is not what was written, or an effect differs in its details'];
}

/** The fields in which the recorded state is not the replayed one, a sentence each. */
export function stateDifferences(recorded: RoundState, replayed: RoundState): string[] {
  const then = recorded as unknown as Record<string, unknown>;
  return Object.entries(changesOf(recorded, replayed)).map(([name, now]) => `${name}: recorded ${shown(then[name])}; replayed ${shown(now)}`);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function shown(value: unknown): string {
  return value === undefined || value === null ? 'nothing' : canonical(value);
}
