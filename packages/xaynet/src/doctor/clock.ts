// Checks of the clock. Phases are timed by a clock that only goes forward; the wall clock dates records, certificates and what is left of a phase
// after a restart. Time zones are for people alone.

import { type Finding, fault, ok, unknown, warning } from './finding.ts';

/** No machine runs this program before it, in milliseconds since 1970. */
const EARLIEST = Date.UTC(2025, 0, 1);
/** Milliseconds by which two clocks of one machine may part while the doctor looks. */
const DRIFT = 250;

/** Milliseconds that went by on both clocks, and what the wall clock says. */
export interface ClockFacts {
  readonly now: number;
  readonly wallPassed: number;
  readonly monotonicPassed: number;
  readonly zone: string;
}

/** The wall clock is of this age, and goes as fast as the other. */
export function checkClock({ now, wallPassed, monotonicPassed, zone }: ClockFacts): Finding {
  const drift = Math.round(wallPassed - monotonicPassed);
  const found = `${new Date(now).toISOString()} (zone ${zone}, which changes nothing)`;
  const data = { now, drift, zone };
  if (now < EARLIEST)
    return fault('clock.wall', found, 'Set the clock: certificates will not hold, and a round that goes on after a restart takes its deadlines from it.', data);
  if (Math.abs(drift) > DRIFT) {
    return warning(
      'clock.wall',
      `${found}; it went ${Math.abs(drift)} ms ${drift > 0 ? 'ahead' : 'back'} while the doctor looked`,
      'Something sets the clock in steps; let it be slewed (chrony, systemd-timesyncd).',
      data,
    );
  }
  return ok('clock.wall', found, data);
}

/** Whether somebody keeps the clock right: true, false, or undefined where it cannot be told; `by` says who told. */
export function checkSynchronised(synchronised: boolean | undefined, by: string): Finding {
  const data = { synchronised: synchronised ?? null, by };
  if (synchronised === undefined)
    return unknown(
      'clock.synchronised',
      'whether the clock is synchronised cannot be told here',
      'See that a time service runs: on the host, in the case of a container.',
      data,
    );
  if (synchronised) return ok('clock.synchronised', `the clock is synchronised (${by})`, data);
  return warning('clock.synchronised', `the clock is not synchronised (${by})`, 'Start a time service: "timedatectl set-ntp true", or install chrony.', data);
}

/** Milliseconds by which clocks may differ, besides the second that a Date header is rounded to. */
const OFFSET = 30_000;
const LARGE_OFFSET = 3_600_000;

/** The clock against that of a coordinator: the header Date, and the wall clock halfway between request and answer. */
export function checkOffset(header: string | undefined, halfway: number): Finding {
  const theirs = Date.parse(header ?? '');
  if (Number.isNaN(theirs)) return unknown('url.clock', 'the answer names no time', 'Compare the clocks by hand; proxies may take the header Date away.');
  const offset = Math.round(theirs + 500 - halfway);
  const found = `the clock of the coordinator is ${Math.abs(offset) < 1500 ? 'the same to about a second' : `${Math.round(Math.abs(offset) / 1000)} s ${offset > 0 ? 'ahead' : 'behind'}`}`;
  const data = { offset };
  if (Math.abs(offset) > LARGE_OFFSET) return fault('url.clock', found, 'Set both clocks right: certificates are judged by them.', data);
  if (Math.abs(offset) > OFFSET) return warning('url.clock', found, 'Let a time service keep both clocks; deadlines that are shown are off by as much.', data);
  return ok('url.clock', found, data);
}
