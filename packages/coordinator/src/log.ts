// What the coordinator writes about itself: JSON lines (pino) for machines, short readable lines on a terminal. One gate in front of
// both keeps secrets out of either: bytes are never dumped, fields with a secret's name are hidden, of a participant's key only a prefix is
// written, enough to find its lines and too little to be the key.

import { toHex } from '@xaynet/core/bytes';
import { type BaseLogger, pino } from 'pino';

/** Levels from most to least talkative; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one entry: what happened as text, its details as fields. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What the coordinator's parts log to; a part adds its own fields with {@link Logger.child}. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** The least level that is written. It can be changed at any time, for this logger and all its children without a level of their own. */
  level?: LogLevel;
  /** A logger that adds `fields` to every entry, with a level of its own when one is given. */
  child(fields: Readonly<Record<string, unknown>>, level?: LogLevel): Logger;
}

/** Where log lines go: `process.stdout` has this shape. `isTTY` chooses readable lines, `writableLength` is what it holds that nobody has read yet. */
export interface LogOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly writableLength?: number | undefined;
}

/** Characters that wait for a reader of the log at most; what is written while it does not read is lost, and counted. */
const MOST_UNREAD = 1 << 20;

const SECRET_NAME = /secret|password|passphrase|token|credential|access_?key|seed|private/i;
const KEY_NAME = /^(pk|participant|publicKey)$/i;
const ADDRESS_NAME = /^(peer|remote)$/i;
/** What every entry has itself. A field of the same name would stand twice in its line, and the later one be read. */
const OWN_NAMES: ReadonlySet<string> = new Set(['level', 'time', 'msg']);
const DEBUG = 20;
const INFO = 30;
/** Hexadecimal digits of a participant's key that are written. */
const KEY_DIGITS = 8;

/**
 * The fields of an entry as they may be written: errors as code and message (their stack at debug only), bytes never raw, secrets hidden, of a
 * participant's key the first 8 hexadecimal digits, a client's address at debug and in warnings and errors only.
 */
export function safeFields(fields: Readonly<Record<string, unknown>>, level: number, depth = 0): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (KEY_NAME.test(name)) safe[name] = keyPrefix(value);
    else if (ADDRESS_NAME.test(name)) {
      if (level !== INFO) safe[name] = value;
    } else if (SECRET_NAME.test(name) && typeof value !== 'number' && typeof value !== 'boolean') safe[name] = '(hidden)';
    else safe[name] = safeValue(value, level, depth);
  }
  return safe;
}

/** {@link safeFields}, with an underscore behind those names that the entry has itself. */
function entryFields(fields: Readonly<Record<string, unknown>>, level: number): Record<string, unknown> {
  const safe = safeFields(fields, level);
  if (!Object.keys(safe).some((name) => OWN_NAMES.has(name))) return safe;
  return Object.fromEntries(Object.entries(safe).map(([name, value]) => [OWN_NAMES.has(name) ? `${name}_` : name, value]));
}

function keyPrefix(key: unknown): string {
  return (key instanceof Uint8Array ? toHex(key.subarray(0, KEY_DIGITS / 2)) : String(key)).slice(0, KEY_DIGITS);
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

/** Columns of a message before its fields, so that fields of usual messages stand below each other. */
const MESSAGE_WIDTH = 28;

/**
 * One JSON entry of pino as a line for people: `12:31:07.482 warn  message   key=value inner.key=value …`. Control characters are shown, not
 * obeyed.
 */
export function readableLine(json: string, colour: boolean): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const name = NAMES[level as number] ?? 'info';
  const paint = (text: string, code: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const details = flat(fields).map(([key, value]) => paint(` ${bare(key)}=`, '90') + (typeof value === 'string' ? bare(value) : JSON.stringify(value)));
  const message = bare(String(msg ?? ''));
  return `${paint(String(time).slice(11, 23), '90')} ${paint(name.padEnd(5), COLOURS[name] ?? '0')} ${details.length === 0 ? message : `${message.padEnd(MESSAGE_WIDTH)}${details.join('')}`}\n`;
}

/** Fields with those of objects in them by names with a dot. */
function flat(fields: object): (readonly [string, unknown])[] {
  return Object.entries(fields).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
      ? flat(value).map(([inner, of]) => [`${key}.${inner}`, of] as const)
      : [[key, value] as const],
  );
}

/** Text on one line with control characters escaped, so that nothing a client sends can draw on an operator's terminal. */
function bare(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/**
 * A logger on `output` (default `process.stdout`): readable lines when it is a terminal, JSON lines otherwise, unless `readable` says which
 * (coordinator 6.2); coloured on a terminal without NO_COLOR, unless `colours` says so.
 * @example
 * ```ts
 * import { createLogger } from '@xaynet/coordinator';
 * const lines: string[] = [];
 * const logger = createLogger({ level: 'info', output: { write: (line) => lines.push(line) } });
 * logger.info({ round: 3 }, 'round begins');
 * ```
 */
export function createLogger(options: { level?: LogLevel; output?: LogOutput; readable?: boolean | undefined; colours?: boolean | undefined } = {}): Logger {
  const output: LogOutput = options.output ?? process.stdout;
  const readable = options.readable ?? output.isTTY === true;
  const colour = options.colours ?? (output.isTTY === true && (process.env.NO_COLOR ?? '') === '');
  const base = pino(
    {
      level: 'trace',
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      hooks: {
        logMethod(args, method, level) {
          const [fields, message] = args as unknown as [Record<string, unknown>, string];
          method.apply(this, [entryFields(fields, level), message] as unknown as Parameters<typeof method>);
        },
      },
    },
    { write: bounded(output, readable ? (line) => readableLine(line, colour) : (line) => line) },
  );
  return new PinoLogger(base, { least: options.level ?? 'info' });
}

/** A collector that hangs costs lines, not memory without end: strangers can cause as many lines as they like. */
function bounded(output: LogOutput, shown: (line: string) => string): (line: string) => void {
  let lost = 0;
  return (line) => {
    if ((output.writableLength ?? 0) >= MOST_UNREAD) {
      lost++;
      return;
    }
    if (lost > 0) {
      const entry = { level: 40, time: new Date().toISOString(), lost, msg: 'log lines are lost: nobody read them in time' };
      lost = 0;
      output.write(shown(`${JSON.stringify(entry)}\n`));
    }
    output.write(shown(line));
  };
}

/** A logger that writes nothing: the default of everything that takes one. */
export const SILENT_LOGGER: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT_LOGGER };

// The part of a pino logger that is used here; pino's own type does not survive exactOptionalPropertyTypes across child().
interface Backend extends Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'> {
  child(bindings: Record<string, unknown>): Backend;
}

/** What a logger and its children look at before they write. pino copies a level into each child, which could not be changed any more. */
interface Gate {
  least: LogLevel;
}

const RANKS: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, silent: 100 };

class PinoLogger implements Logger {
  readonly #backend: Backend;
  readonly #gate: Gate;

  constructor(backend: Backend, gate: Gate) {
    this.#backend = backend;
    this.#gate = gate;
  }

  get level(): LogLevel {
    return this.#gate.least;
  }

  set level(level: LogLevel) {
    this.#gate.least = level;
  }

  readonly debug: LogMethod = (fields, message) => this.#admits('debug') && this.#backend.debug(fields, message);
  readonly info: LogMethod = (fields, message) => this.#admits('info') && this.#backend.info(fields, message);
  readonly warn: LogMethod = (fields, message) => this.#admits('warn') && this.#backend.warn(fields, message);
  readonly error: LogMethod = (fields, message) => this.#admits('error') && this.#backend.error(fields, message);

  child(fields: Readonly<Record<string, unknown>>, level?: LogLevel): Logger {
    return new PinoLogger(this.#backend.child(entryFields(fields, INFO)), level === undefined ? this.#gate : { least: level });
  }

  #admits(level: LogLevel): boolean {
    return RANKS[level] >= RANKS[this.#gate.least];
  }
}
