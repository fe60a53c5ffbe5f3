// Training by a command: writes the global model, runs the command, reads the trained model and its share back. Whatever the command does
// (crash, hang, write garbage, fill the disk) costs the round and never the program; when it fails again and again, rounds are left out.

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { DataType, Rational } from '@xaynet/core/mask';
import type { GlobalModel, LocalModel, TrainContext } from '@xaynet/participant';
import { fraction } from '../commands/numbers.ts';
import { readFileIfAny, readWholeFile, writePrivateFile } from '../files.ts';
import { decodeModelFile, encodeModelFile, type ModelFormat, mostBytes } from '../model-file.ts';
import { metadataIn, type TensorShapes } from '../tensor-shapes.ts';
import { filledIn, type Given, variables } from './command-line.ts';
import { type CommandEnd, runCommand } from './run-command.ts';
import { WorkFolder } from './work-folder.ts';

/** Formats of `--format`; `raw` is the raw format of the round's data type. */
export const TRAIN_FORMATS = ['npy', 'safetensors', 'raw', 'json'] as const;

export type TrainFormat = (typeof TRAIN_FORMATS)[number];

/** How to train. */
export interface TrainerOptions {
  readonly command: string;
  readonly format: TrainFormat;
  /** Names and shapes of tensors, for safetensors. */
  readonly shapes: TensorShapes;
  /** Where the work folder goes; undefined: to the system's temporary folder. */
  readonly work: string | undefined;
  /** Most seconds that a training may take; undefined: as long as the round. */
  readonly timeout: number | undefined;
  /** Milliseconds between SIGTERM and SIGKILL. Default 5000. */
  readonly grace?: number | undefined;
  /** Told what the user should know. */
  readonly say: (text: string) => void;
  /** Told each line that the command prints. */
  readonly line: (text: string, stream: 'stdout' | 'stderr') => void;
  /** Told that a training failed. */
  readonly failed: () => void;
  /** Aborts when the participant stops. */
  readonly stopping: AbortSignal;
}

/** No round is left out after one failure, then this many milliseconds, doubling. */
const FIRST_PAUSE = 10_000;
const LONGEST_PAUSE = 600_000;

/** Runs the command for one round at a time. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #folder: WorkFolder;
  #failures = 0;
  #notBefore = 0;
  #running: Promise<unknown> = Promise.resolve();

  /** Throws `file-unwritable` when there can be no work folder. */
  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#folder = new WorkFolder(options.work);
  }

  /** Whether to train in this round: not while repeated failures are waited out. */
  isReady(context: TrainContext): boolean {
    const wait = this.#notBefore - performance.now();
    if (wait <= 0) return true;
    const times = `${this.#failures} trainings in a row have failed`;
    this.#options.say(`round ${context.round.slice(0, 8)}: left out: ${times}; no other is tried for ${Math.ceil(wait / 1000)} s`);
    return false;
  }

  /** Trains. Rejects with `train-failed`, `model-file-invalid`, `model-length`, `scalar-invalid` or `file-unwritable`. */
  train(global: GlobalModel | undefined, context: TrainContext): Promise<LocalModel> {
    const training = this.#train(global, context);
    this.#running = training.catch(() => undefined);
    return training;
  }

  /** Resolves when no command runs any more, and nothing of it is left on the disk. */
  async close(): Promise<void> {
    await this.#running;
    this.#folder.close();
  }

  async #train(global: GlobalModel | undefined, context: TrainContext): Promise<LocalModel> {
    const name = context.round.slice(0, 8);
    try {
      const { model, seconds } = await this.#attempt(global, context);
      this.#failures = 0;
      this.#folder.done();
      this.#options.say(`round ${name}: trained in ${seconds.toFixed(1)} s`);
      return model;
    } catch (error) {
      if (context.signal.aborted) {
        this.#folder.done();
        if (!this.#options.stopping.aborted) this.#options.say(`round ${name}: over before the training was done, which was stopped`);
        throw error;
      }
      const look = this.#folder.failed();
      this.#failures++;
      if (this.#failures > 1) this.#notBefore = performance.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 2));
      const coded = isXaynetError(error) ? error : new XaynetError('train-failed', String(error), { cause: error });
      this.#options.failed();
      if (look !== undefined) this.#options.say(`round ${name}: its files are in ${look}`);
      throw coded;
    }
  }

  async #attempt(global: GlobalModel | undefined, context: TrainContext): Promise<{ model: LocalModel; seconds: number }> {
    const { command, timeout, line, shapes, grace = 5000 } = this.#options;
    const { round, dataType, length, signal } = context;
    const format = this.#format(dataType);
    const work = this.#folder.begin(round);
    const given: Given = {
      round,
      global: global === undefined ? '' : join(work, `global.${format}`),
      model: join(work, `model.${format}`),
      length,
      dataType: dataType.toLowerCase(),
      format,
      scalarFile: join(work, 'scalar.txt'),
      work,
    };
    if (global !== undefined) writePrivateFile(given.global, encodeModelFile(global.weights, format, shapes), { replace: true });
    const stopTelling = this.#tellTime(round);
    const limit = timeout === undefined ? undefined : 1000 * timeout;
    const run = runCommand(filledIn(command, given), { env: variables(given), signal, timeout: limit, grace, line });
    const end = await run.finally(stopTelling);
    if (end.how !== 'exit' || end.what !== '0') throw new XaynetError('train-failed', failure(end, timeout));
    const bytes = readModel(given, end);
    const weights = decodeModelFile(bytes, given.model, format, shapes, dataType);
    if (weights.length !== length) throw new XaynetError('model-length', `the command wrote ${weights.length} weights, the round takes ${length}`);
    const scalar = readScalar(given.scalarFile, format === 'safetensors' ? metadataIn(bytes, 'scalar') : undefined);
    if (format === 'safetensors') shapes.remember(bytes);
    return { model: { weights, scalar }, seconds: end.seconds };
  }

  #format(dataType: DataType): ModelFormat {
    const { format } = this.#options;
    return format === 'raw' ? (dataType.toLowerCase() as ModelFormat) : format;
  }

  /** Says that it still trains: after two seconds, then less and less often. */
  #tellTime(round: string): () => void {
    const begun = performance.now();
    let next = 2000;
    const tell = (): void => {
      this.#options.say(`round ${round.slice(0, 8)}: training for ${Math.round((performance.now() - begun) / 1000)} s`);
      const again = Math.min(next, 60_000);
      next *= 2;
      timer = setTimeout(tell, again);
    };
    let timer = setTimeout(tell, next);
    return () => clearTimeout(timer);
  }
}

/** What happened, and the last words of the command: all that it said before has been told line by line. */
function failure({ how, what, seconds, last }: CommandEnd, timeout: number | undefined): string {
  const after = `after ${seconds.toFixed(1)} s`;
  const happened = {
    exit: `exit code ${what} ${after}`,
    killed: `ended by ${what} ${after}`,
    timeout: `not done within ${timeout} s, so it was stopped`,
    aborted: `stopped ${after}`,
    failed: `it could not be started: ${what}`,
  }[how];
  return last.length === 0 ? happened : `${happened}; it said last: ${last.at(-1)}`;
}

function readModel({ model, length }: Given, { last }: CommandEnd): Uint8Array {
  const file = lstatSync(model, { throwIfNoEntry: false });
  if (file === undefined)
    throw new XaynetError('train-failed', `it ended well but wrote no ${model} (XAYNET_MODEL)${last.length === 0 ? '' : `; it said last: ${last.at(-1)}`}`);
  if (!file.isFile()) throw new XaynetError('model-file-invalid', `${model}: not a file`);
  if (file.size > mostBytes(length)) throw new XaynetError('model-file-invalid', `${model}: ${file.size} bytes are too many for ${length} weights`);
  return readWholeFile(model);
}

/** The share that the command wrote to its file, else into the metadata of its model; undefined when it wrote none. */
function readScalar(path: string, metadata: string | undefined): Rational | undefined {
  const file = new TextDecoder().decode(readFileIfAny(path) ?? new Uint8Array(0)).trim();
  const text = file === '' ? (metadata ?? '').trim() : file;
  if (text === '') return undefined;
  try {
    return fraction(text);
  } catch {
    throw new XaynetError('scalar-invalid', `the share is given as "${text.slice(0, 40)}"; 0.25 or 57/1287, for example, is expected`);
  }
}
