// How numbers are written: the same everywhere, whatever the language of the browser, because screenshots and bug reports travel. Groups of three are
// parted by a narrow space, bytes are powers of a thousand.

/** A narrow space that no line breaks at. */
const THIN = '\u202f';

/** From here on a number is written with an exponent; it would be too wide, and its last digits say nothing. */
const TOO_LONG = 1e15;

/** A whole number, its digits in groups of three. */
export function count(value: number): string {
  if (Math.abs(value) >= TOO_LONG) return significant(value);
  const digits = Math.round(value).toString();
  return digits.length < 5 && value >= 0 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** The digits that say something, three of them most often. */
export function significant(value: number, digits = 3): string {
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size === 0) return '0';
  if (size >= 1e6 || size < 1e-3) return value.toExponential(digits - 1).replace(/(\.\d*?)0*e\+?/, (_, kept) => `${kept === '.' ? '' : kept}e`);
  return size >= 10 ** digits ? count(value) : String(rounded);
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];

/** Bytes with their unit. */
export function bytes(value: number): string {
  // What would be rounded to a thousand of a unit is one of the next.
  const power = value < 999.5 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value * (1000 / 999.5)) / 3));
  const scaled = value / 1000 ** power;
  return `${power === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)}${THIN}${UNITS[power]}`;
}

/** A duration in milliseconds for people: `0:07`, `12:30`, `2 h 05 min`, `400 days`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds >= 100 * 3600) return `${count(Math.floor(seconds / 86_400))}${THIN}days`;
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)}${THIN}h ${two(Math.floor(seconds / 60) % 60)}${THIN}min`;
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

/** How long something took, in milliseconds. */
export function took(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 1000) return `${Math.round(ms)}${THIN}ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)}${THIN}s`;
  return clock(ms);
}

/** The time in UTC, to the second; with its date unless that is the day of `now`. */
export function moment(ms: number, now: number): string {
  const [day, time] = new Date(ms).toISOString().slice(0, 19).split('T');
  return new Date(now).toISOString().startsWith(day!) ? time! : `${day} ${time}`;
}

/** A share in percent; small ones are not rounded to nothing. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value >= 1 || value < 1e-9 ? Math.round(value) : significant(value)}${THIN}%`;
}

/** Numbers beside each other on an axis, written so that each differs from the next. */
export function ticks(values: readonly number[]): string[] {
  for (const digits of [3, 4, 5, 6, 7]) {
    const texts = values.map((value) => significant(value, digits));
    if (new Set(texts).size === values.length) return texts;
  }
  return values.map((value) => significant(value));
}

/** `1 message`, `2 messages`. */
export function many(value: number, one: string, more: string = `${one}s`): string {
  return `${count(value)}${THIN}${value === 1 ? one : more}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
