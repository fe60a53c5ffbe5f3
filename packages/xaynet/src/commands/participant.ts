// `xaynet participant`: takes part in rounds from the command line. The model comes from a command that trains when a round asks for it, or
// from whatever lies in a file then, so any program in any language takes part.

import { XaynetError } from '@xaynet/core/errors';
import type { DataType } from '@xaynet/core/mask';
import type { Callbacks, GlobalModel, ParticipantRun } from '@xaynet/participant';
import { type Command, Option } from 'commander';
import { readWholeFile, writePrivateFile } from '../files.ts';
import { explain, type Row } from '../help/manual.ts';
import { parseKeyFile } from '../key-file.ts';
import { decodeModelFile, encodeModelFile, MODEL_FORMATS, modelFormat } from '../model-file.ts';
import { eventData } from '../participant/event-json.ts';
import { eventLines, isTried, type LineOutput } from '../participant/event-text.ts';
import { Standing } from '../participant/standing.ts';
import type { StateFile } from '../participant/state-file.ts';
import type { Terminal } from '../screen.ts';
import { watchSignals } from '../stop-signal.ts';
import { TensorShapes } from '../tensor-shapes.ts';
import { Progress } from '../terminal/progress.ts';
import { TRAIN_FORMATS, Trainer, type TrainFormat } from '../train/trainer.ts';
import { decimalNumber, wholeNumber } from './numbers.ts';
import { addParticipation, type Participation, runOptionsOf } from './participation.ts';

interface ParticipantCommand extends Participation {
  readonly keys?: string;
  readonly state?: string;
  readonly model?: string;
  readonly train?: string;
  readonly format: TrainFormat;
  readonly like?: string;
  readonly work?: string;
  readonly timeout?: number;
  readonly quiet?: true;
  readonly failFast?: true;
  readonly out?: string;
  readonly rounds?: number;
  readonly json?: true;
}

/** Adds `participant` to `program`; exit codes other than 0 go to `exit`. */
export function addParticipant(program: Command, exit: (code: number) => void, terminal: Terminal): void {
  const endings = MODEL_FORMATS.map((format) => `.${format}`).join(', ');
  const command = program
    .command('participant')
    .summary('take part in the rounds of a coordinator')
    .description('Takes part in rounds until Ctrl-C or SIGTERM, or --rounds are over; then exits with 0.');
  addParticipation(command)
    .optionsGroup('Identity and state:')
    .option('--keys <file>', 'keys from "xaynet keygen"; without it and without --state fresh ones are made, for this run alone')
    .option('--state <file>', 'keep the state here, mode 0600, so that a restart goes on where this run stops; holds secret keys')
    .optionsGroup('Training:')
    .option('--train <command>', 'run this to train, whenever a round asks for a model; see below')
    .addOption(new Option('--format <format>', 'format of the files that the training command reads and writes').choices(TRAIN_FORMATS).default('npy'))
    .option('--like <file>', 'for --format safetensors: a file with the tensors of the model, to know their names and shapes from the start')
    .option('--timeout <seconds>', 'most time for a training, 1 to 1000000 (default: until the round ends)', decimalNumber(1, 1_000_000))
    .option('--work <folder>', "put the training command's files below this folder, and keep those of a failed one (default: a temporary folder)")
    .option('--quiet', 'do not show what the training command prints, but for its last words when it fails')
    .option('--fail-fast', 'exit with 1 when a training fails')
    .optionsGroup('Models:')
    .option('--model <file>', `instead of --train: the model, read each time a round asks for it: ${endings}`)
    .option('--out <file>', `write every new global model here: ${endings}`)
    .optionsGroup('Options:')
    .option('--rounds <n>', 'stop when n rounds have ended', wholeNumber(1, 1_000_000))
    .option('--json', 'print events as lines of JSON on standard output; what the training command prints goes to standard error')
    .action(async (options: ParticipantCommand, action: Command) => {
      if (options.train !== undefined && options.model !== undefined) action.error('error: --train and --model exclude each other');
      const idle = TRAINING.find((name) => action.getOptionValueSource(name) === 'cli' && options.train === undefined);
      if (idle !== undefined) action.error(`error: --${kebab(idle)} needs --train`);
      if (options.like !== undefined && options.format !== 'safetensors') action.error('error: --like needs --format safetensors');
      for (const file of [options.model, options.out]) if (file !== undefined) modelFormat(file);
      const stop = watchSignals();
      try {
        if (!(await takePart(options, stop.signal, terminal))) exit(1);
        if (stop.signal.aborted) terminal.err.write('stopped\n');
      } finally {
        stop.close();
      }
    });
  explain(command, {
    notes: [
      'The training command runs through the shell (sh; on Windows cmd) once for each round that selects this participant for an update. Environment variables say what to do; the names in braces may stand in the command too, where they are quoted as need be:',
      { rows: TRAINING_VARIABLES },
      'Exit code 0 and a model of the right length: the model is masked and sent. Anything else costs this round only; after a second failure in a row rounds are left out, for 10 s, then longer. When the round ends meanwhile, or at Ctrl-C, the command and all that it started get SIGTERM, and SIGKILL 5 s later.',
      'safetensors may hold several tensors: the next global model, and that of --out, has the same names and shapes, which are remembered beside --state; before that it is one tensor "weights", unless --like names a file.',
      'Without --train and --model it takes part as sum participant only, which helps the others to unmask. A scalar is best the number of training examples divided by the largest number that anybody has; it never counts above 1 with a mask bound of B0.',
    ],
    json: [
      'One object a line as things happen: {"type": "round", "selected", "training", "sending", "sent", "refused", "waiting", "error", …, "time", "round", …}. What the training command prints goes to standard error.',
    ],
    files: [
      [
        'STATE',
        'what --state names: secret keys, and models that wait; mode 0600. STATE.lock keeps a second process out, STATE.tensors.json remembers names and shapes',
      ],
      ['KEYS', 'what --keys names: a file of xaynet keygen'],
    ],
    exits: [
      ['0', 'stopped by Ctrl-C or SIGTERM, or --rounds are over'],
      ['1', 'a first answer that cannot be right, a file that cannot be read, or a failed training with --fail-fast'],
    ],
    examples: [
      ['xaynet participant --url https://example.org/pet --state me.state --train "python3 train.py"', 'train with a script, whenever a round asks'],
      ['xaynet participant --url http://127.0.0.1:8081 --train "julia fit.jl {global} {model}" --format json --timeout 600', 'files named in the command'],
      ['xaynet participant --url http://127.0.0.1:8081 --model weights.f32 --out global.f32', 'a model that lies in a file'],
      [
        'xaynet participant --url https://example.org/pet --keys me.json --state me.state --scalar 120/1500 \\\n  --model weights.json --rounds 10',
        'ten rounds, with a share of one’s own',
      ],
      [
        'xaynet participant --url https://10.0.0.5:8081 --ca authority.pem --cert me.pem --key me-key.pem --model weights.f32',
        'with certificates of one’s own',
      ],
    ],
    seeAlso: ['docs/PARTICIPANT.md', 'docs/MODELS.md', 'docs/AGENT.md', 'xaynet keygen'],
  });
}

/** What the training command is told. */
const TRAINING_VARIABLES: readonly Row[] = [
  ['XAYNET_GLOBAL {global}', 'file with the global model; empty while there is none: start from your own weights'],
  ['XAYNET_MODEL {model}', 'file to write the trained model to'],
  ['XAYNET_LENGTH {length}', 'number of weights, of both'],
  ['XAYNET_FORMAT {format}', 'format of both files: --format, where raw is called f32, f64, i32 or i64 (little-endian)'],
  ['XAYNET_DATA_TYPE {data-type}', 'what the round computes in: f32, f64, i32 or i64'],
  [
    'XAYNET_SCALAR_FILE {scalar-file}',
    'file to write the model’s share in the mean to, instead of --scalar; in safetensors it may also be the text "scalar" of the metadata',
  ],
  ['XAYNET_ROUND {round}', 'id of the round'],
  ['XAYNET_WORK {work}', 'an empty folder of its own, removed afterwards'],
];

/** Options that would do nothing without --train. */
const TRAINING = ['format', 'like', 'timeout', 'work', 'quiet', 'failFast'] as const;
const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Takes part until the rounds are over or the signal aborts; false: a training failed and --fail-fast is given. */
async function takePart(options: ParticipantCommand, signal: AbortSignal, { out, err, env }: Terminal): Promise<boolean> {
  if (options.model !== undefined) readModel(options.model); // a wrong name or format is an error now, not when a round asks
  const progress = new Progress(err, { env });
  const stdout = (text: string): void => progress.above(() => out.write(`${text}\n`));
  const stderr = (text: string): void => progress.above(() => err.write(`${text}\n`));
  const output: Lines = { say: options.json ? stderr : stdout, warn: stderr, stdout, standing: new Standing(progress) };
  const state = options.state === undefined ? undefined : new (await import('../participant/state-file.ts')).StateFile(options.state);
  const stopping = new AbortController();
  let hasFailed = false;
  const failed = (): void => {
    hasFailed = true;
    if (options.failFast) stopping.abort();
  };
  const both = AbortSignal.any([signal, stopping.signal]);
  let trainer: Trainer | undefined;
  try {
    const shapes = new TensorShapes(options.state === undefined ? undefined : `${options.state}.tensors.json`, options.like);
    trainer = options.train === undefined ? undefined : trainerOf(options.train, options, { output, shapes, failed, stopping: both });
    await follow(options, { trainer, shapes, state, output, signal: both });
  } finally {
    output.standing.close();
    stopping.abort();
    await trainer?.close();
    state?.close();
  }
  return !(options.failFast && hasFailed);
}

/** Where its lines go, and what it does at the moment. */
interface Lines extends LineOutput {
  /** Standard output, whatever `say` is. */
  readonly stdout: (text: string) => void;
  readonly standing: Standing;
}

/** What a participant of the command line works with. */
interface Parts {
  readonly trainer: Trainer | undefined;
  /** Names and shapes of the tensors that the training command writes, for `--out` too. */
  readonly shapes: TensorShapes;
  readonly state: StateFile | undefined;
  readonly output: Lines;
  readonly signal: AbortSignal;
}

/** Runs the participant and tells its events; rejects with an error that comes before the first answer, which is a mistake most likely. */
async function follow(options: ParticipantCommand, parts: Parts): Promise<void> {
  const { signal, output, state } = parts;
  const saved = (await state?.load()) !== undefined;
  const written = new Deliveries();
  const run = await start(options, parts, written);
  const isFresh = options.keys === undefined && state === undefined;
  const begins = (key: string): string =>
    saved ? `going on as ${key} from ${state?.path}` : `participant ${key}${isFresh ? ' (fresh keys for this run; see --keys)' : ''}`;
  const tell = options.json ? undefined : eventLines(output, begins);
  let rounds = -1;
  try {
    for await (const event of run.events()) {
      if (event.type === 'error' && event.fatal)
        throw state === undefined ? event.error : new XaynetError(event.error.code, state.path, { cause: event.error });
      if (event.type === 'error' && rounds < 0 && event.error.code !== 'transport-busy' && isTried(event.error)) throw event.error;
      tell?.(event);
      if (options.json) output.stdout(JSON.stringify({ type: event.type, time: new Date().toISOString(), ...eventData(event) }));
      output.standing.take(event);
      if (event.type === 'round') rounds++;
      if (event.type === 'round' && rounds === options.rounds) {
        if (options.out !== undefined) await written.of(event.round, signal);
        // A round that failed ends, too, and all that comes of it here is the next one.
        const rest = `what came of ${rounds === 1 ? 'it' : 'them'}: xaynet coordinator rounds --url ${options.url}`;
        output.say(`${rounds} ${rounds === 1 ? 'round is' : 'rounds are'} over; ${rest}`);
        return;
      }
    }
  } finally {
    await run[Symbol.asyncDispose]();
  }
}

async function start(options: ParticipantCommand, { trainer, shapes, state, output, signal }: Parts, written: Deliveries): Promise<ParticipantRun> {
  const { runParticipant } = await import('@xaynet/participant');
  const keys = options.keys === undefined ? undefined : parseKeyFile(new TextDecoder().decode(readWholeFile(options.keys)), options.keys);
  const callbacks: Callbacks = {
    shouldTrain: (context) => {
      if (trainer !== undefined) return trainer.isReady(context);
      if (options.model === undefined) output.say(`round ${context.round.slice(0, 8)}: no --train and no --model, so no update`);
      return options.model !== undefined;
    },
    train: (global, context) => trainer?.train(global, context) ?? readModel(options.model!),
    ...(options.out === undefined
      ? {}
      : { onGlobalModel: (global, { round }) => written.add(round, () => saveGlobalModel(global, options.out!, shapes, output)) }),
  };
  return runParticipant({ ...(await runOptionsOf(options)), keys, store: state, signal, ...callbacks });
}

function trainerOf(
  command: string,
  options: ParticipantCommand,
  parts: { output: Lines; shapes: TensorShapes; failed: () => void; stopping: AbortSignal },
): Trainer {
  const { format, work, timeout, quiet, json } = options;
  const line = (text: string, stream: 'stdout' | 'stderr'): void => {
    if (!quiet) (json || stream === 'stderr' ? parts.output.warn : parts.output.stdout)(`train | ${text}`);
  };
  return new Trainer({ command, format, shapes: parts.shapes, work, timeout, line, say: parts.output.say, failed: parts.failed, stopping: parts.stopping });
}

function readModel(file: string): ReturnType<typeof decodeModelFile> {
  return decodeModelFile(readWholeFile(file), file);
}

/** Writes the latest global model when there is one; as floats rounded once from the exact mean, also when the masks hold integers. */
function saveGlobalModel(global: GlobalModel | undefined, file: string, shapes: TensorShapes, { say, warn }: LineOutput): void {
  if (global === undefined) return;
  try {
    const format = modelFormat(file);
    const weights = global.toWeights(/^[fi]\d\d$/.test(format) ? (format.toUpperCase() as DataType) : format === 'json' ? 'F64' : global.dataType);
    writePrivateFile(file, encodeModelFile(weights, format, shapes), { replace: true });
    say(`global model of ${global.length} weights written to ${file}`);
  } catch (error) {
    warn(`global model not written: ${(error as Error).message}`);
  }
}

/** Global models that were written, by round: the last one is waited for before the end. */
class Deliveries {
  readonly #done: Set<string> = new Set();
  #wake: () => void = () => undefined;

  add(round: string, write: () => void): void {
    write();
    this.#done.add(round);
    this.#wake();
  }

  async of(round: string, signal: AbortSignal): Promise<void> {
    while (!this.#done.has(round) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}
