// Values as a line of small bars.

/** Values from 0 to 1 as bars of eight heights. */
export function sparkline(values: readonly number[]): string {
  return values.map((value) => '▁▂▃▄▅▆▇█'[Math.min(7, Math.max(0, Math.floor(value * 8)))]!).join('');
}
