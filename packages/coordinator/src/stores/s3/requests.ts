// Requests to an S3-compatible storage: each within the time limit, tried again where that may help, and failing with an error of ours.

import type * as S3 from '@aws-sdk/client-s3';
import { XaynetError } from '@xaynet/core/errors';
import { makeClient, type Sdk } from './client.ts';
import { Answer, s3Failure } from './failures.ts';
import type { CheckedS3Options } from './options.ts';

/** Seconds of a difference between clocks that matter. */
const WORTH_SAYING = 60;
/** The header Date has whole seconds. */
const HALF_A_SECOND = 500;

/** What a request works with: a signal that its time is over, and a way to say that it gets on. */
export interface Running {
  readonly abortSignal: AbortSignal;
  readonly progress: () => void;
}

/** See the head of the file. */
export class S3Requests {
  readonly sdk: Sdk;
  readonly client: S3.S3Client;
  readonly #options: CheckedS3Options;
  readonly #running = new Set<AbortController>();
  #warnedOfClock = false;
  #closed = false;

  constructor(sdk: Sdk, options: CheckedS3Options) {
    this.sdk = sdk;
    this.#options = options;
    this.client = makeClient(sdk, options);
  }

  /** Throws `storage-failed` after {@link S3Requests.close}. */
  checkOpen(): void {
    if (this.#closed) throw new XaynetError('storage-failed', 'the object storage is closed');
  }

  /** Bucket and key of an object. */
  named(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.prefix + key };
  }

  /** Sends `command`, which `what` names in messages. */
  send<Input extends S3.ServiceInputTypes, Output extends S3.ServiceOutputTypes>(
    what: string,
    command: Parameters<typeof this.client.send<Input, Output>>[0],
  ): Promise<Output> {
    return this.run(what, ({ abortSignal }) => this.client.send(command, { abortSignal }));
  }

  /** Does `work`, which makes one request, tries and all; an {@link Answer} that it throws passes, all else becomes an error of ours. */
  async run<T>(what: string, work: (running: Running) => Promise<T>): Promise<T> {
    this.checkOpen();
    const controller = new AbortController();
    this.#running.add(controller);
    const timer = setTimeout(() => controller.abort(), this.#options.timeout);
    // The SDK sleeps between two tries without looking at the signal.
    const over = new Promise<never>((_, reject) => controller.signal.addEventListener('abort', () => reject(new Error('over')), { once: true }));
    try {
      return await Promise.race([work({ abortSignal: controller.signal, progress: () => timer.refresh() }), over]);
    } catch (error) {
      if (this.#closed) throw new XaynetError('storage-failed', `${what}: the object storage was closed`);
      if (controller.signal.aborted) throw new XaynetError('storage-timeout', `${what}: no answer within ${this.#options.timeout / 1000} s`);
      throw error instanceof Answer ? error : s3Failure(error, what);
    } finally {
      clearTimeout(timer);
      this.#running.delete(controller);
      this.#noticeClock();
    }
  }

  /** Calls `told` with the time of the server, from the header Date of each answer, and with the time here at that moment, in milliseconds since 1970. */
  onDate(told: (theirs: number, here: number) => void): void {
    this.client.middlewareStack.add(
      (next) => async (args) => {
        const begun = Date.now();
        const result = await next(args);
        const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
        const theirs = Date.parse(headers?.date ?? '');
        if (!Number.isNaN(theirs)) told(theirs + HALF_A_SECOND, (begun + Date.now()) / 2);
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'xaynetDate' },
    );
  }

  /** Ends what is under way, which then throws. */
  close(): void {
    this.#closed = true;
    for (const controller of this.#running) controller.abort();
    this.client.destroy();
  }

  /** The SDK goes by the server's clock once it was refused for its own; who goes by this machine's clock elsewhere should know. */
  #noticeClock(): void {
    const seconds = Math.round(this.client.config.systemClockOffset / 1000);
    if (this.#warnedOfClock || Math.abs(seconds) < WORTH_SAYING) return;
    this.#warnedOfClock = true;
    this.#options.warn(`the clock of the object storage is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} that of this machine: set the clock`);
  }
}
