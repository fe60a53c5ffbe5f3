// What the coordinator writes about itself: JSON lines (pino) for machines, short readable lines on a terminal. One gate in front of
// both keeps secrets out of either: bytes are never dumped, fields with a secret's name are hidden, participants' keys appear at debug only.

import { toHex } from '@xaynet/core/bytes';
import { type BaseLogger, pino } from 'pino';

/** Levels from most to least talkative; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one entry: what happened as text, its details as fields. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What the coordinator's parts log to; a part adds its own fields with {@link Logger.child}. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds `fields` to every entry, with a level of its own when one is given. */
  child(fields: Readonly<Record<string, unknown>>, level?: LogLevel): Logger;
}

/** Where log lines go: `process.stdout` has this shape. `isTTY` chooses readable lines. */
export interface LogOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

const SECRET_NAME = /secret|password|passphrase|token|credential|access_?key|seed|private/i;
const PARTICIPANT_NAME = /^(pk|participant|publicKey|peer|remote)$/i;
const DEBUG = 20;

/**
 * The fields of an entry as they may be written: errors as code and message (their stack at debug only), keys and other bytes never raw,
 * secrets hidden, who a participant is (key, address) only at debug and below.
 */
export function safeFields(fields: Readonly<Record<string, unknown>>, level: number, depth = 0): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (PARTICIPANT_NAME.test(name)) {
      if (level <= DEBUG) safe[name] = value instanceof Uint8Array ? toHex(value) : value;
    } else if (SECRET_NAME.test(name) && typeof value !== 'number' && typeof value !== 'boolean') safe[name] = '(hidden)';
    else safe[name] = safeValue(value, level, depth);
  }
  return safe;
}

function safeValue(value: unknown, level: number, depth: number): unknown {
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) {
    const code = (value as { code?: unknown }).code;
    return { ...(code === undefined ? {} : { code }), message: value.message, ...(level <= DEBUG ? { stack: value.stack } : {}) };
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 3) return '(…)';
  return Array.isArray(value) ? value.map((item) => safeValue(item, level, depth + 1)) : safeFields(value as Record<string, unknown>, level, depth + 1);
}

const NAMES: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'error' };
const COLOURS: Readonly<Record<string, string>> = { trace: '90', debug: '90', info: '32', warn: '33', error: '31' };

/** One JSON entry of pino as a line for people: `12:31:07.482 warn  message  key=value …`. Control characters are shown, not obeyed. */
export function readableLine(json: string, colour: boolean): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const name = NAMES[level as number] ?? 'info';
  const paint = (text: string, code: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const details = Object.entries(fields).map(([key, value]) => paint(` ${key}=`, '90') + (typeof value === 'string' ? bare(value) : JSON.stringify(value)));
  return `${paint(String(time).slice(11, 23), '90')} ${paint(name.padEnd(5), COLOURS[name] ?? '0')} ${bare(String(msg ?? ''))}${details.join('')}\n`;
}

/** Text on one line with control characters escaped, so that nothing a client sends can draw on an operator's terminal. */
function bare(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/**
 * A logger on `output` (default `process.stdout`): readable lines when it is a terminal, JSON lines otherwise (coordinator 6.2).
 * @example
 * ```ts
 * import { createLogger } from '@xaynet/coordinator';
 * const lines: string[] = [];
 * const logger = createLogger({ level: 'info', output: { write: (line) => lines.push(line) } });
 * logger.info({ round: 3 }, 'round begins');
 * ```
 */
export function createLogger(options: { level?: LogLevel; output?: LogOutput; readable?: boolean } = {}): Logger {
  const output: LogOutput = options.output ?? process.stdout;
  const readable = options.readable ?? output.isTTY === true;
  const colour = output.isTTY === true && (process.env.NO_COLOR ?? '') === '';
  const base = pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      hooks: {
        logMethod(args, method, level) {
          const [fields, message] = args as unknown as [Record<string, unknown>, string];
          method.apply(this, [safeFields(fields, level), message] as unknown as Parameters<typeof method>);
        },
      },
    },
    { write: (line: string) => void output.write(readable ? readableLine(line, colour) : line) },
  );
  return wrap(base);
}

/** A logger that writes nothing: the default of everything that takes one. */
export const SILENT_LOGGER: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT_LOGGER };

// The part of a pino logger that is used here; pino's own type does not survive exactOptionalPropertyTypes across child().
interface Backend extends Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'> {
  child(bindings: Record<string, unknown>, options: { level?: string }): Backend;
}

function wrap(logger: Backend): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields, level) => wrap(logger.child(safeFields(fields, DEBUG + 1), level === undefined ? {} : { level })),
  };
}
