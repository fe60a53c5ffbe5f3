// Writes down what happens to rounds while they happen. Lines are made at once, as they must be of that moment, and written beside the round:
// nobody waits for the disk. A disk that fails, or is too slow for what happens, ends the recording and never a round; it is said once.

import { hash } from 'node:crypto';
import { toHex } from '@xaynet/core/bytes';
import type { RandomBytes } from '@xaynet/core/crypto';
import type { Clock } from '../clock.ts';
import type { CoordinatorEvent, EventBus } from '../events.ts';
import type { Logger } from '../log.ts';
import type { Request } from '../request.ts';
import type { RoundEvent, RoundState } from '../round/state.ts';
import type { Step } from '../round/step.ts';
import { fileName, type GrowingFile, inOrder, type RecordingFolder, runName, systemFolder } from './folder.ts';
import {
  type Beginning,
  canonical,
  changesOf,
  digestOf,
  RECORDING_VERSION,
  type RecordedMessage,
  type RecordedSettings,
  type RecordingHead,
  recordedSettings,
} from './format.ts';

/** An event that a round took. */
export interface Taken {
  readonly event: RoundEvent;
  /** What came of it; undefined: the step threw. */
  readonly next: Step | undefined;
  /** What a `message` event is about. */
  readonly request?: Request | undefined;
}

/** What a recorder is made of. */
export interface RecorderOptions {
  readonly settings: { readonly path: string; readonly maxBytes: number; readonly keep: number };
  /** Those of the rounds; they may change between two rounds. */
  readonly rounds: RecordedSettings;
  readonly task: RecordingHead['task'];
  readonly software: string;
  readonly begins: Beginning;
  /** The machine before its first event. */
  readonly state: RoundState;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly bus: EventBus;
  readonly folder?: RecordingFolder | undefined;
  /** Milliseconds that closing waits for the disk. */
  readonly patience?: number | undefined;
}

/** Characters that may wait for the disk. */
export const MOST_UNWRITTEN: number = 8 * 1024 * 1024;
/** A file of more than half of its size ends with its round. */
const EARLY_END = 0.5;
const RUN_BYTES = 4;
const SALT_BYTES = 16;
const NAME_DIGITS = 8;
const DIGEST_DIGITS = 16;
const PATIENCE = 2000;

/** Text for a file, or the file that what follows goes to. */
type Piece = string | { readonly file: string };

/** See the head of the file. No method throws. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #folder: RecordingFolder;
  readonly #run: string;
  /** Told to nobody: names and digests mean something within the run and nowhere else. */
  readonly #salt: string;
  readonly #unsubscribe: () => void;
  #state: RoundState;
  #settings: RecordedSettings;
  #settingsText: string;
  #part = 0;
  #events = 0;
  /** Characters of the current file. */
  #size = 0;
  #refused: Record<string, number> = {};
  #paused: string[] = [];
  #pieces: Piece[] = [];
  #unwritten = 0;
  #writing: Promise<void> | undefined;
  #file: GrowingFile | undefined;
  #stopped = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#folder = options.folder ?? systemFolder(options.settings.path);
    this.#run = runName(options.clock.now(), toHex(options.random(RUN_BYTES)));
    this.#salt = toHex(options.random(SALT_BYTES));
    this.#state = options.state;
    this.#settings = recordedSettings(options.rounds);
    this.#settingsText = canonical(this.#settings);
    this.#unsubscribe = options.bus.on((event) => this.#hear(event));
    this.#beginFile();
    options.logger.info({ folder: options.settings.path, run: this.#run }, 'rounds are recorded');
  }

  /** Writes down an event; to be called before its effects are carried out. */
  take({ event, next, request }: Taken): void {
    if (this.#stopped) return;
    try {
      if (this.#isFull()) this.#beginFile();
      const step = next ?? { state: this.#state, effects: [] };
      const settings = this.#changedSettings();
      const line = {
        number: ++this.#events,
        at: this.#options.clock.now(),
        event,
        ...(request === undefined ? {} : { message: this.#about(request) }),
        ...(settings === undefined ? {} : { settings }),
        ...(Object.keys(this.#refused).length === 0 ? {} : { refused: this.#refused }),
        ...(this.#paused.length === 0 ? {} : { paused: this.#paused }),
        effects: step.effects.map(({ type }) => type),
        changes: changesOf(this.#state, step.state),
        ...(next === undefined ? { threw: true as const } : {}),
      };
      this.#refused = {};
      this.#paused = [];
      this.#state = step.state;
      this.#write(`${JSON.stringify({ ...line, digest: digestOf(line, step) })}\n`);
    } catch (error) {
      this.#stop(error);
    }
  }

  /** Writes what waits and closes the file. Resolves when that is done, or has taken too long. */
  async close(): Promise<void> {
    this.#unsubscribe();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), this.#options.patience ?? PATIENCE);
    });
    const done = (async (): Promise<void> => {
      while (this.#writing !== undefined) await this.#writing;
      await this.#closeFile();
    })();
    if ((await Promise.race([done, late])) === 'late') this.#stop(new Error('the disk does not answer'));
    this.#stopped = true;
    clearTimeout(timer);
  }

  #about({ participant, bytes, digest }: Request): RecordedMessage {
    const salted = (text: string, digits: number): string => hash('sha256', this.#salt + text, 'hex').slice(0, digits);
    return { participant: salted(toHex(participant), NAME_DIGITS), bytes, ...(digest === undefined ? {} : { digest: salted(digest, DIGEST_DIGITS) }) };
  }

  #hear(event: CoordinatorEvent): void {
    if (event.type === 'paused') this.#paused.push(event.code);
    else if (event.type === 'refused' || (event.type === 'discarded' && event.code === 'queue-full')) {
      this.#refused[event.code] = (this.#refused[event.code] ?? 0) + 1;
    }
  }

  #changedSettings(): RecordedSettings | undefined {
    const { pet } = this.#options.rounds;
    // A reload puts other objects in their place, and nothing is changed in these.
    if (pet.sum === this.#settings.pet.sum && pet.update === this.#settings.pet.update && pet.sum2 === this.#settings.pet.sum2) return undefined;
    this.#settings = recordedSettings(this.#options.rounds);
    const text = canonical(this.#settings);
    if (text === this.#settingsText) return undefined;
    this.#settingsText = text;
    return this.#settings;
  }

  #isFull(): boolean {
    const { maxBytes } = this.#options.settings;
    if (this.#size >= maxBytes) return true;
    return this.#size >= EARLY_END * maxBytes && this.#state.phase === 'idle' && 'awaits' in this.#state && this.#state.awaits === 'erased';
  }

  #beginFile(): void {
    const { clock, software, task, begins } = this.#options;
    this.#part++;
    this.#size = 0;
    const head: RecordingHead = {
      recording: RECORDING_VERSION,
      software,
      run: this.#run,
      part: this.#part,
      at: clock.now(),
      ...(this.#part === 1 ? { begins } : {}),
      events: this.#events,
      settings: this.#settings,
      task,
      state: this.#state,
    };
    this.#pieces.push({ file: fileName(this.#run, this.#part) });
    this.#write(`${JSON.stringify(head)}\n`);
  }

  #write(text: string): void {
    this.#size += text.length;
    this.#unwritten += text.length;
    this.#pieces.push(text);
    if (this.#unwritten > MOST_UNWRITTEN) this.#stop(new Error('the disk is too slow for what happens'));
    else this.#writing ??= this.#pump();
  }

  async #pump(): Promise<void> {
    try {
      // What happens in one turn of the thread is written in one piece.
      await new Promise((resolve) => setImmediate(resolve));
      while (this.#pieces.length > 0 && !this.#stopped) await this.#writeSome();
    } catch (error) {
      this.#stop(error);
      await this.#closeFile();
    } finally {
      this.#writing = undefined;
    }
  }

  /** Everything up to the next file. */
  async #writeSome(): Promise<void> {
    const [first] = this.#pieces;
    if (typeof first === 'object') {
      this.#pieces.shift();
      await this.#closeFile();
      this.#file = await this.#folder.create(first.file);
      await this.#prune();
      return;
    }
    const end = this.#pieces.findIndex((piece) => typeof piece === 'object');
    const text = this.#pieces.splice(0, end < 0 ? this.#pieces.length : end).join('');
    await this.#file!.append(text);
    this.#unwritten -= text.length;
  }

  async #prune(): Promise<void> {
    const { keep } = this.#options.settings;
    if (keep === 0) return;
    for (const name of inOrder(await this.#folder.list(), this.#run).slice(0, -keep)) await this.#folder.remove(name);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch((error: unknown) => this.#stop(error));
  }

  #stop(error: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pieces = [];
    this.#unwritten = 0;
    this.#unsubscribe();
    this.#options.logger.error({ folder: this.#options.settings.path, error }, 'the recording ends here, rounds go on; it begins again with the next start');
  }
}
