// What the HTTP server asks of a running coordinator, and nothing else: bytes already encoded for each GET route, and one verdict a
// message. A fake of these six members is all that a test of the routes needs; the server never sees a store, a phase or a key.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';

/**
 * The coordinator as the HTTP server sees it (coordinator 3.1, 3.2). The bodies are the published bytes themselves: the server sends
 * them without a copy, so whoever implements this never changes an array it has handed out, and hands out a new one when a document changes.
 */
export interface HttpPort {
  /** True while there is nothing to serve yet: no other member is used then, and everything of the protocol is answered 503. */
  readonly starting?: boolean;
  /** Whether what is served may be behind: then {@link HttpPort.fresh} is awaited before one of the five routes is answered. */
  readonly mayBeStale?: boolean;
  /** Resolves when the documents are those that hold since the call. Never rejects. */
  fresh?(): Promise<void>;
  /** The round parameters, 136 bytes; always available. */
  params(): Uint8Array;
  /** The sum dictionary, or undefined while there is none (answered 204). */
  sums(): Uint8Array | undefined;
  /** The seeds sealed to one sum participant, or undefined while there are none or it is no sum participant of the round (204). */
  seeds(participant: PublicSigningKey): Uint8Array | undefined;
  /** The global model, or undefined before the first (204). */
  model(): Uint8Array | undefined;
  /** The round that this array, one of the above, belongs to; undefined when that is not known. */
  roundOf?(document: Uint8Array): number | undefined;
  /** Largest sealed message of any phase, in bytes; a larger body is refused before it is read. */
  readonly maxMessageBytes: number;
  /**
   * Takes one sealed message from this address (normal form, never a /64); the body is the port's from then on. Never throws for anything a participant can send: what
   * is wrong with it is the verdict.
   */
  message(body: Uint8Array, address: string): Promise<Verdict>;
  /** Why no message can be taken now, so that its body need not be read, and in how many seconds it may come again; undefined: messages are taken. */
  unavailable?(): { readonly code: ErrorCode; readonly retryAfter: number } | undefined;
}

/**
 * What became of a message: accepted (`complete: false` for a chunk of which others are missing), or refused with a code. `retryAfter`: nothing
 * is wrong with it, the coordinator cannot take it now; in so many seconds it may come again. Everybody is told so by status and header.
 */
export type Verdict =
  | { readonly accepted: true; readonly complete: boolean }
  | { readonly accepted: false; readonly code: ErrorCode; readonly retryAfter?: number };
