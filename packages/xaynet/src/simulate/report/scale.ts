// From numbers to places on paper: round ticks, linear or logarithmic.

/** A scale from values to 0 … 1, with the values that are marked on it. */
export interface Scale {
  readonly ticks: readonly number[];
  /** 0 at the lower end, 1 at the upper one; what is outside is cut. */
  at(value: number): number;
}

/** From 0, or a round number below `low`, to a round number above `high`, with about `count` steps. */
export function linearScale(low: number, high: number, count = 4): Scale {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { ticks, at: (value) => cut((value - first * step) / ((last - first) * step)) };
}

/** Powers of ten from below `low` to above `high`, both above 0. */
export function logScale(low: number, high: number): Scale {
  const first = Math.floor(Math.log10(low));
  const last = Math.max(first + 1, Math.ceil(Math.log10(high)));
  const every = Math.max(1, Math.ceil((last - first) / 5));
  const between = last - first <= 2 ? [1, 2, 5] : [1];
  const ticks = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => between.map((factor) => Number(`${factor}e${first + i * every}`)))
    .flat()
    .filter((tick) => tick <= 1.0001 * Number(`1e${last}`));
  return { ticks, at: (value) => cut((Math.log10(value) - first) / (last - first)) };
}

function cut(share: number): number {
  return Math.min(1, Math.max(0, share));
}
