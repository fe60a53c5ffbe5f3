// How the process is: memory, processors, and how late its main thread gets to its work. The event loop is measured only while somebody asks.

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What is told of the process. */
export interface ProcessHealth {
  /** Memory of the process, and of the JavaScript heap of its main thread, in bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  /** Processors that were at work on average since the last look, all threads together. */
  readonly cpu: number;
  /** How late the main thread was since the last look, in milliseconds; undefined at the first. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number } | undefined;
}

const RESOLUTION_MS = 20;
/** Who does not ask for so long does not watch any more. */
const IDLE_MS = 15_000;

/** Looks at this process. */
export class ProcessWatch {
  #monitor: ReturnType<typeof monitorEventLoopDelay> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #at = performance.now();
  #cpu = process.cpuUsage();

  read(): ProcessHealth {
    const { rss, heapUsed } = process.memoryUsage();
    const now = performance.now();
    const spent = process.cpuUsage(this.#cpu);
    const cpu = (spent.user + spent.system) / 1000 / Math.max(1, now - this.#at);
    this.#at = now;
    this.#cpu = process.cpuUsage();
    const delay = this.#delay();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    return { rss, heapUsed, cpu, delay };
  }

  /** Stops measuring; the next look begins again. */
  close(): void {
    clearTimeout(this.#idle);
    this.#monitor?.disable();
    this.#monitor = undefined;
  }

  /** The monitor measures from one tick to the next, so what it tells is the tick and the delay together. */
  #delay(): ProcessHealth['delay'] {
    const monitor = this.#monitor;
    if (monitor === undefined) {
      this.#monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#monitor.enable();
      return undefined;
    }
    if (monitor.count === 0) return undefined;
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    const delay = { p50: late(monitor.percentile(50)), p99: late(monitor.percentile(99)), max: late(monitor.max) };
    monitor.reset();
    return delay;
  }
}
