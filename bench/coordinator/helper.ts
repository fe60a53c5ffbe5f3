// Processes beside the benchmark that answer questions: the load generator and the probes run apart from each other and from what prints,
// so that none of them waits for another one's event loop.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { atEnd } from '../end.ts';

const FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];

/** What a helper can be asked: name → from one plain value to another. */
export type Abilities = Readonly<Record<string, (argument: never) => Promise<unknown>>>;

type Question = { readonly id: number; readonly name: string; readonly argument: unknown };
type Reply = { readonly id: number; readonly value?: unknown; readonly error?: string };

/** A process that runs one of the scripts of this folder, or another one. */
export class Helper<A extends Abilities> {
  readonly pid: number;
  readonly #child: ReturnType<typeof fork>;
  readonly #forget: () => void;
  readonly #waiting: Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }> = new Map();
  #asked = 0;

  constructor(script: string | URL) {
    this.#child = fork(fileURLToPath(new URL(script, import.meta.url)), { execArgv: FLAGS, serialization: 'advanced' });
    this.#forget = atEnd(() => this.#child.kill('SIGKILL'));
    this.pid = this.#child.pid ?? 0;
    this.#child.on('message', (reply: Reply) => {
      const asked = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.error === undefined) asked?.resolve(reply.value as never);
      else asked?.reject(new Error(reply.error));
    });
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${script} ended with ${signal ?? code}`));
    });
  }

  /** Asks for one of its abilities. */
  ask<N extends keyof A & string>(name: N, argument: Parameters<A[N]>[0]): Promise<Awaited<ReturnType<A[N]>>> {
    return new Promise((resolve, reject) => {
      const id = ++this.#asked;
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, name, argument } satisfies Question);
    });
  }

  /** Ends it. */
  end(): void {
    this.#forget();
  }
}

/** To be called by the script: answers questions until the benchmark ends. */
export function answerQuestions(abilities: Abilities): void {
  process.on('message', (question: Question) => {
    const reply = (rest: Omit<Reply, 'id'>): void => void process.send?.({ id: question.id, ...rest });
    abilities[question.name]!(question.argument as never).then(
      (value) => reply({ value }),
      (error: Error) => reply({ error: error.stack ?? String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}
