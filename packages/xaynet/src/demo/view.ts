// How a running demo looks: a frame of lines for a terminal, drawn again in place, and single plain lines for everything else
// (files, pipes, CI). Both are pure functions of the board; only `Screen` writes. No library: it is one cursor movement.

import { stripVTControlCharacters, styleText } from 'node:util';
import type { Board, Progress, Role } from './progress.ts';
import { grouped, percent, scientific } from './report.ts';

type Style = Parameters<typeof styleText>[0];
/** Colours `text`, or leaves it when colours are off. */
export type Paint = (style: Style, text: string) => string;

/** A paint that colours, or one that does not. */
export function paintFor(colours: boolean): Paint {
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

const LOOKS: Readonly<Record<Role, { letter: string; style: Style; says: string }>> = {
  waiting: { letter: '·', style: 'dim', says: 'not yet' },
  sum: { letter: 'S', style: 'magenta', says: 'sum' },
  update: { letter: 'U', style: 'cyan', says: 'update' },
  none: { letter: '–', style: 'dim', says: 'rests' },
};

/** `p01`, `p02`, …: three digits when there are a hundred. */
export function nameOf(index: number, participants: number): string {
  return `p${String(index + 1).padStart(participants > 99 ? 3 : 2, '0')}`;
}

/** Values from 0 to 1 as bars of eight heights. */
export function sparkline(values: readonly number[]): string {
  return values.map((value) => '▁▂▃▄▅▆▇█'[Math.min(7, Math.max(0, Math.floor(value * 8)))]!).join('');
}

/** The frame of `board` at `now` (milliseconds), every line at most `columns` wide. */
export function frame(board: Board, now: number, columns: number, paint: Paint): string[] {
  const { roles, accepted } = board;
  const width = nameOf(0, roles.length).length + 4;
  const perLine = Math.max(1, Math.min(12, Math.floor((columns - 2) / width)));
  const cells = roles.map((role, i) => {
    const look = LOOKS[role];
    const text = `${nameOf(i, roles.length)} ${look.letter}${board.done[i] ? '✓' : ' '} `;
    return paint(board.done[i] ? ['bold', look.style as 'cyan'] : look.style, text);
  });
  const grid: string[] = [];
  for (let at = 0; at < cells.length; at += perLine) grid.push(`  ${cells.slice(at, at + perLine).join('')}`);
  const curve = [board.untrained, ...board.results.map((result) => result.accuracy)];
  const last = board.results.at(-1);
  const lines = [
    `  ${paint('bold', `round ${Math.min(board.results.length + 1, board.rounds)} of ${board.rounds}`)}${board.failed > 0 ? ` (${board.failed} failed)` : ''}   ${paint('bold', board.phase)}  ${countdown(board, now)}`,
    ...grid,
    `  ${(['sum', 'update', 'none', 'waiting'] as const).map((role) => paint(LOOKS[role].style, `${LOOKS[role].letter} ${LOOKS[role].says}`)).join('  ')}  ✓ message accepted`,
    `  accepted  sum ${accepted.sum}  update ${accepted.update}  sum2 ${accepted.sum2}    bytes  up ${grouped(board.up)}  down ${grouped(board.down)}`,
    `  accuracy  ${paint('green', sparkline(curve))} ${percent(curve.at(-1)!)}${last === undefined ? '' : `    unmasked − plain mean ${scientific(last.difference)} (bound ${scientific(last.bound)})`}`,
    `  ${board.note}`,
  ];
  return lines.map((line) => clip(line, columns));
}

/** What is left of the phase: until it may end, then until it must. */
function countdown(board: Board, now: number): string {
  if (board.least === undefined || board.most === undefined) return '';
  const passed = (now - board.phaseStarted) / 1000;
  if (passed < board.least) return `listens ${(board.least - passed).toFixed(1)} s more`;
  return `waits up to ${Math.max(0, board.most - passed).toFixed(1)} s for enough`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ESCAPES = /(\u001b\[[0-9;]*m)/;

/** `line` cut to `columns` visible characters; escape sequences take no room and colours are switched off where it is cut. */
function clip(line: string, columns: number): string {
  if (stripVTControlCharacters(line).length <= columns) return line;
  let left = columns - 1;
  let cut = '';
  for (const part of line.split(ESCAPES)) {
    if (part.startsWith('\u001b')) cut += part;
    else {
      cut += part.slice(0, left);
      left -= Math.min(left, part.length);
    }
  }
  return `${cut}…`;
}

/** The line that says what `progress` ends or is, before `board` took it; undefined when it is not worth one. */
export function plainLine(board: Board, progress: Progress): string | undefined {
  const head = `round ${board.round}`;
  if (progress.type === 'note') return progress.text === '' ? undefined : progress.text;
  if (progress.type === 'failed') return `${head}  failed in ${progress.phase}: ${progress.reason}; trying again`;
  if (progress.type === 'finished') {
    const { accuracy, difference, bound, seconds, number } = progress.result;
    return `${head}  done    accuracy ${percent(accuracy)}, unmasked − plain mean ${scientific(difference)} (bound ${scientific(bound)}), ${seconds.toFixed(2)} s, round ${number} of ${board.rounds}; bytes so far: up ${grouped(board.up)}, down ${grouped(board.down)}`;
  }
  if (progress.type !== 'phase' || !['sum', 'update', 'sum2'].includes(board.phase)) return undefined;
  const names = board.done.flatMap((done, i) => (done ? [nameOf(i, board.done.length)] : []));
  return `${head}  ${board.phase.padEnd(6)}  ${names.length} accepted${names.length === 0 ? '' : `: ${names.join(' ')}`}`;
}

/** A terminal that shows a frame and draws the next one over it. */
export class Screen {
  readonly #out: { write(text: string): unknown; columns?: number | undefined };
  #height = 0;

  constructor(out: { write(text: string): unknown; columns?: number | undefined }) {
    this.#out = out;
  }

  get columns(): number {
    return Math.max(40, this.#out.columns ?? 80);
  }

  /** Draws `lines` where the last frame stood. */
  draw(lines: readonly string[]): void {
    const up = this.#height === 0 ? '\u001b[?25l' : `\u001b[${this.#height}A`;
    this.#out.write(`${up}\r${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    this.#height = lines.length;
  }

  /** Leaves the last frame where it is and shows the cursor again. */
  close(): void {
    if (this.#height > 0) this.#out.write('\u001b[?25h');
    this.#height = 0;
  }
}
