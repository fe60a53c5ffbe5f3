// What is measured: one round under load, in whole messages or in chunks, and a coordinator that ten thousand idle participants poll. Each with a
// coordinator process and a data folder of its own, so that no measurement inherits another's memory.

import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CoordinatorProcess, type CpuTime, type Setup } from './coordinator.ts';
import type { Generator } from './generator.ts';
import { Helper } from './helper.ts';
import type { Pollers } from './pollers.ts';
import type { Probe } from './probe.ts';

/** Seconds: half of the values are at most the first, 99 of 100 at most the second. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** A round under load. */
export interface LoadResult {
  readonly length: number;
  readonly sums: number;
  readonly updates: number;
  readonly connections: number;
  /** Largest message asked for, 0 for whole updates; and what that made. */
  readonly chunk: number;
  readonly messages: number;
  readonly largest: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Updates a second, each accepted and as durable as the store makes it. */
  readonly perSecond: number;
  /** Whole updates, from first byte to last answer. */
  readonly update: Quantiles;
  /** Single messages, when they are chunks. */
  readonly message: Quantiles | undefined;
  /** What a GET took meanwhile, and how late the asking timer was. */
  readonly probe: Quantiles & { readonly path: string; readonly count: number; readonly late: Quantiles };
  /** Bytes: before the first update, the peak after it, what the bar allows it to grow. */
  readonly memory: { readonly before: number; readonly peak: number; readonly growth: number; readonly bar: number } | undefined;
  /** CPU seconds while the updates came. */
  readonly cpu: { readonly coordinator: CpuTime | undefined; readonly generator: number };
  /** Seconds by the clock in each stage, when the coordinator tells. */
  readonly stages: Readonly<Record<string, number>> | undefined;
  /** Seconds from the first mask to the global model. */
  readonly unmasking: number;
  /** Bytes a second that the disk of the data folder takes, written and flushed in pieces of one message. */
  readonly disk: number;
}

/** Who polls an idle coordinator, and what that costs it. */
export interface IdleResult {
  readonly participants: number;
  readonly connections: number;
  readonly every: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  /** Part of the requests that were answered "not modified". */
  readonly notModified: number;
  readonly answer: Quantiles;
  /** Cores: CPU seconds a second. */
  readonly cores: number | undefined;
  readonly generatorCores: number;
}

/** What a load scenario needs beside the coordinator's setup. */
export interface LoadPlan extends Setup {
  readonly connections: number;
  readonly chunk: number;
}

/** Runs a round under load. */
export async function runLoad(plan: LoadPlan, progress: (what: string) => void): Promise<LoadResult> {
  const { length, sums, updates, connections, chunk } = plan;
  const coordinator = await CoordinatorProcess.start(plan);
  const generator = new Helper<Generator>('generator.ts');
  const probe = new Helper<Probe>('probe.ts');
  try {
    progress('making the messages');
    const prepared = await generator.ask('prepare', { urls: [coordinator.url], sums, updates, connections, chunk });
    const disk = diskSpeed(coordinator.folder, prepared.largest);
    progress(chunk === 0 ? 'sending whole updates' : `sending chunks of ${chunk} bytes`);
    await probe.ask('begin', { url: coordinator.url, every: 20 });
    const before = { cpu: coordinator.cpu(), stages: await coordinator.stages() };
    coordinator.resetPeak();
    const memory = coordinator.memory();
    const sent = await generator.ask('send', 0);
    const peak = coordinator.memory()?.peak;
    const after = { cpu: coordinator.cpu(), stages: await coordinator.stages() };
    const seen = await probe.ask('end', undefined);
    progress('ending the round');
    const { seconds: unmasking } = await generator.ask('finish', undefined);
    await coordinator.stop();
    const inFlight = Math.min(connections, updates) * (prepared.bytes / updates);
    return {
      length,
      sums,
      updates,
      connections,
      chunk,
      messages: prepared.messages,
      largest: prepared.largest,
      bytes: prepared.bytes,
      seconds: sent.seconds,
      perSecond: updates / sent.seconds,
      update: quantiles(sent.updates),
      message: sent.messages.length === 0 ? undefined : quantiles(sent.messages),
      probe: { path: seen.path, count: seen.answers.length, ...quantiles(seen.answers), late: quantiles(seen.late) },
      memory: memory === undefined || peak === undefined ? undefined : { before: memory.now, peak, growth: peak - memory.now, bar: 3 * 8 * length + inFlight },
      cpu: { coordinator: before.cpu && after.cpu && minus(after.cpu, before.cpu), generator: sent.cpu },
      stages: after.stages === undefined ? undefined : difference(after.stages, before.stages ?? {}),
      unmasking,
      disk,
    };
  } catch (error) {
    throw coordinator.explain(error);
  } finally {
    generator.end();
    probe.end();
    coordinator.kill();
  }
}

/** Has a coordinator polled that has a global model and waits for sum participants. */
export async function runIdle(plan: LoadPlan, polling: { participants: number; connections: number; every: number; seconds: number }): Promise<IdleResult> {
  const coordinator = await CoordinatorProcess.start(plan);
  const generator = new Helper<Generator>('generator.ts');
  const pollers = new Helper<Pollers>('pollers.ts');
  try {
    const { sums, updates, connections, chunk } = plan;
    await generator.ask('prepare', { urls: [coordinator.url], sums, updates, connections, chunk });
    await generator.ask('send', 0);
    await generator.ask('finish', undefined);
    await pollers.ask('poll', { url: coordinator.url, ...polling, seconds: polling.seconds / 5 }); // warms up
    const before = coordinator.cpu();
    const begun = performance.now();
    const polled = await pollers.ask('poll', { url: coordinator.url, ...polling });
    const seconds = (performance.now() - begun) / 1000;
    const after = coordinator.cpu();
    await coordinator.stop();
    return {
      ...polling,
      requestsPerSecond: polled.perSecond,
      notModified: polled.notModified / polled.requests,
      answer: quantiles(polled.answers),
      cores: before && after && (after.total - before.total) / seconds,
      generatorCores: polled.cpu / seconds,
    };
  } catch (error) {
    throw coordinator.explain(error);
  } finally {
    generator.end();
    pollers.end();
    coordinator.kill();
  }
}

/** The quantiles of some times. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? Number.NaN };
}

function minus(after: CpuTime, before: CpuTime): CpuTime {
  return { total: after.total - before.total, threads: difference(after.threads, before.threads) };
}

function difference(after: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}

/** Bytes a second of writing pieces of this size and having each on the disk before the next. */
function diskSpeed(folder: string, size: number): number {
  const path = join(folder, 'disk-speed');
  const piece = new Uint8Array(size).fill(1);
  const file = openSync(path, 'w');
  try {
    const begun = performance.now();
    let pieces = 0;
    for (; pieces < 20 && performance.now() - begun < 1000; pieces++) {
      for (let at = 0; at < size; ) at += writeSync(file, piece, at);
      fdatasyncSync(file);
    }
    return (pieces * size) / ((performance.now() - begun) / 1000);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
