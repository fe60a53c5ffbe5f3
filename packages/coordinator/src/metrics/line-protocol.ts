// Points in InfluxDB's line protocol, byte for byte as the original coordinator writes them (coordinator 6.1): whole numbers with an `i`, floats
// in their shortest form and never with an exponent, strings quoted, tag values bare.

/** A value of a field: a bigint is written as a whole number, a number as a float. */
export type FieldValue = bigint | number | string;

/** One measurement; tags and fields in this order. */
export interface Point {
  readonly measurement: string;
  readonly tags?: Readonly<Record<string, string | number>> | undefined;
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
}

/** The point as one line without a line break at its end, for example `phase value=1i 1795358680064181156`. */
export function formatPoint({ measurement, tags = {}, fields, time }: Point): string {
  const head = [measurement, ...Object.entries(tags).map(([name, value]) => `${name}=${value}`)].join(',');
  const body = Object.entries(fields)
    .map(([name, value]) => `${name}=${formatField(value)}`)
    .join(',');
  return `${head} ${body} ${time}`;
}

function formatField(value: FieldValue): string {
  if (typeof value === 'bigint') return `${value}i`;
  if (typeof value === 'number') return plainDecimal(value);
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** The shortest decimal that reads back as `value`, without an exponent. Not finite: 0, as the line protocol has nothing for it. */
export function plainDecimal(value: number): string {
  if (!Number.isFinite(value)) return '0';
  const text = String(value);
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign, whole, fraction = '', exponent] = parts as unknown as [string, string, string, string | undefined, string];
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return point >= digits.length ? sign + digits.padEnd(point, '0') : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * Nanoseconds since 1970 that are never twice the same: InfluxDB takes a second point of one series and time for a correction of the first.
 * It follows the machine's clock, also when that is set back by more than a second.
 */
export function nanosecondClock(milliseconds: () => number = () => Date.now(), fine: () => bigint = () => process.hrtime.bigint()): () => bigint {
  let last = 0n;
  return () => {
    const now = BigInt(Math.floor(milliseconds())) * 1_000_000n + (fine() % 1_000_000n);
    last = now > last || last - now > 1_000_000_000n ? now : last + 1n;
    return last;
  };
}
