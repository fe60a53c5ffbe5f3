// Numbers as people read them: shares, counts in groups of three, small differences.

/** `0.9137` as `91.4 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Two digits and an exponent, `0` for nothing. */
export function scientific(value: number): string {
  return value === 0 ? '0' : value.toExponential(1);
}

/** `1234567` as `1 234 567`. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** A time span with one unit and what is left in the next: `3 h 12 min`. */
export function span(seconds: number): string {
  if (!(seconds > 0)) return '0 s';
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const at = units.findIndex(([unit]) => seconds >= unit);
  if (at < 0) return 'below 1 s';
  const [unit, name] = units[at]!;
  const next = units[at + 1];
  const rest = next === undefined ? 0 : Math.floor((seconds % unit) / next[0]);
  return `${Math.floor(seconds / unit)} ${name}${rest > 0 ? ` ${rest} ${next![1]}` : ''}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes with a decimal unit: `582 B`, `7.0 MB`. */
export function size(bytes: number): string {
  if (bytes < 1) return '0 B';
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** Minutes and seconds. */
export function duration(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
