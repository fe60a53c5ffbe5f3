// Asks a coordinator for its status every so often, whether or not the last answer has come, and notes how long each took. Next to that, how
// late its own timers were: on a machine whose cores are all taken that is part of every number.

import { type Abilities, answerQuestions } from './helper.ts';
import { HttpClient } from './http-client.ts';

/** Most questions without an answer at a time. */
const CONNECTIONS = 64;

/** What was seen. */
export interface Seen {
  /** The path that was asked for. */
  readonly path: string;
  /** Seconds of each answer. */
  readonly answers: readonly number[];
  /** Seconds by which each question was asked too late. */
  readonly late: readonly number[];
}

let stop: () => Promise<Seen> = async () => ({ path: '', answers: [], late: [] });

const abilities = {
  /** Begins to ask, every so many milliseconds. */
  begin: async ({ url, every }: { url: string; every: number }): Promise<void> => {
    const http = new HttpClient(url, CONNECTIONS);
    const path = (await http.ask('GET', '/status')).status === 200 ? '/status' : '/params';
    const answers: number[] = [];
    const late: number[] = [];
    const open = new Set<Promise<void>>();
    let next = performance.now() + every;
    const ask = async (): Promise<void> => {
      const begun = performance.now();
      const { status } = await http.ask('GET', path);
      if (status !== 200) throw new Error(`${path} was answered ${status}`);
      answers.push((performance.now() - begun) / 1000);
    };
    const timer = setInterval(() => {
      late.push(Math.max(0, performance.now() - next) / 1000);
      next = performance.now() + every;
      const asked = ask();
      open.add(asked);
      asked.finally(() => open.delete(asked)).catch(() => {});
    }, every);
    stop = async () => {
      clearInterval(timer);
      await Promise.all(open);
      http.close();
      return { path, answers, late };
    };
  },

  /** Ends that. */
  end: (): Promise<Seen> => stop(),
} satisfies Abilities;

/** What {@link Helper} may ask of this script. */
export type Probe = typeof abilities;

answerQuestions(abilities);
