// Chooses a representation by the Accept header (RFC 9110, 12.5.1): the largest q, the more special range first; among equals the order of
// the offer. `application/problem+json` only says that problems are understood, so it neither chooses nor excludes anything.

interface Range {
  readonly type: string;
  readonly q: number;
}

/** The offered type that the header likes best; the first when there is no header; undefined when it takes none of them. */
export function chooseType<T extends string>(accept: string | undefined, offered: readonly T[]): T | undefined {
  const ranges = (accept ?? '')
    .split(',')
    .map(parseRange)
    .filter((range) => range.type !== '' && range.type !== 'application/problem+json');
  if (ranges.length === 0) return offered[0];
  let best: T | undefined;
  let bestQ = 0;
  for (const type of offered) {
    const q = qualityOf(type, ranges);
    if (q > bestQ) [best, bestQ] = [type, q];
  }
  return best;
}

function parseRange(text: string): Range {
  const [type, ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const q = given === undefined ? 1 : Number(given);
  return { type: type!, q: q >= 0 && q <= 1 ? q : 0 };
}

/** What the most special range that names `type` says of it. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  for (const name of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const found = ranges.find((range) => range.type === name);
    if (found !== undefined) return found.q;
  }
  return 0;
}
