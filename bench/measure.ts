// How time is taken: whatever is compared runs turn by turn in the same seconds, so that a busy machine slows all of it alike; the
// best of many samples stands for the code, the median tells how quiet the machine was. Runs in Node and in pages.

/** What one contestant took, in seconds a run. */
export interface Timing {
  readonly best: number;
  readonly median: number;
  /** Number of samples. */
  readonly samples: number;
}

/** How long to measure. */
export interface Patience {
  /** Seconds of samples a contestant. */
  readonly budget: number;
  /** Seconds that a sample lasts at least: many times the resolution of the clock. */
  readonly sample: number;
}

type Run = () => unknown;

/** A run that alone takes longer than this is measured fewer times, seconds. */
const LONG = 1;

/** Times the runs, interleaved; runs that return a promise are awaited. */
export async function race<Name extends string>(runs: Readonly<Record<Name, Run>>, { budget, sample }: Patience): Promise<Record<Name, Timing>> {
  const names = Object.keys(runs) as Name[];
  const repeats: Partial<Record<Name, number>> = {};
  const taken: Partial<Record<Name, number[]>> = {};
  let round = 0;
  for (const name of names) {
    // Warm up until the compilers have seen it, for at most a quarter of the budget unless one run is longer.
    const start = performance.now();
    let count = 0;
    let last = 0;
    do {
      last = await time(runs[name], 1);
      count++;
    } while (performance.now() - start < 250 * budget && count < 10_000);
    const mean = Math.min(last, (performance.now() - start) / 1000 / count);
    repeats[name] = Math.max(1, Math.ceil(sample / Math.max(mean, 1e-8)));
    taken[name] = [];
    round += mean * repeats[name]!;
  }
  const rounds = Math.max(round > 2 * LONG * names.length ? 2 : 3, Math.min(200, Math.ceil((budget * names.length) / round)));
  for (let i = 0; i < rounds; i++) {
    for (const name of names) taken[name]!.push((await time(runs[name], repeats[name]!)) / repeats[name]!);
    await breathe();
  }
  return Object.fromEntries(names.map((name) => [name, summary(taken[name]!)])) as Record<Name, Timing>;
}

async function time(run: Run, repeats: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / 1000;
}

function summary(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  return { best: sorted[0]!, median: sorted[sorted.length >> 1]!, samples: sorted.length };
}

/** Lets signals and messages in: nothing that is timed goes on meanwhile. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
