// Where the command writes: the one place that decides on colours and on lines that are drawn again, and a screen that draws a frame of lines over
// the last one. Standard output holds results, standard error everything else; whether either is a terminal is looked at for each.

import { WriteStream } from 'node:tty';
import { stripVTControlCharacters, styleText } from 'node:util';

/** A stream to show things on: `process.stdout` and `process.stderr` are ones. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Both outputs of a command, and the environment that it runs in. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  readonly env: Environment;
}

export type Style = Parameters<typeof styleText>[0];

/** Colours `text`, or leaves it when colours are off. */
export type Paint = (style: Style, text: string) => string;

/** A paint that colours, or one that does not. */
export function paintFor(colours: boolean): Paint {
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

/**
 * Whether `output` gets colours, by the rule of Node itself: FORCE_COLOR decides when it is set (0: none), then there must be a terminal, and
 * NO_COLOR, NODE_DISABLE_COLORS and TERM=dumb take the colours away.
 */
export function hasColours(output: Output, env: Environment = process.env): boolean {
  if (env.FORCE_COLOR !== undefined) return !/^(0|false)$/.test(env.FORCE_COLOR);
  if (output.isTTY !== true || (env.NO_COLOR ?? '') !== '') return false;
  return WriteStream.prototype.getColorDepth.call(undefined as never, env as object) > 2;
}

/** The paint for `output`. */
export function paintOn(output: Output, env: Environment = process.env): Paint {
  return paintFor(hasColours(output, env));
}

/** Whether lines can be drawn again on `output`: a terminal that knows how. */
export function isLive(output: Output, env: Environment = process.env): boolean {
  return output.isTTY === true && env.TERM !== 'dumb';
}

const FEWEST_COLUMNS = 40;
const MOST_COLUMNS = 120;
const USUAL_COLUMNS = 80;

/** Columns for running text on `output`: those of the terminal within reason, 80 anywhere else. */
export function columnsOf(output: Output): number {
  if (output.isTTY !== true) return USUAL_COLUMNS;
  return Math.min(MOST_COLUMNS, Math.max(FEWEST_COLUMNS, output.columns || USUAL_COLUMNS));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ESCAPES = /(\u001b\[[0-9;]*m)/;

/** `line` cut to `columns` visible characters; escape sequences take no room and colours are switched off where it is cut. */
export function clip(line: string, columns: number): string {
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

/** A terminal that shows a frame and draws the next one over it. */
export class Screen {
  readonly #out: { write(text: string): unknown; columns?: number | undefined };
  #height = 0;

  constructor(out: { write(text: string): unknown; columns?: number | undefined }) {
    this.#out = out;
  }

  get columns(): number {
    return Math.max(40, this.#out.columns || 80);
  }

  /** Draws `lines` where the last frame stood. */
  draw(lines: readonly string[]): void {
    const up = this.#height === 0 ? '\u001b[?25l' : `\u001b[${this.#height}A`;
    this.#out.write(`${up}\r${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    this.#height = lines.length;
  }

  /** Takes the last frame away, so that lines can stand in its place. */
  clear(): void {
    if (this.#height === 0) return;
    this.#out.write(`\u001b[${this.#height}A\r\u001b[J\u001b[?25h`);
    this.#height = 0;
  }

  /** Leaves the last frame where it is and shows the cursor again. */
  close(): void {
    if (this.#height > 0) this.#out.write('\u001b[?25h');
    this.#height = 0;
  }
}
