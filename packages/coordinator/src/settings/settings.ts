// The settings of a coordinator: a TOML file (an original one works unchanged), `XAYNET__…` variables over it, defaults under it. Reading
// them either gives settings that can work, with notices for the operator, or one error that names everything that is wrong.

import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { XaynetError } from '@xaynet/core/errors';
import type { MaskConfig } from '@xaynet/core/mask';
import { parse, TomlError } from 'smol-toml';
import { parseS3Region } from '../stores/s3/options.ts';
import { parseBindAddress } from './bind-address.ts';
import { checkSettings, type Limits } from './checks.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { type LogFormat, type LogLevels, parseLogFilter } from './log-filter.ts';
import { SettingsError } from './problems.ts';
import { SETTINGS_REFERENCE } from './reference.ts';
import { tomlLines } from './toml-lines.ts';
import { Values } from './values.ts';

/** A smallest and a largest value, both included. */
export interface Range {
  /** Smallest. */
  readonly min: number;
  /** Largest. */
  readonly max: number;
}

/** What one phase waits for: messages, and time in seconds (fractions allowed). */
export interface PhaseSettings {
  /** Messages that are taken. */
  readonly count: Range;
  /** `grace`: how much longer it takes messages once it has enough after `min`, at most until `max`. */
  readonly time: Range & { readonly grace: number };
}

/** What one address, or one participant key, may ask of a coordinator; 0 is no limit. */
export interface AddressLimits {
  /** Requests of one address a second, after a first burst of ten seconds of them. */
  readonly requestsPerSecond: number;
  /** Bytes of bodies from one address a second, after a first burst likewise. */
  readonly bytesPerSecond: number;
  /** Connections of one address at a time. */
  readonly connectionsPerAddress: number;
  /** Different participant keys of one address that one phase admits. */
  readonly participantsPerAddress: number;
  /** Complete messages of one participant key that one phase looks at. */
  readonly messagesPerKey: number;
  /** Addresses and ranges without limits. */
  readonly exemptAddresses: readonly string[];
}

/** Where S3-compatible storage is, and what lies there. */
export interface S3Settings {
  readonly region: string;
  /** URL of a server that is not Amazon's. */
  readonly endpoint: string | undefined;
  /** Both, or neither: then what the SDK finds. */
  readonly accessKey: string | undefined;
  readonly secretAccessKey: string | undefined;
  /** Before every key. */
  readonly prefix: string;
  readonly buckets: { readonly globalModels: string; readonly rounds: string };
}

/** Where the Redis is in which rounds are kept. */
export interface RedisSettings {
  readonly url: string;
  readonly prefix: string;
  /** Seconds. */
  readonly lease: number;
  /** Path of a PEM file. */
  readonly tlsCa: string | undefined;
}

/** Settings that have been checked; docs/SETTINGS.md explains each (coordinator 5.2). */
export interface Settings {
  /** Where the HTTP API listens (port 0: any free one), and which web origins may call it. */
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly corsOrigins: readonly string[];
    /** Paths of PEM files. */
    readonly tls: { readonly certificate: string; readonly key: string; readonly clientAuth: string | undefined } | undefined;
    readonly trustedProxies: readonly string[];
  };
  /** Where the admin routes listen and what they ask for; undefined: nowhere. */
  readonly admin: { readonly host: string; readonly port: number; readonly token: string } | undefined;
  /** Where a process of a fleet listens for the others, and under which URL they reach it; undefined: it follows from where it listens. */
  readonly fleet: { readonly host: string; readonly port: number; readonly advertise: string | undefined };
  /** Selection probabilities and what the phases wait for. */
  readonly pet: {
    readonly sum: PhaseSettings & { readonly prob: number };
    readonly update: PhaseSettings & { readonly prob: number };
    readonly sum2: PhaseSettings;
  };
  /** Configuration of vector and unit. */
  readonly mask: MaskConfig;
  /** Number of weights. */
  readonly modelLength: number;
  readonly store: {
    readonly kind: 'embedded' | 'memory' | 'redis';
    /** Where large bytes are; `s3`: as {@link Settings.s3} says. */
    readonly blobs: 'store' | 's3';
    readonly path: string;
    readonly keepModels: number;
    readonly keepRounds: number;
    /** Key that wraps secrets, 32 bytes as hexadecimal; or where it stands; neither: a file made in the data folder. */
    readonly key: string | undefined;
    readonly keyFile: string | undefined;
    /** Seconds that one call may take. */
    readonly timeout: number;
  };
  /** The Redis of the kind `redis`; undefined: another kind. */
  readonly redis: RedisSettings | undefined;
  /** S3-compatible storage; undefined: none is used. */
  readonly s3: S3Settings | undefined;
  /** Show everybody a few numbers of one participant's masked update. */
  readonly showMaskedUpdate: boolean;
  /** Threads that open and verify messages; undefined: as many as suit the machine. */
  readonly intake: { readonly workers: number | undefined };
  /** Budgets of one address or key; 0: none. */
  readonly limits: AddressLimits;
  /** Where measurements are sent in InfluxDB's line protocol; undefined: nowhere. */
  readonly influxdb: { readonly url: string; readonly db: string } | undefined;
  /** Where rounds are recorded, bytes of a file, files that are kept (0: all); undefined: they are not. */
  readonly record: { readonly path: string; readonly maxBytes: number; readonly keep: number } | undefined;
  /** Go on from what the store holds. */
  readonly restore: boolean;
  /** Single points in which the coordinator is to be as lenient as the original. */
  readonly compat: {
    readonly plurality: boolean;
    readonly unverifiedSumSignature: boolean;
    readonly trailingBytes: boolean;
    readonly statusCodes: boolean;
    readonly arrivalOrder: boolean;
    readonly noQuarantine: boolean;
  };
  /** Level of the log, and of the HTTP server's lines in it; how the lines look is up to whoever makes the logger. */
  readonly log: LogLevels & { readonly format: LogFormat };
  /** What the operator should know: settings that are not used, capped, or risky. */
  readonly notices: readonly string[];
}

/** What else {@link parseSettings} takes into account. */
export interface SettingsOptions {
  /** Environment with `XAYNET__…` variables; none is read when left out. */
  readonly env?: Environment | undefined;
  /** Name of the file, for messages. */
  readonly file?: string | undefined;
}

/**
 * Settings from the text of a TOML file, or from an object with the same keys. Throws `settings-toml` for a text that is no TOML, and
 * {@link SettingsError} (`settings-invalid`) with every problem at once.
 * @example
 * ```ts
 * import { parseSettings } from '@xaynet/coordinator';
 * const settings = parseSettings('[model]\nlength = 1000', { env: { XAYNET__PET__SUM__PROB: '0.5' } });
 * settings.pet.sum.prob; // 0.5
 * ```
 */
export function parseSettings(toml: string | object, options: SettingsOptions = {}): Settings {
  const file = options.file ?? 'settings';
  const line = typeof toml === 'string' ? tomlLines(toml) : () => undefined;
  const place = (key: string): string => {
    const found = line(key);
    return found === undefined ? file : `${file}:${found}`;
  };
  const values = new Values(typeof toml === 'string' ? parseToml(toml, file) : toml, readEnvironment(options.env ?? {}), place);
  if (values.get('model.length') === undefined) values.report('model.length', 'is missing: set it to the number of weights of the model');
  const limits = checkSettings(values);
  if (limits === undefined || values.problems.length > 0) throw new SettingsError(values.problems);
  noticeUnused(values);
  return assemble(values, limits);
}

/**
 * Settings from a TOML file. Throws as {@link parseSettings}, and `settings-file-missing`, `settings-file-unreadable`, `settings-format`.
 * @example
 * ```ts
 * import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { loadSettings } from '@xaynet/coordinator';
 * const folder = mkdtempSync(join(tmpdir(), 'xaynet-'));
 * writeFileSync(join(folder, 'coordinator.toml'), '[model]\nlength = 1000');
 * loadSettings(join(folder, 'coordinator.toml'), process.env).modelLength; // 1000
 * rmSync(folder, { recursive: true });
 * loadSettings(join(folder, 'coordinator.toml'), process.env); // throws settings-file-missing
 * ```
 */
export function loadSettings(file: string, env: Environment): Settings {
  if (/^\.(json5?|ya?ml|ini|ron)$/i.test(extname(file))) throw new XaynetError('settings-format', file);
  return parseSettings(readText(file), { env, file });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new XaynetError(code === 'ENOENT' || code === 'ENOTDIR' ? 'settings-file-missing' : 'settings-file-unreadable', `${file}: ${code}`, { cause: error });
  }
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' });
  } catch (error) {
    if (error instanceof RangeError) throw new XaynetError('settings-toml', `${file}: nested too deep to be read`, { cause: error });
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split('\n', 1)[0]!.replace(/^Invalid TOML document: /, '');
    throw new XaynetError('settings-toml', `${file}:${error.line}:${error.column}: ${what}`, { cause: error });
  }
}

const UNUSED_SECTIONS = ['redis', 's3', 'trust_anchor'] as const;

function noticeUnused(values: Values): void {
  const kept = { memory: 'in memory, lost when the coordinator stops', redis: 'in Redis', embedded: `in the embedded store at ${values.text('store.path')}` }[
    values.text('store.kind') as Settings['store']['kind']
  ];
  const instead = {
    redis: `rounds are kept ${kept}; store.kind = "redis" keeps them there`,
    s3: `global models are kept ${kept}; store.blobs = "s3" puts them there too`,
    trust_anchor: 'there is no trust anchor',
  };
  for (const section of UNUSED_SECTIONS) {
    if (section === 'redis' && values.text('store.kind') === 'redis') continue;
    if (section === 's3' && values.text('store.blobs') === 's3') continue;
    const key = SETTINGS_REFERENCE.find(
      (row) => (row.key === section || row.key.startsWith(`${section}.`)) && values.given(row.key) && values.get(row.key) !== row.fallback,
    )?.key;
    if (key !== undefined) values.notices.push(`[${section}] (${values.where(key)}) is read but not used: ${instead[section]}.`);
  }
}

function assemble(values: Values, limits: Limits): Settings {
  const { host, port } = parseBindAddress(values.text('api.bind_address'))!;
  const { level, http } = parseLogFilter(values.text('log.filter')) as LogLevels;
  const phase = (name: 'sum' | 'update' | 'sum2', max: number): PhaseSettings => ({
    count: { min: values.number(`pet.${name}.count.min`), max },
    time: { min: values.number(`pet.${name}.time.min`), max: limits.timeMax[name], grace: values.number(`pet.${name}.time.grace`) },
  });
  const list = (key: string): readonly string[] => values.get(key) as readonly string[];
  const optional = (key: string): string | undefined => (values.given(key) ? values.text(key) : undefined);
  const admin = values.given('admin.bind_address') ? parseBindAddress(values.text('admin.bind_address')) : undefined;
  const fleet = values.given('fleet.bind_address') ? parseBindAddress(values.text('fleet.bind_address'))! : { host, port: 0 };
  return {
    api: {
      host,
      port,
      corsOrigins: list('api.cors_origins'),
      tls: values.given('api.tls_certificate')
        ? { certificate: values.text('api.tls_certificate'), key: values.text('api.tls_key'), clientAuth: optional('api.tls_client_auth') }
        : undefined,
      trustedProxies: list('api.trusted_proxies'),
    },
    fleet: { ...fleet, advertise: optional('fleet.advertise')?.replace(/\/$/, '') },
    admin: admin === undefined ? undefined : { ...admin, token: adminToken(values) },
    pet: {
      sum: { prob: values.number('pet.sum.prob'), ...phase('sum', limits.sumMax) },
      update: { prob: values.number('pet.update.prob'), ...phase('update', limits.updateMax) },
      sum2: phase('sum2', limits.sum2Max),
    },
    mask: limits.mask,
    modelLength: values.number('model.length'),
    store: {
      kind: values.text('store.kind') as Settings['store']['kind'],
      blobs: values.text('store.blobs') as 'store' | 's3',
      path: values.text('store.path'),
      keepModels: values.number('store.keep_models'),
      keepRounds: values.number('store.keep_rounds'),
      key: optional('store.key'),
      keyFile: optional('store.key_file'),
      timeout: values.number('store.timeout'),
    },
    redis:
      values.text('store.kind') === 'redis'
        ? { url: values.text('redis.url'), prefix: values.text('redis.prefix'), lease: values.number('redis.lease'), tlsCa: optional('redis.tls_ca') }
        : undefined,
    s3: values.text('store.blobs') === 's3' ? s3Settings(values) : undefined,
    showMaskedUpdate: values.flag('page.masked_update'),
    intake: { workers: values.given('intake.workers') ? values.number('intake.workers') : undefined },
    limits: {
      requestsPerSecond: values.number('limits.requests_per_second'),
      bytesPerSecond: values.number('limits.bytes_per_second'),
      connectionsPerAddress: values.number('limits.connections_per_address'),
      participantsPerAddress: values.number('limits.participants_per_address'),
      messagesPerKey: values.number('limits.messages_per_key'),
      exemptAddresses: list('limits.exempt_addresses'),
    },
    influxdb: values.given('metrics.influxdb.url') ? { url: values.text('metrics.influxdb.url'), db: values.text('metrics.influxdb.db') } : undefined,
    record: values.given('record.path')
      ? { path: values.text('record.path'), maxBytes: values.number('record.max_bytes'), keep: values.number('record.keep') }
      : undefined,
    restore: values.flag('restore.enable'),
    compat: {
      plurality: values.flag('compat.plurality'),
      unverifiedSumSignature: values.flag('compat.unverified_sum_signature'),
      trailingBytes: values.flag('compat.trailing_bytes'),
      statusCodes: values.flag('compat.status_codes'),
      arrivalOrder: values.flag('compat.arrival_order'),
      noQuarantine: values.flag('compat.no_quarantine'),
    },
    log: { level, http, format: values.text('log.format') as LogFormat },
    notices: values.notices,
  };
}

function s3Settings(values: Values): S3Settings {
  const optional = (key: string): string | undefined => (values.given(key) ? values.text(key) : undefined);
  return {
    ...parseS3Region(values.get('s3.region') as string | readonly string[])!,
    accessKey: optional('s3.access_key'),
    secretAccessKey: optional('s3.secret_access_key'),
    prefix: optional('s3.prefix') ?? '',
    buckets: { globalModels: values.text('s3.buckets.global_models'), rounds: values.text('s3.buckets.rounds') },
  };
}

const SHORTEST_TOKEN = 16;

/** The token itself or the first line of its file; checkSettings has made sure that there is one of the two. */
function adminToken(values: Values): string {
  if (values.given('admin.token')) return values.text('admin.token');
  const token = readText(values.text('admin.token_file')).split('\n', 1)[0]!.trim();
  if (token.length >= SHORTEST_TOKEN && !/\s/.test(token)) return token;
  values.report('admin.token_file', `must name a file whose first line is a token of ${SHORTEST_TOKEN} characters or more, without spaces`);
  throw new SettingsError(values.problems);
}
