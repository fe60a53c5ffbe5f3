// Does to the coordinator what the plan says, one blow after another: waits for the phase, takes aim, strikes, starts the next process and
// waits until it answers. What it did is counted here.

import { setTimeout as sleep } from 'node:timers/promises';
import type { CoordinatorProcess } from './coordinator-process.ts';
import { AIMED_PHASES, type Aim, type Blow, type ChaosPlan } from './plan.ts';

/** A moment of a message that a kill can be aimed at. */
export type Moment = Exclude<Aim['at'], 'time'>;

/** What was done. */
export interface Deeds {
  kills: number;
  terminations: number;
  freezes: number;
  starts: number;
  /** Kills by what they hit: the phase, or `start-up`. */
  readonly aimed: Record<string, number>;
  /** Milliseconds from the start of a process to its first answer: of all starts, in order. */
  readonly recoveries: number[];
}

/** What the tormentor needs. */
export interface TormentPorts {
  readonly coordinator: CoordinatorProcess;
  readonly plan: ChaosPlan;
  readonly killsPerRound: number;
  readonly signal: AbortSignal;
  /** The coordinator is killed now; or it answers again. */
  readonly killed: () => void;
  readonly recovered: () => void;
  /** A process did not do as told. */
  readonly broken: (text: string) => void;
}

/** Longest wait for the moment that was aimed at, in milliseconds. */
const AIM_PATIENCE = 1500;

/** Torments one coordinator. */
export class Tormentor {
  readonly deeds: Deeds = { kills: 0, terminations: 0, freezes: 0, starts: 0, aimed: {}, recoveries: [] };
  readonly #ports: TormentPorts;
  #phase = 0;
  #rounds = 0;
  #answers = 0;
  /** Those who wait for something to change; each looks for itself. */
  readonly #waiting = new Set<() => void>();
  #aim: { readonly moment: Moment; readonly strike: () => void } | undefined;

  constructor(ports: TormentPorts) {
    this.#ports = ports;
    ports.signal.addEventListener('abort', () => this.#wake());
  }

  /** The coordinator is in this phase. */
  phase(name: string): void {
    const found = (AIMED_PHASES as readonly string[]).indexOf(name);
    if (found >= 0) this.#phase = found;
    this.#wake();
  }

  /** Another round has ended. */
  roundEnded(): void {
    this.#rounds++;
    this.#phase = 0;
    this.#wake();
  }

  /** The coordinator was seen to answer. */
  answers(): void {
    this.#answers++;
    this.#wake();
  }

  /** A message is at this moment; strikes when it was waited for. */
  moment(moment: Moment): void {
    if (this.#aim?.moment !== moment) return;
    const { strike } = this.#aim;
    this.#aim = undefined;
    strike();
  }

  /** Starts the first process, then goes through the plan until the signal aborts; false: the coordinator does not start any more. */
  async run(): Promise<boolean> {
    const { plan, killsPerRound, signal } = this.#ports;
    if (!(await this.#start(0, 0, undefined))) return signal.aborted;
    for (let round = 0; !signal.aborted; round++) {
      await this.#until(() => this.#rounds >= round);
      for (const blow of plan.blows(round, killsPerRound)) {
        await this.#until(() => this.#rounds > round || this.#phase >= AIMED_PHASES.indexOf(blow.phase));
        if (signal.aborted) break;
        if (!(await this.#strike(blow))) return signal.aborted;
      }
    }
    return true;
  }

  async #strike({ act, phase, aim, pause, again, skew }: Blow): Promise<boolean> {
    const { coordinator, signal, broken } = this.#ports;
    if (act === 'kill' && aim.at !== 'time') {
      await this.#strikeAt(aim.at, () => this.#kill(phase));
    } else {
      await sleep(aim.after, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return true;
      if (act === 'freeze') return this.#freeze(pause);
      if (act === 'terminate') {
        this.deeds.terminations++;
        if (!(await coordinator.terminate())) broken('it did not stop cleanly at SIGTERM');
      } else this.#kill(phase);
    }
    return signal.aborted || this.#start(pause, skew, again);
  }

  async #freeze(pause: number): Promise<boolean> {
    const { coordinator, signal } = this.#ports;
    this.deeds.freezes++;
    coordinator.freeze(true);
    await sleep(pause + 50, undefined, { signal }).catch(() => undefined);
    coordinator.freeze(false);
    return true;
  }

  /** Strikes at the moment, or when it does not come. */
  #strikeAt(moment: Moment, strike: () => void): Promise<void> {
    const { signal } = this.#ports;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(late);
        signal.removeEventListener('abort', stop);
        this.#aim = undefined;
        resolve();
      };
      const now = (): void => {
        strike();
        done();
      };
      const stop = (): void => done();
      const late = setTimeout(now, AIM_PATIENCE);
      signal.addEventListener('abort', stop);
      this.#aim = { moment, strike: now };
    });
  }

  #kill(what: string): void {
    this.deeds.kills++;
    this.deeds.aimed[what] = (this.deeds.aimed[what] ?? 0) + 1;
    this.#ports.killed();
    this.#ports.coordinator.kill();
  }

  /** Starts a process after `pause` and waits until it answers; kills it `again` milliseconds after its start, then starts another one. */
  async #start(pause: number, skew: number, again: number | undefined): Promise<boolean> {
    const { coordinator, signal, recovered } = this.#ports;
    await coordinator.gone();
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return true;
    this.deeds.starts++;
    const before = this.#answers;
    const started = performance.now();
    const listening = coordinator.start(skew);
    if (again !== undefined) {
      await Promise.race([listening, sleep(again, undefined, { signal }).catch(() => undefined)]);
      await sleep(Math.max(0, again - (performance.now() - started)), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return true;
      this.#kill('start-up');
      return this.#start(0, skew, undefined);
    }
    if (!(await listening)) return signal.aborted;
    await this.#until(() => this.#answers > before);
    this.deeds.recoveries.push(performance.now() - started);
    if (!signal.aborted) recovered();
    return true;
  }

  /** Resolves when `condition` holds, or the signal aborts. */
  #until(condition: () => boolean): Promise<void> {
    if (condition() || this.#ports.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition() && !this.#ports.signal.aborted) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
