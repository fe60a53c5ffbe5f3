// How a running demo looks: a frame of lines for a terminal, drawn again in place, and single plain lines for everything else
// (files, pipes, CI). Both are pure functions of the board.

import { grouped, percent, scientific } from '../figures.ts';
import { clip, type Paint, type Style } from '../screen.ts';
import { sparkline } from '../sparkline.ts';
import type { Board, Progress, Role } from './progress.ts';

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
    `  ${watchLine(board.address ?? '')}`,
    `  ${board.note}`,
  ];
  return lines.map((line) => clip(line, columns));
}

function watchLine(url: string): string {
  return url === '' ? '' : `watch it in a browser: ${url}`;
}

/** What is left of the phase: until it may end, then until it must. */
function countdown(board: Board, now: number): string {
  if (board.least === undefined || board.most === undefined) return '';
  const passed = (now - board.phaseStarted) / 1000;
  if (passed < board.least) return `listens ${(board.least - passed).toFixed(1)} s more`;
  return `waits up to ${Math.max(0, board.most - passed).toFixed(1)} s for enough`;
}

/** The line that says what `progress` ends or is, before `board` took it; undefined when it is not worth one. */
export function plainLine(board: Board, progress: Progress): string | undefined {
  const head = `round ${board.round}`;
  if (progress.type === 'note') return progress.text === '' ? undefined : progress.text;
  if (progress.type === 'address') return watchLine(progress.url);
  if (progress.type === 'failed') return `${head}  failed in ${progress.phase}: ${progress.reason}; trying again`;
  if (progress.type === 'finished') {
    const { accuracy, difference, bound, seconds, number } = progress.result;
    return `${head}  done    accuracy ${percent(accuracy)}, unmasked − plain mean ${scientific(difference)} (bound ${scientific(bound)}), ${seconds.toFixed(2)} s, round ${number} of ${board.rounds}; bytes so far: up ${grouped(board.up)}, down ${grouped(board.down)}`;
  }
  if (progress.type !== 'phase' || !['sum', 'update', 'sum2'].includes(board.phase)) return undefined;
  const names = board.done.flatMap((done, i) => (done ? [nameOf(i, board.done.length)] : []));
  return `${head}  ${board.phase.padEnd(6)}  ${names.length} accepted${names.length === 0 ? '' : `: ${names.join(' ')}`}`;
}
