// What a program prints, cut into lines. A line without end is cut too, and only the last few lines are kept: a program that writes garbage
// costs no memory here.

import { StringDecoder } from 'node:string_decoder';

/** Characters at which a line is cut. */
const LONGEST = 4096;

/** Cuts what is pushed into lines, tells each, and keeps the last `keep`. */
export class Lines {
  readonly #tell: (line: string) => void;
  readonly #keep: number;
  readonly #decoder = new StringDecoder('utf8');
  readonly #last: string[] = [];
  #rest = '';

  constructor(tell: (line: string) => void, keep: number) {
    this.#tell = tell;
    this.#keep = keep;
  }

  /** The last lines that are not blank, the oldest first. */
  get last(): readonly string[] {
    return this.#last;
  }

  push(piece: Uint8Array): void {
    this.#take(this.#decoder.write(Buffer.from(piece)));
  }

  /** What is left is a line too. */
  end(): void {
    this.#take(this.#decoder.end());
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n|\r(?=.)/);
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
    while (this.#rest.length > LONGEST) {
      this.#line(this.#rest.slice(0, LONGEST));
      this.#rest = this.#rest.slice(LONGEST);
    }
  }

  #line(text: string): void {
    for (let at = 0; at === 0 || at < text.length; at += LONGEST) {
      const line = text.slice(at, at + LONGEST);
      this.#tell(line);
      if (this.#keep === 0 || line.trim() === '') continue;
      this.#last.push(line);
      if (this.#last.length > this.#keep) this.#last.shift();
    }
  }
}
