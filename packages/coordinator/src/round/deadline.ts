// Who comes first when a deadline has passed and requests are waiting (coordinator 1.6). One small rule, apart and pure, because the
// driver and the tests of the time windows must apply the very same one.

/** The moment at which the current phase window ends, in milliseconds of the driver's clock. */
export interface Deadline {
  readonly at: number;
  /** False in window A: the deadline wins. True in window B: what had arrived by then is still handled. */
  readonly queuedFirst: boolean;
}

/** Whether the next event is the deadline; `oldestArrival` is when the first request of the queue arrived, undefined without one. */
export function isDeadlineNext(deadline: Deadline | undefined, now: number, oldestArrival: number | undefined): boolean {
  if (deadline === undefined || now < deadline.at) return false;
  return !(deadline.queuedFirst && oldestArrival !== undefined && oldestArrival <= deadline.at);
}
