// What is different in two recordings: aligned round by round, event by event, by what kind of event it is. Times, numbers of requests and who
// sent what are left aside, as they differ from run to run; what happened, what was answered, what was done and where the state parts is told.

import { canonical, type RecordedSettings } from '../recording/format.ts';
import type { Effect, RoundEvent, RoundState } from '../round/state.ts';
import { align } from './align.ts';
import type { Replayed, ReplayedEvent } from './replay.ts';

/** One thing that is not the same. */
export interface Difference {
  readonly round: number;
  /** Numbers of the events in the first and the second recording; undefined: it has none there, or the difference is not about an event. */
  readonly first: number | undefined;
  readonly second: number | undefined;
  /** `presence`: an event, or a whole round, that only one of them has. `state`: a field that was the same before this event. */
  readonly kind: 'presence' | 'settings' | 'event' | 'verdict' | 'effects' | 'state';
  /** What is compared: a field, or a word for the event. */
  readonly what: string;
  /** What the recordings say, as text; `–` for nothing. */
  readonly says: readonly [first: string, second: string];
}

interface Round {
  readonly round: number;
  readonly settings: RecordedSettings;
  readonly events: ReplayedEvent[];
}

const NOTHING = '–';

/**
 * The differences of two replays, in the order of their rounds; ends with the shorter one. At most a round of each is kept in memory.
 * @example
 * ```ts
 * import { differences, readRecording, replay } from '@xaynet/coordinator/replay';
 * const path = 'packages/coordinator/samples/three-rounds.jsonl';
 * let count = 0;
 * for await (const { kind, what, says } of differences(replay(readRecording(path)), replay(readRecording(path)))) {
 *   console.log(kind, what, says);
 *   count++;
 * }
 * count; // 0
 * ```
 */
export async function* differences(first: AsyncIterable<Replayed>, second: AsyncIterable<Replayed>): AsyncGenerator<Difference, void> {
  const [a, b] = [roundsOf(first), roundsOf(second)];
  const apart = new Set<string>();
  let [one, other] = [await nextOf(a), await nextOf(b)];
  let settings = '';
  while (one !== undefined || other !== undefined) {
    if (one === undefined || other === undefined || one.round !== other.round) {
      const isFirst = other === undefined || (one !== undefined && one.round < other.round);
      const only = (isFirst ? one : other)!;
      const says = `${only.events.length} events`;
      yield { round: only.round, first: undefined, second: undefined, kind: 'presence', what: 'round', says: isFirst ? [says, NOTHING] : [NOTHING, says] };
      if (isFirst) one = await nextOf(a);
      else other = await nextOf(b);
      continue;
    }
    const set = [...fieldsOf(one.settings, other.settings)];
    if (JSON.stringify(set) !== settings) {
      for (const [what, says] of set) yield { round: one.round, first: undefined, second: undefined, kind: 'settings', what, says };
    }
    settings = JSON.stringify(set);
    yield* compareRound(one, other, apart);
    [one, other] = [await nextOf(a), await nextOf(b)];
  }
}

async function nextOf(rounds: AsyncGenerator<Round, void>): Promise<Round | undefined> {
  const { value } = await rounds.next();
  return value ?? undefined;
}

/** The events by the round that they were taken in. */
async function* roundsOf(items: AsyncIterable<Replayed>): AsyncGenerator<Round, void> {
  let now: Round | undefined;
  for await (const item of items) {
    if (item.type !== 'event') continue;
    if (now?.round !== item.before.round) {
      if (now !== undefined) yield now;
      now = { round: item.before.round, settings: item.settings, events: [] };
    }
    now.events.push(item);
  }
  if (now !== undefined) yield now;
}

const kindOf = ({ line: { event } }: ReplayedEvent): string => ('tag' in event ? `${event.type} ${event.tag}` : event.type);

/** `apart`: the fields of the states that differ by now. */
function* compareRound(a: Round, b: Round, apart: Set<string>): Generator<Difference, void> {
  const { round } = a;
  for (const [i, j] of align(a.events.map(kindOf), b.events.map(kindOf))) {
    const one = i === undefined ? undefined : a.events[i]!;
    const other = j === undefined ? undefined : b.events[j]!;
    const numbers = { round, first: one?.line.number, second: other?.line.number };
    if (one === undefined || other === undefined) {
      const says = one === undefined ? ([NOTHING, answersOf(other!)] as const) : ([answersOf(one), NOTHING] as const);
      yield { ...numbers, kind: 'presence', what: kindOf((one ?? other)!), says };
      continue;
    }
    for (const [what, says] of fieldsOf(withoutNumbers(one.line.event), withoutNumbers(other.line.event))) {
      yield { ...numbers, kind: 'event', what: `${one.line.event.type} ${what}`, says };
    }
    const verdicts = [answersOf(one), answersOf(other)] as const;
    if (verdicts[0] !== verdicts[1]) yield { ...numbers, kind: 'verdict', what: kindOf(one), says: verdicts };
    const effects = [effectsOf(one), effectsOf(other)] as const;
    if (effects[0] !== effects[1]) yield { ...numbers, kind: 'effects', what: kindOf(one), says: effects };
    const fields = stateFields(one.next.state, other.next.state);
    for (const [what, says] of fields) if (!apart.has(what)) yield { ...numbers, kind: 'state', what, says };
    apart.clear();
    for (const what of fields.keys()) apart.add(what);
  }
}

/** The fields, in depth, in which two values differ. */
function fieldsOf(a: unknown, b: unknown, path = ''): Map<string, readonly [string, string]> {
  if (canonical(a ?? null) === canonical(b ?? null)) return new Map();
  if (!isObject(a) || !isObject(b)) return new Map([[path, [text(a), text(b)]]]);
  const found = new Map<string, readonly [string, string]>();
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    for (const [field, says] of fieldsOf(a[name], b[name], path === '' ? name : `${path}.${name}`)) found.set(field, says);
  }
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return value === undefined || value === null ? NOTHING : typeof value === 'string' ? value : canonical(value);
}

function withoutNumbers(event: RoundEvent): object {
  const { request: _, round: __, ...rest } = event as RoundEvent & { request?: number; round?: number };
  return rest;
}

/** Of states of two phases, the fields that every phase has, and why one failed. */
function stateFields(a: RoundState, b: RoundState): ReturnType<typeof fieldsOf> {
  if (a.phase === b.phase) return fieldsOf(comparable(a), comparable(b));
  const common = (state: RoundState): object => ({ phase: state.phase, failures: state.failures, ...('cause' in state ? { cause: state.cause.code } : {}) });
  return fieldsOf(common(a), common(b));
}

/** Which request is being admitted is a number of the run. */
function comparable(state: RoundState): object {
  return 'admitting' in state ? { ...state, admitting: state.admitting !== undefined } : state;
}

/** The answers that a step gives, as text. */
export function answersOf({ next }: Pick<ReplayedEvent, 'next'>): string {
  const answers = next.effects.filter((effect): effect is Effect & { type: 'answer' } => effect.type === 'answer');
  return answers.length === 0 ? NOTHING : answers.map(({ answer }) => ('code' in answer ? `${answer.kind}: ${answer.code}` : answer.kind)).join(', ');
}

function effectsOf({ next }: ReplayedEvent): string {
  return next.effects.map(({ type }) => type).join(' ') || NOTHING;
}
