// `npm run scaling`: from what was measured of a fleet (measured.json) to deployments that nobody has measured. Every number of docs/SCALING.md
// comes from here, and a test holds the document, this arithmetic and the measurements together.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BAR, closingCpu, coordinationIn, type Measured } from './report.ts';
import type { RoundResult } from './scenarios.ts';

export const MEASURED: URL = new URL('measured.json', import.meta.url);
const DOCUMENT = new URL('../../docs/SCALING.md', import.meta.url);

/** A deployment, and what is supposed of its surroundings. */
export interface Deployment {
  readonly participants: number;
  readonly weights: number;
  /** Update and sum participants of a round. */
  readonly updates: number;
  readonly sums: number;
  /** Seconds of the update phase, and of the sum2 phase. */
  readonly updateSeconds: number;
  readonly sum2Seconds: number;
  /** Seconds between two polls of a participant. */
  readonly pollEvery: number;
  /** Places of the CDN, and seconds that each may hold /params and the newest model's name without asking. */
  readonly edges: number;
  readonly held: number;
  /** Cores of a process, and the part of them that may be used. */
  readonly cores: number;
  readonly use: number;
  /** Bits a second: of all uploads together, and of a sum participant. */
  readonly ingest: number;
  readonly line: number;
  /** Threads of a sum participant. */
  readonly threads: number;
  /** Bytes of memory: of Redis, and of a process for the seeds of a round. */
  readonly redisMemory: number;
  readonly processMemory: number;
}

const HOUR = 3600;
const GB = 1e9;

/** What is supposed where nothing else is said. */
export const SUPPOSED: Deployment = {
  participants: 1e6,
  weights: 25e6,
  updates: 1e4,
  sums: 10,
  updateSeconds: 2 * HOUR,
  sum2Seconds: 2 * HOUR,
  pollEvery: 60,
  edges: 50,
  held: 2,
  cores: 4,
  use: 0.6,
  ingest: 100e9,
  line: 100e6,
  threads: 4,
  redisMemory: 64 * GB,
  processMemory: 8 * GB,
};

/** The deployments of the document. */
export const DEPLOYMENTS: Readonly<Record<string, Deployment>> = {
  'all in one round': { ...SUPPOSED, updates: 1e6, updateSeconds: 24 * HOUR },
  'one in a hundred': SUPPOSED,
  'one in ten, 10⁶ weights': { ...SUPPOSED, weights: 1e6, updates: 1e5 },
};

/** Of the format (docs/PROTOCOL.md, docs/S3.md): bytes of a masked weight, of a seed in an update, of one in the row of a sum participant. */
const WEIGHT_BYTES = 7;
const SEED_BYTES = 32 + 80;
const ROW_BYTES = 32 + 8 + 80;
/** A seed in the memory of every process in the sum2 phase (docs/OPERATING.md, Sizing). */
const SEED_IN_MEMORY = 400;
/** An object larger than that is put in parts of that size, with one request to begin and one to end. */
const PART_BYTES = 16 * 2 ** 20;
/** What a member adds up between two stored sums. */
const SUM_BYTES = 64 * 2 ** 20;
const FEWEST_IN_A_SUM = 16;
/** Fewer updates tell nothing of looks, which members make by themselves, too. */
const FEWEST_COUNTED = 40;
/** Models that the default masking configuration can add up. */
const MOST_MODELS = 1e6;

/** What a deployment asks for. CPU in seconds. */
export interface Estimate {
  readonly message: number;
  readonly uploaded: number;
  readonly uploadRate: number;
  readonly cpuPerUpdate: number;
  readonly coordination: number;
  readonly coordinationShare: number;
  readonly coresUsed: number;
  readonly processes: number;
  readonly processRate: number;
  readonly redisOperations: number;
  readonly redisCpu: number;
  readonly redisBusy: number;
  readonly redisMemory: number;
  readonly storageRequests: number;
  readonly storageRequestsPerUpdate: number;
  readonly storageBytes: number;
  readonly storagePeak: number;
  readonly polls: number;
  readonly pollsHeld: number;
  readonly pollCores: number;
  readonly modelBytes: number;
  readonly floatBytes: number;
  readonly modelDownloads: number;
  readonly modelFromOrigin: number;
  readonly rowBytes: number;
  readonly derive: number;
  readonly open: number;
  readonly rowTime: number;
  readonly maskUpload: number;
  readonly participantCpu: number;
  readonly closing: number;
  readonly unmasking: number;
  readonly breaks: readonly Break[];
}

/** Something that does not go on for ever: updates of a round at which it is used up. */
export interface Break {
  readonly what: string;
  readonly updates: number;
  readonly todo: string;
}

/** A value of the rounds by length: measured ones joined by straight lines, in proportion beyond the longest. */
function along(points: readonly (readonly [number, number])[], length: number): number {
  const sorted = [...points].sort(([a], [b]) => a - b);
  const last = sorted.at(-1)!;
  if (length >= last[0]) return (last[1] * length) / last[0];
  const at = Math.max(
    1,
    sorted.findIndex(([of]) => of > length),
  );
  const [a, b] = [sorted[at - 1]!, sorted[at] ?? last];
  return Math.max(0, a[1] + ((b[1] - a[1]) * (length - a[0])) / (b[0] - a[0] || 1));
}

/** Rounds of fleets with masked models in S3, of each length the one with most processes. */
function fleetRounds({ rounds }: Measured): RoundResult[] {
  const fleets = rounds.filter(({ blobs }) => blobs === 's3');
  return [...new Set(fleets.map(({ length }) => length))].map((length) =>
    fleets.filter((round) => round.length === length).reduce((best, round) => (round.coordinators > best.coordinators ? round : best)),
  );
}

/** From what was measured to what a deployment asks for. */
export function estimate(measured: Measured, deployment: Deployment): Estimate {
  const { participants, weights, updates, sums, updateSeconds, sum2Seconds, pollEvery, edges, held, cores, use, ingest, line, threads } = deployment;
  const { coordination, polling, participant } = measured;
  const rounds = fleetRounds(measured);
  const by = (value: (round: RoundResult) => number): number =>
    along(
      rounds.map((round) => [round.length, value(round)]),
      weights,
    );
  const one = coordination.find((result) => result.members === 1 && result.sums === 1)!;
  const many = coordination.find((result) => result.members === 1 && result.sums > 1)!;
  const fleet = coordination.filter((result) => result.sums === 1).reduce((a, b) => (b.members > a.members ? b : a));
  const perSeed = (value: (result: typeof one) => number): number => Math.max(0, (value(many) - value(one)) / (many.sums - one.sums));

  const object = WEIGHT_BYTES * weights;
  const message = object + SEED_BYTES * sums;
  const seedCpu = perSeed(({ verdict }) => verdict.member);
  // Of the fleets that were measured the one that coordinates most for an update.
  const enough = rounds.filter(({ counted }) => counted >= FEWEST_COUNTED);
  const costs = enough.map((round) => coordinationIn(round, coordination.find(({ members, sums }) => members === round.coordinators && sums === 1) ?? fleet));
  const most = costs.reduce((a, b) => (b.member + b.redis > a.member + a.redis ? b : a));
  const scripts = Math.max(...enough.map(({ redis, counted }) => (redis?.scripts ?? 0) / counted));
  const memberCpu = most.member + seedCpu * (sums - 1);
  const redisPerUpdate = most.redis + perSeed(({ verdict }) => verdict.redis) * (sums - 1);
  const cpuPerUpdate = by(({ cpu, counted }) => cpu / counted) + seedCpu * (sums - 1);
  const alone = along(
    measured.rounds.filter(({ coordinators }) => coordinators === 0).map(({ length, cpu, counted }) => [length, cpu / counted]),
    weights,
  );

  const everyone = participants / pollEvery;
  const pollsHeld = Math.min(everyone, edges / held);
  const pollCores = pollsHeld * polling.follower.member;
  const coresUsed = (updates * cpuPerUpdate) / updateSeconds + pollCores;
  const processes = Math.max(2, Math.ceil(coresUsed / (cores * use)));

  const parts = Math.ceil(object / PART_BYTES);
  const puts = parts > 1 ? parts + 2 : 1;
  const every = Math.max(FEWEST_IN_A_SUM, Math.floor(SUM_BYTES / object));
  const folds = updates / every + processes;
  const storageRequests = updates * puts + folds * (puts + 1) + processes + 2 * puts;

  const longest = rounds.reduce((a, b) => (b.length > a.length ? b : a));
  const modelBytes = (longest.model / longest.length) * weights;
  const floatBytes = 4 * weights;
  const redisMemory = updates * (one.memory + perSeed(({ memory }) => memory) * (sums - 1));
  const rowBytes = 8 + (ROW_BYTES + 8) * updates;
  const closing = by((round) => closingCpu(round) / round.coordinators) * processes;
  const breaks: Break[] = [
    {
      what: `a sum participant derives the masks within the sum2 phase (${duration(sum2Seconds)}, ${threads} threads)`,
      updates: (sum2Seconds * threads) / (weights * participant.derive + participant.openSeed),
      todo: 'fewer updates a round (pet.update.prob), a longer sum2 phase, sum participants on servers with more threads, fewer weights',
    },
    {
      what: `uploads on a line of ${rate(ingest)} within the update phase (${duration(updateSeconds)})`,
      updates: (ingest * updateSeconds) / (8 * message),
      todo: 'a longer update phase, load balancers on several lines, fewer weights',
    },
    { what: 'models that the masking configuration can add up (M6)', updates: MOST_MODELS, todo: 'model_type M9 or M12, with more bytes a weight' },
    {
      what: `memory of Redis (${bytes(deployment.redisMemory)})`,
      updates: deployment.redisMemory / (redisMemory / updates),
      todo: 'a larger machine, fewer sum participants',
    },
    {
      what: `memory of a process for the seeds (${bytes(deployment.processMemory)})`,
      updates: deployment.processMemory / (SEED_IN_MEMORY * sums),
      todo: 'more memory, fewer sum participants',
    },
    {
      what: `Redis, one thread at ${Math.round(100 * use)} %`,
      updates: (use * updateSeconds) / redisPerUpdate,
      todo: 'a longer update phase, fewer sum participants',
    },
  ];
  return {
    message,
    uploaded: updates * message,
    uploadRate: (8 * updates * message) / updateSeconds,
    cpuPerUpdate,
    coordination: memberCpu + redisPerUpdate,
    coordinationShare: (memberCpu + redisPerUpdate) / alone,
    coresUsed,
    processes,
    processRate: (8 * updates * message) / updateSeconds / processes,
    redisOperations: (updates * scripts) / updateSeconds + pollsHeld,
    redisCpu: updates * redisPerUpdate,
    redisBusy: (updates * redisPerUpdate) / updateSeconds + pollsHeld * polling.follower.redis,
    redisMemory,
    storageRequests,
    storageRequestsPerUpdate: storageRequests / updates,
    storageBytes: (updates + folds) * object,
    storagePeak: processes * (every + 2) * object,
    polls: everyone,
    pollsHeld,
    pollCores,
    modelBytes,
    floatBytes,
    modelDownloads: participants * floatBytes,
    modelFromOrigin: edges * floatBytes,
    rowBytes,
    derive: (updates * weights * participant.derive) / threads,
    open: (updates * participant.openSeed) / threads,
    rowTime: (8 * rowBytes) / line,
    maskUpload: (8 * object) / line,
    participantCpu: weights * (participant.mask + participant.seal) + sums * participant.sealSeed,
    closing,
    unmasking: by(({ unmasking }) => unmasking),
    breaks: breaks.sort((a, b) => a.updates - b.updates),
  };
}

/** What follows for some deployments, as the tables of the document. */
export function scalingText(measured: Measured, deployments: Readonly<Record<string, Deployment>> = DEPLOYMENTS): string {
  const all = Object.entries(deployments).map(([name, deployment]) => ({ name, deployment, found: estimate(measured, deployment) }));
  type Column = (typeof all)[number];
  const row = (what: string, value: (column: Column) => string): string => `| ${what} | ${all.map(value).join(' | ')} |`;
  const head = (title: string): string[] => [row(title, ({ name }) => name), `| --- |${' ---: |'.repeat(all.length)}`];
  const table = [
    ...head('supposed'),
    row('participants', ({ deployment }) => count(deployment.participants)),
    row('weights', ({ deployment }) => count(deployment.weights)),
    row('updates a round, sum participants', ({ deployment }) => `${count(deployment.updates)}, ${count(deployment.sums)}`),
    row('update phase', ({ deployment }) => duration(deployment.updateSeconds)),
    row('a participant polls every', ({ deployment }) => duration(deployment.pollEvery)),
    row('places of the CDN, each may hold /params for', ({ deployment }) => `${count(deployment.edges)}, ${duration(deployment.held)}`),
    row('cores of a process, used at most', ({ deployment }) => `${deployment.cores}, ${Math.round(100 * deployment.use)} %`),
    '',
    ...head('coordinators'),
    row('a message with an update', ({ found }) => bytes(found.message)),
    row('CPU of an update', ({ found }) => seconds(found.cpuPerUpdate)),
    row(
      `coordination of it, Redis included; of one process's cost (bar: < ${100 * BAR} %)`,
      ({ found }) => `${seconds(found.coordination)}, ${percent(found.coordinationShare)}`,
    ),
    row('cores in use', ({ found }) => digits(found.coresUsed)),
    row('processes', ({ found }) => count(found.processes)),
    row('closing the phase: CPU of the sums', ({ found }) => seconds(found.closing)),
    row('masks to model, at the leader', ({ found }) => seconds(found.unmasking)),
    '',
    ...head('Redis'),
    row('scripts a second', ({ found }) => digits(found.redisOperations)),
    row('its thread is busy', ({ found }) => percent(found.redisBusy)),
    row('memory of a round', ({ found }) => bytes(found.redisMemory)),
    '',
    ...head('S3'),
    row('requests of a round; of an update', ({ found }) => `${count(found.storageRequests)}; ${digits(found.storageRequestsPerUpdate)}`),
    row('bytes put in a round', ({ found }) => bytes(found.storageBytes)),
    row('bytes there at a time', ({ found }) => bytes(found.storagePeak)),
    '',
    ...head('network'),
    row('up: all updates', ({ found }) => bytes(found.uploaded)),
    row('up, over the update phase; each process, and the same again to S3', ({ found }) => `${rate(found.uploadRate)}; ${rate(found.processRate)}`),
    row('polls a second without a CDN; with one', ({ found }) => `${digits(found.polls)}; ${digits(found.pollsHeld)}`),
    row('a global model: /model; as float32', ({ found }) => `${bytes(found.modelBytes)}; ${bytes(found.floatBytes)}`),
    row('down: float32 to everybody; of that from coordinators', ({ found }) => `${bytes(found.modelDownloads)}; ${bytes(found.modelFromOrigin)}`),
    row('seeds of one sum participant; of all', ({ found, deployment }) => `${bytes(found.rowBytes)}; ${bytes(found.rowBytes * deployment.sums)}`),
    '',
    ...head('participants'),
    row('an update participant: CPU of masking and sealing', ({ found }) => seconds(found.participantCpu)),
    row('a sum participant: downloads its seeds', ({ found }) => seconds(found.rowTime)),
    row('opens them', ({ found }) => seconds(found.open)),
    row('derives the masks', ({ found }) => seconds(found.derive)),
    row('sends the sum', ({ found }) => seconds(found.maskUpload)),
  ];
  const breaks = all.flatMap(({ name, deployment, found }) => [
    `**${name}** (${count(deployment.updates)} updates asked for)`,
    '',
    '| what is used up | at so many updates a round | what to do |',
    '| --- | ---: | --- |',
    ...found.breaks.map(({ what, updates, todo }) => `| ${what} | ${count(updates)}${updates < deployment.updates ? ' ✗' : ''} | ${todo} |`),
    '',
  ]);
  return [...table, '', ...breaks].join('\n').trim();
}

function origin({ command, date, machine, load, redis }: Measured): string {
  return `Measured by \`${command}\` on ${date}: ${machine}, Redis ${redis}, load of the machine ${digits(load[0])} to ${digits(load[1])}.`;
}

/** The document with the tables that follow from the measurements. */
export function withTables(text: string, measured: Measured): string {
  const [open, close] = ['<!-- scaling -->', '<!-- /scaling -->'];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`docs/SCALING.md has no markers ${open} … ${close}`);
  return `${text.slice(0, from + open.length)}\n${origin(measured)}\n\n${scalingText(measured)}\n${text.slice(to)}`;
}

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(MEASURED, 'utf8')) as Measured;
}

/** Puts what follows from measured.json into the document. */
export function writeScaling(): void {
  writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, 'utf8'), readMeasured()));
}

/** Three digits that count. */
function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return value >= 100 ? count(value) : String(Number(value.toPrecision(3)));
}

function count(value: number): string {
  return String(Math.round(value >= 1e4 ? Number(value.toPrecision(3)) : value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

function scaled(value: number, units: readonly string[], step: number): string {
  let at = 0;
  let left = value;
  for (; left >= step && at < units.length - 1; at++) left /= step;
  return `${digits(left)} ${units[at]}`;
}

function bytes(value: number): string {
  return scaled(value, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], 1000);
}

function rate(value: number): string {
  return scaled(value, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'], 1000);
}

function percent(part: number): string {
  return `${digits(100 * part)} %`;
}

function seconds(value: number): string {
  if (value < 1) return `${digits(1000 * value)} ms`;
  if (value < 600) return `${digits(value)} s`;
  return value < 100 * HOUR ? `${digits(value / HOUR)} h` : `${digits(value / HOUR / 24)} d`;
}

function duration(value: number): string {
  return value >= HOUR ? `${digits(value / HOUR)} h` : `${digits(value)} s`;
}

const HELP = `npm run scaling -- [options]

What a deployment asks for, extrapolated from the measurements in bench/fleet/measured.json (npm run bench:fleet -- --write makes them anew).

  --write             puts the tables into docs/SCALING.md
${Object.entries(SUPPOSED)
  .map(([name, value]) => `${`  --${name} N`.padEnd(22)}default ${value}`)
  .join('\n')}

Times in seconds, lines in bits a second, memory in bytes; docs/SCALING.md says what each is.
`;

function main(): void {
  const names = Object.keys(SUPPOSED) as (keyof Deployment)[];
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    },
  }) as { values: Record<string, string | boolean | undefined> };
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  if (values.write === true) {
    writeScaling();
    return;
  }
  const given = names.filter((name) => values[name] !== undefined);
  const own = Object.fromEntries(
    given.map((name) => {
      const value = Number(values[name]);
      if (!(value > 0 && Number.isFinite(value))) throw new TypeError(`--${name}: a number above 0 expected, ${values[name]} given`);
      return [name, value];
    }),
  );
  process.stdout.write(`${scalingText(readMeasured(), given.length === 0 ? DEPLOYMENTS : { yours: { ...SUPPOSED, ...own } })}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    process.stderr.write(`scaling: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
