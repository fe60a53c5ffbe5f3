// Every setting in one table: key, type, what is allowed, default, meaning. The schema that reads a file, the environment overrides, the
// error texts and docs/SETTINGS.md are all made from these rows, so none of them can say something else than another. As long as there are
// settings: it is read as a table, and a second file would be a second place to look.

import { z } from 'zod';
import { parseAddressRange } from '../addresses.ts';
import { parseRedisUrl } from '../stores/redis/address.ts';
import { PREFIX } from '../stores/redis/names.ts';
import { isBucketName, isKeyPrefix, parseS3Region } from '../stores/s3/options.ts';
import { parseBindAddress } from './bind-address.ts';
import { LOG_FORMATS, parseLogFilter } from './log-filter.ts';

/** What kind of value a setting takes; a `list` is an array of texts. */
export type SettingType = 'integer' | 'number' | 'text' | 'choice' | 'flag' | 'list' | 'table';

/** One setting. */
export interface SettingRow {
  /** Dotted key, as in TOML. */
  readonly key: string;
  readonly type: SettingType;
  /** The default as documented; `required` when there is none, `–` for settings that are not used. */
  readonly default: string;
  /** What is allowed, as it completes "must be …". */
  readonly range: string;
  /** What it does, and why the default is what it is. */
  readonly meaning: string;
  /** Whether the original coordinator has it too (coordinator 5.2). */
  readonly origin: 'original' | 'ours';
  /** `not used`: read for the sake of original files, with a notice; `refused`: an error that says what to do instead. */
  readonly use: 'used' | 'not used' | 'refused';
  /** True when the value must not appear in messages. */
  readonly secret: boolean;
  /** The default where it is one fixed value; others follow from other settings. */
  readonly fallback?: unknown;
  /** The names a `choice` knows. */
  readonly choices?: readonly string[] | undefined;
  /** Checks the value by itself; rules between settings are in checks.ts. */
  readonly schema: z.ZodType;
}

// Whole numbers may exceed 2^53 here (original files use the largest i64 for "no limit"): a limit too large is capped, see checks.ts.
const whole = (least: number): z.ZodType => z.number().refine((value) => Number.isInteger(value) && value >= least);

/** The longest time that a setting may ask for, in seconds: about 31 years; longer ones mean "for ever" and are capped. */
export const LONGEST_TIME = 1e9;

const LARGEST = 1_000_000;
const SMALLEST_RECORDING = 65_536;

type Given = Partial<SettingRow> & Pick<SettingRow, 'range' | 'meaning'>;

function row(key: string, type: SettingType, schema: z.ZodType, given: Given): SettingRow {
  const text = given.fallback === undefined ? 'required' : typeof given.fallback === 'object' ? JSON.stringify(given.fallback) : String(given.fallback);
  return { key, type, schema, default: text, origin: 'original', use: 'used', secret: false, ...given };
}

/** A setting of ours that is an integer, both ends included. */
function integer(key: string, least: number, most: number, given: Omit<Given, 'range'>): SettingRow {
  const schema = z.number().refine((value) => Number.isInteger(value) && value >= least && value <= most);
  return row(key, 'integer', schema, { range: `an integer from ${least} to ${most}`, origin: 'ours', ...given });
}

function choice(key: string, fallback: string, choices: readonly string[], meaning: string, origin: SettingRow['origin'] = 'original'): SettingRow {
  return row(key, 'choice', z.enum(choices), {
    fallback,
    choices,
    range: `one of ${choices.join(', ')}`,
    meaning,
    origin,
  });
}

function compatFlag(key: string, meaning: string): SettingRow {
  return row(key, 'flag', z.boolean(), { fallback: false, range: 'true or false', meaning, origin: 'ours' });
}

function phase(name: 'sum' | 'update' | 'sum2', counts: { min: Given & { least: number }; max: Given & { least: number } }, timeMin: number): SettingRow[] {
  return [
    row(`pet.${name}.count.min`, 'integer', whole(counts.min.least), counts.min),
    row(`pet.${name}.count.max`, 'integer', whole(counts.max.least), counts.max),
    row(`pet.${name}.time.min`, 'number', z.number().min(0), {
      fallback: timeMin,
      range: 'a number of seconds from 0 to time.max',
      meaning: `The ${name} phase accepts messages for at least this long, even when it has enough; gives slower participants a chance.`,
    }),
    row(`pet.${name}.time.max`, 'number', z.number().min(0), {
      default: `${name === 'sum2' ? 900 : 3600}, or time.min with time.grace if that is longer`,
      range: `a number of seconds from time.min to ${LONGEST_TIME}`,
      meaning: `The round fails when the ${name} phase has not got count.min messages by then.`,
    }),
    row(`pet.${name}.time.grace`, 'number', z.number().min(0), {
      fallback: 0,
      range: 'a number of seconds from 0 to what time.max leaves after time.min',
      meaning:
        name === 'sum2'
          ? 'How much longer the sum2 phase takes masks once it has enough after time.min, unless everybody has answered: more voters for the mask. 0 ends it at once.'
          : `How much longer the ${name} phase takes messages (up to count.max) once it has enough after time.min. With 0, as in the original, it ends at once, so that the fastest participants are always the ones.`,
      origin: 'ours',
    }),
  ];
}

function unused(key: string, type: SettingType, schema: z.ZodType, meaning: string, more: Partial<SettingRow> = {}): SettingRow {
  return row(key, type, schema, { default: '–', range: type === 'list' ? 'a text or a list of texts' : `a ${type}`, meaning, use: 'not used', ...more });
}

function tls(key: string, meaning: string): SettingRow {
  return row(key, 'text', z.string().min(1), { default: '–', range: 'a path, not empty', meaning });
}

/** A limit whose 0 means none. */
function limit(key: string, fallback: number, meaning: string): SettingRow {
  return row(key, 'number', z.number().min(0).max(1e12), { fallback, range: 'a number from 0 (no limit)', meaning, origin: 'ours' });
}

const addressRange = (): z.ZodType => z.string().refine((text) => parseAddressRange(text) !== undefined);

const BUCKET_RANGE = 'the name of a bucket: 3 to 63 of a-z 0-9 - ., not beginning or ending with - or ., and no IPv4 address';

const COUNT_CAP = 'as many as one update message can name sum participants';

/** All settings, in the order of the documentation. */
export const SETTINGS_REFERENCE: readonly SettingRow[] = [
  row(
    'log.filter',
    'text',
    z.string().refine((text) => !('bad' in parseLogFilter(text))),
    {
      fallback: 'info',
      range: 'directives like "info" or "xaynet=debug,http=warn,info" with the levels trace, debug, info, warn, error, off',
      meaning:
        'What is logged. The directive for xaynet (or the bare level) sets the level, the one for http that of the access lines, which are debug lines here.',
    },
  ),
  choice(
    'log.format',
    'auto',
    LOG_FORMATS,
    'How log lines look: "text" readable ones, "json" an object a line, "auto" readable ones on a terminal and JSON elsewhere.',
    'ours',
  ),
  row(
    'api.bind_address',
    'text',
    z.string().refine((text) => parseBindAddress(text) !== undefined),
    {
      fallback: '127.0.0.1:8081',
      range: 'IP:port with a literal address, like "127.0.0.1:8081" or "[::1]:8081"',
      meaning: 'Where the HTTP API listens. The default is reachable from this machine only; 0.0.0.0 listens on all addresses; port 0 takes any free port.',
    },
  ),
  row('api.cors_origins', 'list', z.array(z.string().regex(/^(\*|[a-z][a-z0-9+.-]*:\/\/[^/\s]+)$/i)), {
    fallback: ['*'],
    range: 'a list of web origins like "https://app.example" without a path, or "*"',
    meaning: 'Web pages that may call the API (CORS). Nothing served is secret, so the default admits every page; an empty list switches CORS off.',
    origin: 'ours',
  }),
  tls(
    'api.tls_certificate',
    'PEM file with the certificate chain of the server; with it and api.tls_key the API is HTTPS only. Relative to the working directory, as all paths.',
  ),
  tls('api.tls_key', 'PEM file with the private key of the certificate.'),
  tls('api.tls_client_auth', 'PEM file with certificates of authorities; only clients with a certificate of one of them are let in.'),
  row('api.trusted_proxies', 'list', z.array(addressRange()), {
    fallback: [],
    range: 'a list of addresses or ranges like "10.0.0.0/8"',
    meaning: 'Proxies whose X-Forwarded-For header names the address of a client; without it, everybody behind a proxy shares one budget.',
    origin: 'ours',
  }),
  row(
    'admin.bind_address',
    'text',
    z.string().refine((text) => parseBindAddress(text) !== undefined),
    {
      default: '–',
      range: 'IP:port with a literal address',
      meaning: 'Where the admin routes listen, apart from the API; none without it. They need admin.token.',
      origin: 'ours',
    },
  ),
  row('admin.token', 'text', z.string().regex(/^\S{16,}$/), {
    default: '–',
    range: 'a text of 16 characters or more, without spaces',
    meaning: 'What a caller of an admin route presents (Authorization: Bearer). Set it by XAYNET__ADMIN__TOKEN rather than in a file.',
    origin: 'ours',
    secret: true,
  }),
  row('admin.token_file', 'text', z.string().min(1), {
    default: '–',
    range: 'a path, not empty',
    meaning: 'File whose first line is the token, instead of admin.token.',
    origin: 'ours',
  }),
  row(
    'fleet.bind_address',
    'text',
    z.string().refine((text) => parseBindAddress(text) !== undefined),
    {
      default: 'the address of api.bind_address, any free port',
      range: 'IP:port with a literal address; port 0 takes any free port',
      meaning:
        'Where a process of a fleet takes chunks of messages from the others. Used only where several coordinators share a store. It belongs into a network that only they reach.',
      origin: 'ours',
    },
  ),
  row(
    'fleet.advertise',
    'text',
    z.string().refine((text) => /^http:\/\/[^/?#@]+\/?$/i.test(text) && URL.canParse(text)),
    {
      default: 'http:// with the bound address, or the name of the machine where that is a wildcard, and the port',
      range: 'an http URL without a path, like "http://10.0.0.5:9000"',
      meaning: 'Where the other processes of the fleet reach fleet.bind_address.',
      origin: 'ours',
    },
  ),
  row('page.masked_update', 'flag', z.boolean(), {
    fallback: false,
    range: 'true or false',
    meaning:
      'Show everybody a few numbers of the update that was taken last, masked as it came. For demonstrations only: a sum participant of the round can unmask them. Administrators see them anyway, at GET /admin/masked-update.',
    origin: 'ours',
  }),
  row('pet.sum.prob', 'number', z.number().gt(0).lt(1), {
    fallback: 0.25,
    range: 'a number above 0 and below 1',
    meaning:
      'Probability that a participant is selected for the sum task. 0.25 finds five among about forty; with a large fleet choose it so that prob × participants is a little above count.min.',
  }),
  ...phase(
    'sum',
    {
      min: {
        least: 1,
        fallback: 5,
        range: 'an integer from 1 to pet.sum.count.max',
        meaning: 'Sum participants a round needs. Below 5, one dishonest participant weighs too much in the vote on the mask, so less draws a notice.',
      },
      max: {
        least: 1,
        default: '100, or count.min if that is more',
        range: `an integer from pet.sum.count.min to ${COUNT_CAP}; more is capped`,
        meaning: 'Sum participants a round admits. Each costs every updater 112 bytes and a sealed box.',
      },
    },
    5,
  ),
  row('pet.update.prob', 'number', z.number().gt(0).lte(1), {
    fallback: 0.9,
    range: 'a number above 0 and at most 1',
    meaning: 'Probability that a participant not selected for sum is selected for update.',
  }),
  ...phase(
    'update',
    {
      min: {
        least: 3,
        fallback: 10,
        range: 'an integer from 3 to the maximum models of mask.model_type',
        meaning: 'Updates a round needs. The protocol wants 3; each participant hides among as many, so the default is 10 and more is better.',
      },
      max: {
        least: 3,
        default: '10000, or count.min if that is more; at most the maximum models of mask.model_type',
        range: 'an integer from pet.update.count.min to the maximum models of mask.model_type; more is capped',
        meaning: 'Updates a round admits.',
      },
    },
    10,
  ),
  ...phase(
    'sum2',
    {
      min: {
        least: 1,
        default: 'two thirds of pet.sum.count.min, rounded up',
        range: 'an integer from 1 to pet.sum2.count.max',
        meaning: 'Masks a round needs. A forger answers at once, honest participants must compute, so a round should wait for most of them.',
      },
      max: {
        least: 1,
        default: 'pet.sum.count.max',
        range: 'an integer from pet.sum2.count.min to pet.sum.count.max',
        meaning: 'Masks a round admits.',
      },
    },
    5,
  ),
  choice(
    'mask.group_type',
    'Power2',
    ['Integer', 'Prime', 'Power2'],
    'How the group order is chosen. With F32, B0 and M6, Power2 needs the least random data of all configurations (16 bytes a weight) and 7 bytes a weight on the wire; xaynet config explain tells of the others.',
  ),
  choice('mask.data_type', 'F32', ['F32', 'F64', 'I32', 'I64'], 'Type of the weights that participants train.'),
  choice(
    'mask.bound_type',
    'B0',
    ['B0', 'B2', 'B4', 'B6', 'Bmax'],
    'Weights lie within ±1, ±100, ±10^4, ±10^6, or anywhere in the data type; others are clamped.',
  ),
  choice(
    'mask.model_type',
    'M6',
    ['M3', 'M6', 'M9', 'M12'],
    'Most models a round can sum: 10^3, 10^6, 10^9, 10^12. Room above the real number makes a forged mask visible, hence M6.',
  ),
  row('model.length', 'integer', whole(1), {
    range: 'an integer from 1 to what one update message of 2^32 - 1 bytes holds (613 million with the default mask)',
    meaning: 'Number of weights of the model. An original participant may send an update as one message, whose length field has 32 bits.',
  }),
  choice(
    'store.kind',
    'embedded',
    ['embedded', 'memory', 'redis'],
    'Where rounds are kept: in files that survive a restart, in memory only, or in the Redis of [redis], which needs store.key or store.key_file.',
    'ours',
  ),
  choice(
    'store.blobs',
    'store',
    ['store', 's3'],
    'Where large bytes are: with the rest, or in the buckets of [s3]. With the kind redis these are masked models, checkpoints, masks and global models; with embedded and memory copies of the global models that are kept.',
    'ours',
  ),
  row('store.path', 'text', z.string().min(1), {
    fallback: 'xaynet-data',
    range: 'a path, not empty',
    meaning: 'Folder of the embedded store, relative to the working directory; made when it is missing. One coordinator a folder.',
    origin: 'ours',
  }),
  integer('store.keep_models', 0, LARGEST, {
    fallback: 10,
    meaning:
      'Global models that are kept, the latest included; older ones are deleted when a round stores a new one. 0 keeps all, and the store then grows by one model a round.',
  }),
  integer('store.keep_rounds', 0, LARGEST, {
    fallback: 1000,
    meaning: 'Signed records of past rounds that are kept (about 1 kB each); 0 keeps all.',
  }),
  row('store.key', 'text', z.string().regex(/^[0-9a-f]{64}$/i), {
    default: '–',
    range: '64 hexadecimal digits',
    meaning: 'Key that wraps secrets in the store. Set it by XAYNET__STORE__KEY, never in a file beside the data.',
    origin: 'ours',
    secret: true,
  }),
  row('store.key_file', 'text', z.string().min(1), {
    default: 'store.key in the data folder, made at the first start',
    range: 'a path, not empty',
    meaning: 'File with that key as 64 hexadecimal digits, mode 0600. Keep it apart from backups of the data folder.',
    origin: 'ours',
  }),
  row('store.timeout', 'number', z.number().min(0.1).max(3600), {
    fallback: 30,
    range: 'a number of seconds from 0.1 to 3600',
    meaning: 'How long one call of the store may take before it counts as failed; messages are then refused with 503 until the store works again.',
    origin: 'ours',
  }),
  integer('intake.workers', 0, 64, {
    default: 'one less than the processors, at least 1',
    meaning: 'Threads that open and verify messages. 0 does it on the main thread, which then answers slowly while large messages arrive.',
  }),
  limit(
    'limits.requests_per_second',
    100,
    'Requests of one address a second, after a first burst of ten seconds of them; more are answered 429 with Retry-After.',
  ),
  limit(
    'limits.bytes_per_second',
    64 * 1024 * 1024,
    'Bytes of bodies from one address a second, after a first burst of ten seconds of them or two largest messages.',
  ),
  limit('limits.connections_per_address', 256, 'Connections of one address at a time.'),
  limit('limits.participants_per_address', 256, 'Different participant keys of one address that one phase admits (threats T5).'),
  limit(
    'limits.messages_per_key',
    4,
    'Complete messages of one participant key that one phase looks at; honest participants send one and repeat it when an answer is lost.',
  ),
  row('limits.exempt_addresses', 'list', z.array(addressRange()), {
    fallback: ['127.0.0.0/8', '::1'],
    range: 'a list of addresses or ranges like "10.0.0.0/8"',
    meaning: 'Addresses without these limits. A reverse proxy on the same machine belongs into api.trusted_proxies, or nobody behind it is limited.',
    origin: 'ours',
  }),
  row('record.path', 'text', z.string().min(1), {
    default: '–',
    range: 'a path, not empty',
    meaning:
      'Folder into which the events of rounds are recorded, for xaynet replay; nothing is recorded without it. No keys, seeds or models are in a recording.',
    origin: 'ours',
  }),
  integer('record.max_bytes', SMALLEST_RECORDING, 2 ** 30, {
    fallback: 16 * 1024 * 1024,
    meaning: 'Bytes of one file of a recording; the next one goes on where it ends. A message takes about 400 bytes.',
  }),
  integer('record.keep', 0, LARGEST, {
    fallback: 8,
    meaning: 'Files of recordings that are kept, the one being written included; older ones are deleted. 0 keeps all, and the folder then grows for ever.',
  }),
  row('restore.enable', 'flag', z.boolean(), {
    fallback: true,
    range: 'true or false',
    meaning:
      'Go on from what the store holds. With false it is emptied at every start, records of past rounds included, and rounds begin at 1 again; models stay.',
  }),
  compatFlag('compat.plurality', 'Take the most frequent mask as the original does, even without a majority of the sum participants.'),
  compatFlag('compat.unverified_sum_signature', 'Take updates whose sum signature does not verify, as the original does.'),
  compatFlag('compat.trailing_bytes', 'Take messages with bytes after their content, as the original does.'),
  compatFlag('compat.status_codes', 'Answer wrong methods, HEAD, OPTIONS and a missing pk with 500, as the original does.'),
  compatFlag(
    'compat.arrival_order',
    'Take the first pet.sum.count.max sum participants as the original does, instead of drawing them at random from all that came until time.min.',
  ),
  compatFlag(
    'compat.no_quarantine',
    'Let everybody update after a round that somebody garbled, as the original does, instead of finding out who it was by leaving parts of its participants out.',
  ),
  row(
    'metrics.influxdb.url',
    'text',
    z.string().refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text)),
    {
      default: '–',
      range: 'an http or https URL',
      meaning: 'An InfluxDB 1.x to which the measurements of the original are sent, in its line protocol. User and password may stand in the URL.',
      secret: true,
    },
  ),
  row('metrics.influxdb.db', 'text', z.string().min(1), { fallback: 'metrics', range: 'a name, not empty', meaning: 'Database in that InfluxDB.' }),
  row(
    'redis.url',
    'text',
    z.string().refine((text) => parseRedisUrl(text) !== undefined),
    {
      default: '–',
      range: 'redis://[[user]:password@]host[:port][/database], rediss://… for TLS, or unix:///path',
      meaning: 'The Redis, 7 or newer, in which rounds are kept when store.kind is redis; else it is read and not used. Set a password by XAYNET__REDIS__URL.',
      secret: true,
    },
  ),
  row('redis.prefix', 'text', z.string().regex(PREFIX), {
    fallback: 'xaynet',
    range: '1 to 64 of A-Z a-z 0-9 _ . -',
    meaning:
      'What all keys in Redis begin with, in braces. Coordinators with the same prefix run the same rounds together, as a fleet; another one for whatever else uses this Redis. The original has none.',
    origin: 'ours',
  }),
  row('redis.lease', 'number', z.number().min(1).max(3600), {
    fallback: 3,
    range: 'a number of seconds from 1 to 3600',
    meaning:
      'How long the coordinator that leads the fleet goes on leading after it was last heard of; when it dies another one leads within twice that. It is renewed fifteen times as often.',
    origin: 'ours',
  }),
  row('redis.tls_ca', 'text', z.string().min(1), {
    default: 'the authorities that Node knows',
    range: 'a path, not empty',
    meaning: 'PEM file with the authorities that the certificate of a rediss:// server may be of.',
    origin: 'ours',
  }),
  row('s3.access_key', 'text', z.string().min(1), {
    default: '–',
    range: 'a text, not empty',
    meaning:
      'Access key for S3, with s3.secret_access_key. Without both, the environment (AWS_ACCESS_KEY_ID), the files in ~/.aws and the role of the machine are looked at. [s3] is used when store.blobs is s3.',
    secret: true,
  }),
  row('s3.secret_access_key', 'text', z.string().min(1), {
    default: '–',
    range: 'a text, not empty',
    meaning: 'Secret key for S3. Set it by XAYNET__S3__SECRET_ACCESS_KEY rather than in a file.',
    secret: true,
  }),
  row(
    's3.region',
    'list',
    z.union([z.string(), z.array(z.string())]).refine((value) => parseS3Region(value) !== undefined),
    {
      default: '–',
      range: 'a code like "eu-west-1", or a name and the URL of the server, ["minio", "http://localhost:9000"] or "minio http://localhost:9000"',
      meaning: 'Region of S3; with a URL (without user, password or query) a server of your own, whose buckets are named in the path.',
      secret: true, // a URL can hold a password
    },
  ),
  row('s3.buckets.global_models', 'text', z.string().refine(isBucketName), {
    fallback: 'global-models',
    range: BUCKET_RANGE,
    meaning: 'Bucket for global models, each under its id, as the original names them; made when it is missing.',
  }),
  row('s3.buckets.rounds', 'text', z.string().refine(isBucketName), {
    default: 's3.buckets.global_models with -rounds after it',
    range: BUCKET_RANGE,
    meaning:
      'Bucket for masked models and checkpoints, where the store has none of its own for them; made when it is missing. Apart from the other, because nobody else should read it.',
    origin: 'ours',
  }),
  row('s3.prefix', 'text', z.string().min(1).refine(isKeyPrefix), {
    default: '–',
    range: '1 to 256 of A-Z a-z 0-9 _ . / -, not beginning with a slash',
    meaning: 'Put before every key, so that several installations share buckets, "fleet-1/" for example. The original has none.',
    origin: 'ours',
  }),
  unused('trust_anchor', 'table', z.strictObject({}), 'Reserved by the original.', { range: 'an empty table' }),
];

/** Rows by key. */
export const SETTINGS_BY_KEY: ReadonlyMap<string, SettingRow> = new Map(SETTINGS_REFERENCE.map((entry) => [entry.key, entry]));

interface Tree {
  [part: string]: Tree | z.ZodType;
}

/** The schema of a whole settings file: nested tables, nothing unknown, every setting optional (what is missing is filled in later). */
export function settingsSchema(): z.ZodType {
  const tree: Tree = {};
  for (const { key, schema } of SETTINGS_REFERENCE) {
    const path = key.split('.');
    const last = path.pop()!;
    let table = tree;
    for (const part of path) {
      table[part] ??= {};
      table = table[part] as Tree;
    }
    table[last] = schema;
  }
  const build = (node: Tree): z.ZodType =>
    z.strictObject(Object.fromEntries(Object.entries(node).map(([part, below]) => [part, (below instanceof z.ZodType ? below : build(below)).optional()])));
  return build(tree);
}

/** The table of docs/SETTINGS.md. */
export function settingsTable(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = SETTINGS_REFERENCE.map((entry) => {
    const mark = entry.origin === 'ours' ? '●' : entry.use === 'used' ? '' : entry.use;
    return `| \`${entry.key}\` | ${mark} | ${entry.type} | ${cell(entry.default)} | ${cell(entry.range)} | ${cell(entry.meaning)} |`;
  });
  return ['| key | | type | default | allowed | meaning |', '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n');
}
