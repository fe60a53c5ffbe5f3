// Limits on what clients may hold open. None of them is a setting: they follow from what a connection costs here and what a slow but honest
// client needs; what an operator weighs (how much one address may do) is in the settings.

/** Limits on what clients may hold open; times in milliseconds. */
export interface HttpLimits {
  /** Time for the headers of a request to arrive, and for TLS to shake hands. */
  readonly headersMs: number;
  /** Time without a byte, in either direction, while a body arrives or an answer leaves. */
  readonly stallMs: number;
  /** Slowest pace of a body or an answer in bytes a second, after the first `stallMs`. */
  readonly slowest: number;
  /** Time an idle connection is kept for the next request. */
  readonly keepAliveMs: number;
  /** Time that unwanted bytes are drained after a refusal before the connection is closed. */
  readonly lingerMs: number;
  /** Time that closing waits for requests under way. */
  readonly closeMs: number;
  /** Connections at a time; one more ends the one that has been idle longest. */
  readonly connections: number;
  /** Requests at a time on one connection. */
  readonly pipelined: number;
  /** Answers of more than 64 KiB that leave at a time; one address may have an eighth of them. */
  readonly answers: number;
  /** Time in which at most one line at info tells of messages that were too large. */
  readonly refusalLogMs: number;
  /** Bytes of bodies held at a time, over all connections; never less than two largest messages. One address may have a quarter, or two messages. */
  readonly bodyBytes: number;
}

/** The limits that hold unless others are given. */
export const HTTP_LIMITS: HttpLimits = {
  headersMs: 10_000,
  stallMs: 30_000,
  slowest: 16 * 1024,
  keepAliveMs: 60_000,
  lingerMs: 1_000,
  closeMs: 5_000,
  connections: 16_384,
  pipelined: 32,
  answers: 512,
  refusalLogMs: 60_000,
  bodyBytes: 256 * 1024 * 1024,
};
