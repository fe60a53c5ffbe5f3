// Mutated messages against a running coordinator: 100 000 of them by default, through all three phases that take messages, over HTTP to a
// process of its own. At the end every refusal must have had a code, memory must be flat, and an honest round must come to the right model.

import { equalBytes, toBase64 } from '@xaynet/core/bytes';
import { seal } from '@xaynet/core/crypto';
import { ERRORS } from '@xaynet/core/errors';
import { type MaskObject, modelToWeights } from '@xaynet/core/mask';
import { signMessage } from '@xaynet/core/message';
import { decodeModel, decodeRoundParams, decodeSumDict, decodeUpdateSeedDict, type RoundParams, type SumDict } from '@xaynet/core/round';
import { Chance } from './chance.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { type Base, mutant } from './mutations.ts';
import { type FuzzOptions, readFuzzOptions } from './options.ts';
import { maskBase, type Peer, peers, sum2Base, sumBase, updateBase } from './peers.ts';

const SUMS = 24;
const UPDATES = 24;
const WEIGHTS = 4;
/** Participants whose messages are mutated; in each phase fewer than half of those that decide. */
const BASES = 8;
const CONNECTIONS = 16;
/** Growth of memory between the middle and the end that is not flat any more; V8 takes some 40 seconds until its heap has the size it stays at. */
const FLAT_BYTES = 64 * 1024 * 1024;

// Phases end with the message that makes them complete, so that the fuzzer decides when; budgets would keep most messages from the round.
const SETTINGS = `
[log]
filter = "error"
[api]
bind_address = "127.0.0.1:0"
[pet.sum]
prob = 0.4
count = { min = ${SUMS}, max = ${SUMS} }
time = { min = 0, max = 3600 }
[pet.update]
prob = 0.9
count = { min = ${UPDATES}, max = ${UPDATES} }
time = { min = 0, max = 3600 }
[pet.sum2]
count = { min = ${SUMS - BASES}, max = ${SUMS} }
time = { min = 0, max = 3600 }
[model]
length = ${WEIGHTS}
[limits]
messages_per_key = 0
[store]
path = "data"
`;

/** What came of it. */
export interface FuzzReport {
  readonly seed: number;
  readonly sent: number;
  readonly seconds: number;
  /** Verdicts and how often each was given. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Resident bytes of the coordinator: at the start, after half of the messages, at the end. */
  readonly memory: readonly (number | undefined)[];
  /** What was not as it must be; empty when all is well. */
  readonly problems: readonly string[];
}

/** Runs the fuzzer. Rejects when the coordinator cannot be started. */
export async function fuzz({ count, seed }: FuzzOptions): Promise<FuzzReport> {
  const coordinator = await CoordinatorProcess.start(SETTINGS);
  const run = new Run(coordinator, new Chance(seed));
  const began = performance.now();
  try {
    await run.all(count);
  } catch (error) {
    run.problems.push(`the run broke off: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!coordinator.isRunning) run.problems.push('the coordinator has ended');
  const { log } = coordinator;
  const code = await coordinator.stop();
  if (code !== 0) run.problems.push(`the coordinator ended with ${code}`);
  // Mutated updates that are valid may spoil the first round, which is then said to have failed.
  const errors = log.split('\n').filter((line) => line !== '' && !line.includes('"the round failed"'));
  if (errors.length > 0) run.problems.push(`the coordinator logged errors: ${errors.join(' ').slice(0, 500)}`);
  const verdicts = Object.fromEntries([...run.verdicts].sort(([, a], [, b]) => b - a));
  return { seed, sent: run.sent, seconds: (performance.now() - began) / 1000, verdicts, memory: run.memory, problems: run.problems };
}

class Run {
  readonly #coordinator: CoordinatorProcess;
  readonly #chance: Chance;
  readonly verdicts = new Map<string, number>();
  readonly problems: string[] = [];
  readonly memory: (number | undefined)[] = [];
  sent = 0;

  constructor(coordinator: CoordinatorProcess, chance: Chance) {
    this.#coordinator = coordinator;
    this.#chance = chance;
  }

  async all(count: number): Promise<void> {
    this.memory.push(this.#coordinator.memory);
    const params = await this.#newParams(new Uint8Array(32));
    await this.#round(params, count);
    this.memory.push(this.#coordinator.memory);
    const next = await this.#newParams(params.seed);
    await this.#round(next, 0);
    await this.#checkModel();
    const [, early = 0, late = 0] = this.memory;
    if (late - early > FLAT_BYTES) this.problems.push(`memory grew by ${late - early} bytes`);
  }

  /** One round, with so many mutated messages spread over its phases; then honest messages end each of them. */
  async #round(params: RoundParams, count: number): Promise<void> {
    const chance = this.#chance;
    const strangers = peers(params, 'update', 2, chance);
    const bases = peers(params, 'sum', BASES, chance);
    const honest = peers(params, 'sum', SUMS, chance);
    await this.#mutants([...bases.map(sumBase), ...strangers.map(sumBase)], params, Math.floor(count / 5));
    const sums = await this.#until('the sum dictionary', () => this.#sums(), honest.map(sumBase), params);
    const ours = honest.filter(({ keys }) => sums.has(keys.publicKey));

    const update = (peer: Peer, i: number): Base =>
      updateBase(
        peer,
        params,
        sums,
        Float32Array.from({ length: WEIGHTS }, (_, at) => ((i % 3) + at) / 10),
        chance,
      );
    const forUpdate = peers(params, 'update', BASES, chance).map(update);
    const half = Math.floor((count * 3) / 10);
    await this.#mutants(forUpdate, params, half);
    if (count > 0) this.memory.push(this.#coordinator.memory);
    await this.#mutants(forUpdate, params, Math.floor((count * 3) / 5) - half);
    const updates = peers(params, 'update', UPDATES, chance).map(update);
    const path = `/seeds?pk=${encodeURIComponent(toBase64(ours[0]!.keys.publicKey))}`;
    await this.#until('the seeds', async () => (await this.#coordinator.get(path)).status === 200 || undefined, updates, params);

    const voters = bases.filter(({ keys }) => sums.has(keys.publicKey));
    const object = anyMask(params);
    const forSum2 = [...(voters.length === 0 ? bases : voters).map((peer) => maskBase(peer, object)), ...strangers.map((peer) => maskBase(peer, object))];
    await this.#mutants(forSum2, params, count - Math.floor(count / 5) - Math.floor((count * 3) / 5));
    // After mutated updates the seeds open for nobody, perhaps; whoever agrees on a mask ends the round, and it may fail.
    for (const peer of ours) {
      const { status, body } = await this.#coordinator.get(`/seeds?pk=${encodeURIComponent(toBase64(peer.keys.publicKey))}`);
      if (status !== 200) break; // the masks so far have decided
      await this.#send(count === 0 ? sum2Base(peer, params, decodeUpdateSeedDict(body)) : maskBase(peer, object), params);
    }
  }

  /** Sends mutated messages over several connections and counts what is said about them. */
  async #mutants(bases: readonly Base[], params: RoundParams, count: number): Promise<void> {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) this.#count(await this.#post(mutant(this.#chance.of(bases), params, this.#chance)));
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  }

  #count(verdict: string): void {
    this.sent++;
    this.verdicts.set(verdict, (this.verdicts.get(verdict) ?? 0) + 1);
    if (verdict === 'accepted' || verdict === 'incomplete') return;
    if (!(verdict in ERRORS)) this.problems.push(`an answer without a code: ${verdict}`);
    if (verdict === 'internal-error' || verdict === 'http-failed') this.problems.push(`message ${this.sent}: ${verdict}`);
  }

  async #post(body: Uint8Array): Promise<string> {
    try {
      const { status, body: answer } = await this.#coordinator.post(body);
      if (answer.length === 0) return status === 200 ? 'accepted' : status === 202 ? 'incomplete' : `an empty ${status}`;
      return String((JSON.parse(answer.toString()) as { code?: string }).code);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #send({ keys, tag, payload }: Base, params: RoundParams): Promise<void> {
    const plain = signMessage({ coordinator: params.publicKey, tag, multipart: false }, payload, keys);
    const verdict = await this.#post(seal(plain, params.publicKey, this.#chance.bytes));
    if (!HONEST.has(verdict)) this.problems.push(`an honest ${tag} message was answered ${verdict}`);
  }

  /** Asks until there is an answer, sending one honest message before each question while there are any. */
  async #until<T>(what: string, ask: () => Promise<T | undefined>, messages: readonly Base[] = [], params?: RoundParams): Promise<T> {
    const rest = [...messages];
    const end = performance.now() + 30_000;
    while (performance.now() < end) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      const message = rest.shift();
      if (message !== undefined) await this.#send(message, params!);
      else await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${what} did not come`);
  }

  /** The parameters of the round after the one with this seed. */
  #newParams(seed: Uint8Array): Promise<RoundParams> {
    return this.#until('a round', async () => {
      const params = decodeRoundParams((await this.#coordinator.get('/params')).body);
      return equalBytes(params.seed, seed) ? undefined : params;
    });
  }

  async #sums(): Promise<SumDict | undefined> {
    const { status, body } = await this.#coordinator.get('/sums');
    return status === 200 ? decodeSumDict(body) : undefined;
  }

  /** Eight times each of three models: the mean is that of the second. */
  async #checkModel(): Promise<void> {
    const body = await this.#until('the model', async () => {
      const { status, body: model } = await this.#coordinator.get('/model');
      return status === 200 ? model : undefined;
    });
    const weights = modelToWeights(decodeModel(new Uint8Array(body)), 'F64');
    const right = [...weights].every((weight, at) => Math.abs(Number(weight) - (1 + at) / 10) < 1e-6);
    if (!right) this.problems.push(`the honest round came to ${[...weights].join(', ')}`);
  }
}

/** What an honest message may be answered: the phase may have ended with the one before. */
const HONEST: ReadonlySet<string> = new Set(['accepted', 'message-discarded', 'message-unexpected']);

function anyMask({ maskConfig, modelLength }: RoundParams): MaskObject {
  const { vect, unit } = maskConfig;
  return { config: maskConfig, length: modelLength, vect: new Uint8Array(modelLength * vect.bytesPerNumber), unit: new Uint8Array(unit.bytesPerNumber) };
}

/** The report as text. */
export function fuzzText({ seed, sent, seconds, verdicts, memory, problems }: FuzzReport): string {
  const mebibytes = memory.map((bytes) => (bytes === undefined ? '?' : (bytes / 2 ** 20).toFixed(0)));
  return [
    `${sent} mutated messages in ${seconds.toFixed(1)} s (seed ${seed}: npm run fuzz -- --count ${sent} --seed ${seed})`,
    ...Object.entries(verdicts).map(([verdict, count]) => `${String(count).padStart(8)}  ${verdict}`),
    `resident memory of the coordinator: ${mebibytes[0]} MiB at the start, ${mebibytes[1]} after half, ${mebibytes[2]} at the end`,
    ...(problems.length === 0
      ? ['every refusal had a code, and an honest round came to the right model']
      : [...new Set(problems)].slice(0, 20).map((text) => `PROBLEM ${text}`)),
    '',
  ].join('\n');
}

if (import.meta.main) {
  let options: FuzzOptions;
  try {
    options = readFuzzOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
  process.stdout.write(`seed ${options.seed}\n`);
  const report = await fuzz(options);
  process.stdout.write(fuzzText(report));
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}
