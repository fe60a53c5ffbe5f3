// The network of a participant: how long a request takes and how often it is lost. Times are made up of a round trip and of bytes at a rate, the
// loss is per request; both in the time of the simulation.

/** What a line can do. */
export interface Link {
  /** Milliseconds of a round trip. */
  readonly roundTrip: number;
  /** Bytes a second. */
  readonly up: number;
  readonly down: number;
  /** Share of the requests that are lost, 0 to 1. */
  readonly loss: number;
}

const MEGABIT = 125_000;

/** Lines by name. Rates are what a household or phone usually sees, not what is advertised; `none` is no network at all. */
export const LINKS: Readonly<Record<string, Link | undefined>> = {
  none: undefined,
  fibre: { roundTrip: 10, up: 100 * MEGABIT, down: 300 * MEGABIT, loss: 0 },
  broadband: { roundTrip: 30, up: 10 * MEGABIT, down: 50 * MEGABIT, loss: 0.001 },
  '4g': { roundTrip: 60, up: 8 * MEGABIT, down: 25 * MEGABIT, loss: 0.01 },
  '3g': { roundTrip: 200, up: 0.75 * MEGABIT, down: 2 * MEGABIT, loss: 0.03 },
  '2g': { roundTrip: 600, up: 0.05 * MEGABIT, down: 0.15 * MEGABIT, loss: 0.08 },
};

/** Milliseconds that a request takes on `link`, `slowdown` times as long for who is slow. */
export function requestTime(link: Link, up: number, down: number, slowdown: number): number {
  return slowdown * (link.roundTrip + (1000 * up) / link.up + (1000 * down) / link.down);
}
