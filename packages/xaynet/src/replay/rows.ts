// A replay as lines for people: what the recording is, a row for each event, the state, what came of it all. Pure functions from data to text.

import type { Difference, Divergence, RecordedEvent, Replayed, ReplayedEvent, ReplayedHead, RoundState } from '@xaynet/coordinator/replay';
import { grouped } from '../figures.ts';

/** What the recording says of itself. */
export function headLines({ head }: ReplayedHead): string[] {
  const { pet } = head.settings;
  const phases = (['sum', 'update', 'sum2'] as const).map((name) => {
    const { count, time } = pet[name];
    return `${name} ${grouped(count.min)} to ${grouped(count.max)} in ${time.min} to ${time.max} s`;
  });
  const begins =
    head.begins === undefined
      ? `goes on after event #${head.events}`
      : 'resumes' in head.begins
        ? `goes on in round ${head.begins.resumes.round} in ${head.begins.resumes.phase} after a restart`
        : `begins after round ${head.begins.lastRound}`;
  return [
    `recording  ${head.run}, file ${head.part}, of version ${head.software}; ${begins}`,
    `task       ${grouped(head.task.length)} weights, masked by ${head.task.mask}`,
    `phases     ${phases.join('; ')}`,
  ];
}

/** The names of the columns. */
export const COLUMNS: string = row(['event', 'time', 'what happened', 'answer', 'then', 'messages', 'asks for']);

/** One event: its number, seconds since `began`, what happened, the answer given, the state after it, messages accepted, rejected and discarded. */
export function eventLines(item: ReplayedEvent, began: number): string[] {
  const { line, next } = item;
  const { state } = next;
  const counts = 'counts' in state ? `${state.counts.accepted} ${state.counts.rejected} ${state.counts.discarded}` : '';
  const asks = next.effects.filter(({ type }) => type !== 'answer').map(({ type }) => type);
  const then = 'window' in state ? `${state.phase} ${state.window}` : state.phase;
  const time = `${((line.at - began) / 1000).toFixed(3)} s`;
  const beginning = item.before.phase === 'idle' && item.before.awaits === 'erased' ? [`round ${item.before.round}`] : [];
  return [...beginning, ...noteLines(line), row([`#${line.number}`, time, eventText(line), verdict(item), then, counts, asks.join(' ')])];
}

function row([number = '', time = '', what = '', answer = '', then = '', counts = '', asks = '']: readonly string[]): string {
  return `${number.padStart(7)} ${time.padStart(11)}  ${what.padEnd(34)} ${answer.padEnd(20)} ${then.padEnd(13)} ${counts.padEnd(8)} ${asks}`.trimEnd();
}

/** What never reached the round before an event. */
function noteLines({ refused, paused, settings }: RecordedEvent): string[] {
  const notes = [
    ...Object.entries(refused ?? {}).map(([code, count]) => `${grouped(count)} refused before they reached the round: ${code}`),
    ...(paused ?? []).map((code) => `paused: ${code}`),
    ...(settings === undefined ? [] : ['other settings from here on']),
  ];
  return notes.map((note) => `${' '.repeat(21)}${note}`);
}

/** An event in words. */
export function eventText({ event, message }: RecordedEvent): string {
  switch (event.type) {
    case 'message': {
      const from = message === undefined ? '' : ` of ${message.participant}, ${grouped(message.bytes)} B`;
      return `${event.tag} message ${event.request}${from}`;
    }
    case 'admitted':
      return `admitted ${event.request}${event.votes > 0 ? `, ${grouped(event.votes)} for its mask` : ''}`;
    case 'refused':
    case 'stalled':
      return `${event.type} ${event.request}: ${event.code}`;
    case 'frozen':
      return `frozen with ${grouped(event.entries)} entries`;
    case 'counted':
      return `counted votes: ${event.votes.join(', ') || 'none'}`;
    case 'unmasked':
      return `unmasked, ${event.withinBound ? 'within' : 'outside of'} the bound`;
    case 'recovered':
    case 'tallied':
    case 'rebuilt':
      return `${event.type}: ${grouped(event.accepted)} accepted`;
    case 'probed':
      return `probed: ${event.ready ? 'ready' : 'not ready'}`;
    case 'failed':
      return `failed: ${event.code}`;
    default:
      return event.type;
  }
}

/** The answers that an event leads to. */
export function verdict({ next }: Pick<ReplayedEvent, 'next'>): string {
  const answers = next.effects.flatMap((effect) => (effect.type === 'answer' ? [effect.answer] : []));
  return answers.map((answer) => ('code' in answer ? `${answer.kind} ${answer.code}` : answer.kind)).join(', ');
}

/** A state, field by field. */
export function stateText(state: RoundState): string {
  return JSON.stringify(state, undefined, 2);
}

/** What became of the rounds of a replay. */
export class Outcome {
  events = 0;
  models = 0;
  readonly failures: { readonly round: number; readonly phase: string; readonly code: string }[] = [];
  readonly #rounds = new Set<number>();
  torn = false;
  divergence: Divergence | undefined;

  /** Takes an item of the replay. */
  add(item: Replayed): void {
    if (item.type === 'torn') this.torn = true;
    else if (item.divergence !== undefined) this.divergence = item.divergence;
    if (item.type !== 'event') return;
    const { before, next, line } = item;
    this.events++;
    this.#rounds.add(before.round);
    if (line.event.type === 'model-stored' && next.state.phase === 'idle') this.models++;
    if (next.state.phase === 'failure' && before.phase !== 'failure') {
      const { cause, round } = next.state;
      this.failures.push({ round, phase: cause.phase, code: cause.code });
    }
  }

  /** Whether there were events of a round. */
  hasRound(round: number): boolean {
    return this.#rounds.has(round);
  }

  /** The last lines. */
  lines(): string[] {
    const counts = [`${grouped(this.events)} events`, `${grouped(this.models)} ${this.models === 1 ? 'model' : 'models'}`];
    return [
      ...(this.divergence === undefined ? [`${counts.join(', ')}; replayed as recorded`] : divergenceLines(this.divergence)),
      ...this.failures.map(({ round, phase, code }) => `round ${round} failed in ${phase}: ${code}`),
      ...(this.torn ? ['the last line is cut off: the process ended while it wrote'] : []),
    ];
  }
}

/** Where a replay and its recording part. */
export function divergenceLines({ event, differences }: Divergence): string[] {
  return [
    event === 0 ? 'the replay parts from the recording at a beginning:' : `the replay parts from the recording at event #${event}:`,
    ...differences.map((text) => `  ${text}`),
  ];
}

/** Differences of two recordings, line by line as they come: events that only one of them has make one line where they follow one another. */
export class DifferenceText {
  #alone: Difference[] = [];

  /** The lines that are ready once this difference is known. */
  add(difference: Difference): string[] {
    const [before] = this.#alone;
    const isAlone = difference.kind === 'presence' && (difference.first ?? difference.second) !== undefined;
    const goesOn = isAlone && before?.round === difference.round && (before.first === undefined) === (difference.first === undefined);
    const ready = goesOn ? [] : this.end();
    if (isAlone) this.#alone.push(difference);
    else ready.push(differenceLine(difference));
    return ready;
  }

  /** The lines that are left. */
  end(): string[] {
    const alone = this.#alone.splice(0);
    const [first] = alone;
    if (first === undefined) return [];
    const numbers = alone.map((each) => (each.first ?? each.second)!);
    const kinds = new Map<string, number>();
    for (const { what } of alone) kinds.set(what, (kinds.get(what) ?? 0) + 1);
    const what = [...kinds].map(([kind, count]) => (count === 1 ? kind : `${kind} (${grouped(count)} times)`)).join(', ');
    const place = numbers.length === 1 ? `#${numbers[0]}` : `#${numbers[0]} to #${numbers.at(-1)}`;
    return [`round ${first.round}, only on the ${first.first === undefined ? 'right' : 'left'}, ${place}: ${what}`];
  }
}

const LABELS = { presence: '', settings: 'setting ', event: '', verdict: 'answer to ', effects: 'effects of ', state: 'state, ' } as const;

/** One difference of two recordings. */
function differenceLine({ round, first, second, kind, what, says }: Difference): string {
  const place = first === undefined || second === undefined ? '' : `, #${first} and #${second}`;
  return `round ${round}${place}: ${LABELS[kind]}${what}: ${says[0]} | ${says[1]}`;
}
