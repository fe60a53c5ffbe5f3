// A clock that is wrong by a fixed time, as that of a machine that was moved, suspended, or corrected between two starts.

import { type Clock, systemClock } from '@xaynet/coordinator';

/** The machine's clock, `skew` milliseconds ahead (negative: behind). */
export function skewedClock(skew: number): Clock {
  return { now: () => systemClock.now() + skew, setTimer: (ms, callback) => systemClock.setTimer(ms, callback) };
}
