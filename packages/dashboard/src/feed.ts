// How the live document comes: as a stream, and by ordinary requests whenever the stream gives nothing: at the beginning, while a proxy holds it back, when
// all places of readers are taken. So what is shown counts as old only when neither way brings anything.

/** `lost`: nothing comes any more, since when. `held`: nothing is asked for, because somebody wants the page to stand still. */
export type Connection = { readonly state: 'connecting' | 'live' | 'held' } | { readonly state: 'lost'; readonly since: number };

/** What a feed works with; times in milliseconds. */
export interface FeedPort<T> {
  /** Never runs backwards. */
  readonly now: () => number;
  /** Begins to read the stream; returns what ends that. */
  readonly open: (onDocument: (document: T) => void, onEnd: () => void) => () => void;
  /** The document once; undefined when it cannot be had now. Ends in a few seconds. */
  readonly ask: () => Promise<T | undefined>;
  readonly onDocument: (document: T) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** Time between two looks, at most. */
export const TICK_MS = 250;
/** Silence after which it asks; a stream has a document every second. */
const ASK_MS = 1500;
/** Silence after which what is shown counts as old. */
const SILENCE_MS = 3500;
/** Silence of a stream after which it is given up. */
const STREAM_SILENCE_MS = 10_000;
/** Pauses before another request after one that failed, and before another stream. */
const ASK_AGAIN_MS = [500, 4000] as const;
const OPEN_AGAIN_MS = [1000, 60_000] as const;

/** See the head of the file. {@link Feed.tick} is to be called at least every {@link TICK_MS}. */
export class Feed<T> {
  readonly #port: FeedPort<T>;
  #state: Connection['state'] = 'connecting';
  #rests = true;
  /** When a document came last, and when the stream was opened or gave one. */
  #heard = 0;
  #streamed = 0;
  #stream: { close?: () => void } | undefined;
  #asking = false;
  #askAt = 0;
  #askPause: number = ASK_AGAIN_MS[0];
  #openAt = 0;
  #openPause: number = OPEN_AGAIN_MS[0];

  constructor(port: FeedPort<T>) {
    this.#port = port;
  }

  /** Begins, or goes on after a rest. */
  begin(): void {
    if (!this.#rests) return;
    this.#rests = false;
    this.#heard = this.#port.now();
    this.#openAt = 0;
    this.#askAt = 0;
    if (this.#state === 'held') this.#become('connecting');
    this.tick();
    this.#ask();
  }

  /** Asks for nothing until it begins again. */
  rest(): void {
    this.#rests = true;
    this.#close();
    this.#become('held');
  }

  tick(): void {
    if (this.#rests) return;
    const now = this.#port.now();
    if (this.#stream === undefined) {
      if (now >= this.#openAt) this.#open();
    } else if (now - this.#streamed > STREAM_SILENCE_MS) this.#ended();
    if (now - this.#heard >= ASK_MS && now >= this.#askAt) this.#ask();
    if (now - this.#heard > SILENCE_MS) this.#become('lost');
  }

  #open(): void {
    this.#streamed = this.#port.now();
    const stream: { close?: () => void } = {};
    this.#stream = stream;
    const close = this.#port.open(
      (document) => {
        if (this.#stream !== stream) return;
        this.#streamed = this.#port.now();
        this.#openPause = OPEN_AGAIN_MS[0];
        this.#take(document);
      },
      () => this.#stream === stream && this.#ended(),
    );
    if (this.#stream === stream) stream.close = close;
    else close();
  }

  #close(): void {
    this.#stream?.close?.();
    this.#stream = undefined;
  }

  /** Whether anybody is there is asked at once; another stream is tried later. */
  #ended(): void {
    this.#close();
    this.#openAt = this.#port.now() + this.#openPause;
    this.#openPause = Math.min(OPEN_AGAIN_MS[1], 2 * this.#openPause);
    this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const document = await this.#port.ask();
    this.#asking = false;
    if (this.#rests) return;
    if (document !== undefined) {
      this.#askPause = ASK_AGAIN_MS[0];
      this.#take(document);
      return;
    }
    const now = this.#port.now();
    this.#askAt = now + this.#askPause;
    this.#askPause = Math.min(ASK_AGAIN_MS[1], 2 * this.#askPause);
    if (this.#stream === undefined || now - this.#heard >= ASK_MS) this.#become('lost');
  }

  #take(document: T): void {
    this.#heard = this.#port.now();
    // Who was away is back: no need to wait for another stream.
    if (this.#state === 'lost') this.#openAt = this.#heard;
    this.#become('live');
    this.#port.onDocument(document);
  }

  #become(state: Connection['state']): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#port.onConnection(state === 'lost' ? { state, since: this.#heard } : { state });
  }
}
