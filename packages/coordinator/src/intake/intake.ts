// The way of a body from the network to the round, in the order of coordinator 2.1: size, sealed box, length, phase, signature, coordinator
// key, chunks, payload, eligibility, round. Budgets come before work, and every refusal is a code: nothing a participant sends throws.

import { copyBytes, equalBytes } from '@xaynet/core/bytes';
import { isUsableEncryptKey, openSealed } from '@xaynet/core/crypto';
import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { maskObjectSize } from '@xaynet/core/mask';
import { decodePayload, type Message, type Payload, parseMessage, verifyMessage } from '@xaynet/core/message';
import type { Bulletin, View } from '../bulletin.ts';
import type { EventBus } from '../events.ts';
import type { Verdict } from '../http/port.ts';
import type { Logger } from '../log.ts';
import type { Request } from '../request.ts';
import type { Answer } from '../round/state.ts';
import { ChunkIntake } from './chunks.ts';
import { eligibilityError } from './eligibility.ts';
import { parseLeniently, TRAILING_BYTES, withoutTrailingBytes } from './lenient.ts';
import { chunkBudget, largestMessage, largestMessageEver, largestPayload, tagOfPhase } from './limits.ts';

/** Switches that make intake as lenient as the original, one by one. */
export interface IntakeCompat {
  readonly unverifiedSumSignature: boolean;
  readonly trailingBytes: boolean;
}

export interface IntakeOptions {
  readonly compat: IntakeCompat;
  readonly bulletin: Bulletin;
  /** Most entries that a sum dictionary can have: `pet.sum.count.max`. */
  readonly maxSums: number;
  /** Hands a request to the round. */
  readonly submit: (request: Request) => Promise<Answer>;
  readonly bus: EventBus;
  readonly logger: Logger;
}

// A body up to this size is read and answered like any other, however small the messages of the round are.
const ALWAYS_READ = 64 * 1024;

/** Takes bodies of `POST /message` (coordinator 2). */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #chunks: ChunkIntake;
  readonly #slack: number;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#slack = options.compat.trailingBytes ? TRAILING_BYTES : 0;
    const { bulletin, compat } = options;
    const { params } = bulletin.view;
    this.#chunks = new ChunkIntake({
      eligibilityError: (message, head) => eligibilityError(message.tag, head, message.participant, bulletin.view.params, compat),
      largestPayload: (tag) => largestPayload(tag, bulletin.view) + this.#slack,
      maxBytes: chunkBudget(maskObjectSize(params.maskConfig, params.modelLength)),
    });
    bulletin.onChange(() => this.#chunks.clear());
  }

  /**
   * Bytes of the largest body that is read at all; larger ones are refused as they arrive. It does not depend on the phase: an honest message
   * that is late or early has to get its empty 200 (wire 6.6), or an original participant would send it again and again.
   */
  get maxMessageBytes(): number {
    const { bulletin, maxSums } = this.#options;
    return Math.max(ALWAYS_READ, largestMessageEver(bulletin.view, maxSums) + this.#slack);
  }

  /** Bytes that chunks of unfinished messages take now. */
  get chunkBytes(): number {
    return this.#chunks.bytes;
  }

  /** Takes one body; the verdict comes when the round has decided. Never rejects. */
  async receive(body: Uint8Array): Promise<Verdict> {
    const view = this.#options.bulletin.view;
    let request: Request | undefined;
    try {
      request = this.#read(body, view);
      if (request === undefined) return { accepted: true, complete: false };
    } catch (error) {
      return this.#refuse(error, body, view);
    }
    const answer = await this.#options.submit(request);
    return answer.kind === 'accepted' ? { accepted: true, complete: true } : { accepted: false, code: answer.code };
  }

  /** Stages 1 to 8; undefined for a chunk whose message is not complete. Throws coded errors. */
  #read(body: Uint8Array, view: View): Request | undefined {
    const expected = tagOfPhase(view.phase);
    if (body.length > largestMessage(view) + this.#slack) {
      throw refusal(body.length > largestMessageEver(view, this.#options.maxSums) + this.#slack ? 'message-too-large' : 'message-unexpected');
    }
    if (expected === undefined) throw refusal('message-unexpected');
    const plain = openSealed(body, view.keys);
    const message = this.#options.compat.trailingBytes ? parseLeniently(plain) : parseMessage(plain);
    if (message.tag !== expected) throw refusal('message-unexpected');
    if (!verifyMessage(message)) throw refusal('signature-invalid');
    if (!equalBytes(message.coordinator, view.params.publicKey)) throw refusal('coordinator-key-mismatch');
    const bytes = this.#join(message);
    if (bytes === undefined) return undefined;
    const payload = this.#decode(message, bytes);
    const error = eligibilityError(message.tag, bytes, message.participant, view.params, this.#options.compat);
    if (error !== undefined) throw refusal(error);
    return { round: view.round, participant: copyBytes(message.participant), payload, bytes: bytes.length };
  }

  /** The whole payload of a message, or undefined while chunks of it are missing (stage 7). */
  #join(message: Message): Uint8Array | undefined {
    if (!message.multipart) return message.payload;
    const evicted = this.#chunks.evicted;
    const result = this.#chunks.add(message);
    if (this.#chunks.evicted > evicted) {
      const { round, phase } = this.#options.bulletin.view;
      this.#options.logger.warn(
        { round, phase, chunkBytes: this.#chunks.bytes },
        'no room for all unfinished messages; the one that waited longest was dropped',
      );
      this.#options.bus.emit({ type: 'refused', round, phase, code: 'chunk-budget', bytes: 0 });
    }
    if (result.status === 'refused') throw refusal(result.code);
    return result.status === 'complete' ? result.payload : undefined;
  }

  #decode({ tag }: Message, bytes: Uint8Array): Payload {
    const payload = decodePayload(tag, this.#options.compat.trailingBytes ? withoutTrailingBytes(tag, bytes) : bytes);
    // T9: nothing can be sealed to a low-order key, so it would stop update participants whose library throws.
    if (payload.tag === 'sum' && !isUsableEncryptKey(payload.ephemeralKey)) throw refusal('key-unusable');
    return payload;
  }

  #refuse(error: unknown, body: Uint8Array, { round, phase }: View): Verdict {
    const { bus, logger } = this.#options;
    const code: ErrorCode = isXaynetError(error) ? error.code : 'internal-error';
    if (code === 'internal-error') logger.error({ error, round, phase, bytes: body.length }, 'a message could not be handled');
    else logger.warn({ code, round, phase, bytes: body.length }, 'message refused');
    bus.emit({ type: 'refused', round, phase, code, bytes: body.length });
    return { accepted: false, code };
  }
}

function refusal(code: ErrorCode): XaynetError {
  return new XaynetError(code);
}
