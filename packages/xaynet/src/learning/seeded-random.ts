// Repeatable numbers for machine learning: initial weights, order of examples, who holds which digits. A small
// generator of 128 bits (sfc32), a stream for each purpose, so that drawing more in one place moves nothing elsewhere.
// Never for keys, seeds or masks: those come from `seeded-bytes.ts` in a seeded run and from node:crypto everywhere else.

/** A stream of repeatable numbers. */
export interface SeededRandom {
  /** A number of [0, 1), 32 bits of it random. */
  next(): number;
  /** An integer of [0, below). */
  below(below: number): number;
  /** A draw of the normal distribution with mean 0 and deviation 1. */
  normal(): number;
  /** A draw of the gamma distribution with this shape (> 0) and scale 1. */
  gamma(shape: number): number;
  /** Shuffles `items` in place (Fisher–Yates) and returns them. */
  shuffle<T extends { length: number; [index: number]: number }>(items: T): T;
}

/** The stream named `purpose` under `seed`: the same two give the same numbers on every machine. */
export function seededRandom(seed: number, purpose: string): SeededRandom {
  const next = sfc32(`${seed}/${purpose}`);
  const below = (bound: number): number => Math.floor(next() * bound);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    below,
    normal,
    gamma: (shape) => gamma(shape, next, normal),
    shuffle: (items) => {
      for (let i = items.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const held = items[i]!;
        items[i] = items[j]!;
        items[j] = held;
      }
      return items;
    },
  };
}

/** Chris Doty-Humphrey's sfc32, its 128 bits of state hashed from a text (FNV-1a with four offsets), warmed up by 20 draws. */
function sfc32(text: string): () => number {
  const hash = (offset: number): number => {
    let h = offset >>> 0;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    return h;
  };
  let a = hash(0x811c9dc5);
  let b = hash(0x9e3779b9);
  let c = hash(0x243f6a88);
  let counter = 1;
  const next = (): number => {
    const t = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 20; i++) next();
  return next;
}

/** Marsaglia and Tsang (2000); shapes below one by the usual power of a uniform draw. */
function gamma(shape: number, next: () => number, normal: () => number): number {
  if (shape < 1) return gamma(shape + 1, next, normal) * (1 - next()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
