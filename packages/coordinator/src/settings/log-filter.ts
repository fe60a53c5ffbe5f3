// The original's log filter (tracing directives, `xaynet=debug,http=warn,info`) read as two levels: the coordinator's, and that of the HTTP
// access lines. What the directives say of other targets concerns programs that are not here.

import { suggest } from './problems.ts';

/** A level of the log, from most to least talkative; `silent` writes nothing. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** What `log.format` can be. */
export const LOG_FORMATS = ['auto', 'text', 'json'] as const;
/** One of {@link LOG_FORMATS}: readable lines, JSON lines, or as the output is a terminal or not. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Levels that a filter asks for. */
export interface LogLevels {
  /** Level of everything that is not an access line. */
  readonly level: LogLevel;
  /** Level of the HTTP server's lines. */
  readonly http: LogLevel;
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  off: 'silent',
  '0': 'silent',
  '1': 'error',
  '2': 'warn',
  '3': 'info',
  '4': 'debug',
  '5': 'trace',
};

/** Names of the levels a filter knows. */
export const FILTER_LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'off'];

/**
 * Reads a filter of comma-separated directives: `level`, `target=level` or `target` (coordinator 5.2). The coordinator's level is that of
 * the first target `xaynet…`, or else the bare level, or else `error`, as in the original. Returns the directive at fault as `bad` when one does not parse.
 */
export function parseLogFilter(filter: string): LogLevels | { readonly bad: string } {
  const found = new Map<string, LogLevel>();
  for (const directive of filter.split(',')) {
    const text = directive.trim();
    if (text === '') continue;
    const bare = LEVELS[text.toLowerCase()];
    if (bare !== undefined) {
      found.set('', bare);
      continue;
    }
    const parts = /^([A-Za-z_][\w:.-]*)?(\[[^\]]*\])?(?:=(\w+))?$/.exec(text);
    const [, target, span, name] = parts ?? [];
    const level = name === undefined ? 'trace' : LEVELS[name.toLowerCase()];
    const misspelt = name === undefined && suggest(text, FILTER_LEVELS) !== undefined;
    if (parts === null || (target ?? span) === undefined || level === undefined || misspelt) return { bad: text };
    if (target === undefined || span !== undefined) continue; // concerns spans, which are not here
    const subject = /^xaynet/i.test(target) ? 'xaynet' : target;
    if (!found.has(subject)) found.set(subject, level);
  }
  if (filter.trim() === '') return { bad: filter };
  const level = found.get('xaynet') ?? found.get('') ?? 'error';
  return { level, http: found.get('http') ?? level };
}
