// Aligns two lists: which items of one stand beside which of the other, so that as many as possible have the same name. The shortest edit script
// (Myers, 1986), in time and memory that grow with the differences and not with the length; lists that have too little in common are put side
// by side in their order.

/** A pair of places; undefined: there is no counterpart. */
export type Pair = readonly [a: number | undefined, b: number | undefined];

/** Differences up to which the shortest script is looked for. */
const MOST_EDITS = 1000;

/** The places of `a` and `b` beside each other, in order. */
export function align(a: readonly string[], b: readonly string[], mostEdits: number = MOST_EDITS): Pair[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const pairs: Pair[] = Array.from({ length: start }, (_, i): Pair => [i, i]);
  const [m, n] = [a.length - start - end, b.length - start - end];
  const middle = shortest(a.slice(start, start + m), b.slice(start, start + n), mostEdits) ?? sideBySide(m, n);
  for (const [x, y] of middle) pairs.push([x === undefined ? x : x + start, y === undefined ? y : y + start]);
  for (let i = end; i > 0; i--) pairs.push([a.length - i, b.length - i]);
  return pairs;
}

function sideBySide(m: number, n: number): Pair[] {
  return Array.from({ length: Math.max(m, n) }, (_, i): Pair => [i < m ? i : undefined, i < n ? i : undefined]);
}

/** How far one comes on each diagonal with so many edits; undefined: it takes too many. */
function shortest(a: readonly string[], b: readonly string[], mostEdits: number): Pair[] | undefined {
  const most = Math.min(a.length + b.length, mostEdits);
  const reach = new Int32Array(2 * most + 3);
  const centre = most + 1;
  const traces: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    traces.push(reach.slice());
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = comesDown(reach, centre, diagonal, edits) ? reach[centre + diagonal + 1]! : reach[centre + diagonal - 1]! + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      reach[centre + diagonal] = x;
      if (x >= a.length && x - diagonal >= b.length) return walkedBack(traces, centre, a.length, b.length);
    }
  }
  return undefined;
}

/** Whether the last edit on the way to this diagonal was an item of `b` alone. */
function comesDown(reach: Int32Array, centre: number, diagonal: number, edits: number): boolean {
  return diagonal === -edits || (diagonal !== edits && reach[centre + diagonal - 1]! < reach[centre + diagonal + 1]!);
}

function walkedBack(traces: readonly Int32Array[], centre: number, m: number, n: number): Pair[] {
  const pairs: Pair[] = [];
  let [x, y] = [m, n];
  for (let edits = traces.length - 1; edits >= 0; edits--) {
    const reach = traces[edits]!;
    const diagonal = x - y;
    const down = comesDown(reach, centre, diagonal, edits);
    const from = edits === 0 ? 0 : down ? reach[centre + diagonal + 1]! : reach[centre + diagonal - 1]!;
    const fromY = edits === 0 ? 0 : from - (down ? diagonal + 1 : diagonal - 1);
    while (x > from && y > fromY) pairs.push([--x, --y]);
    if (edits > 0) pairs.push(down ? [undefined, --y] : [--x, undefined]);
  }
  return pairs.reverse();
}
