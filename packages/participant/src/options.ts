// The options of a participant and their defaults: the root, where the ports that nobody passed are taken from the platform.

import { equalBytes } from '@xaynet/core/bytes';
import { generateSigningKeyPair, type RandomBytes, type SigningKeyPair } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { type Rational, rational, type Scalar, scalarFrom } from '@xaynet/core/mask';
import { MIN_MESSAGE_SIZE } from '@xaynet/core/message';
import { systemClock, systemRandom } from './clock.ts';
import { type HttpOptions, HttpTransport } from './http-transport.ts';
import { type MaskSummer, maskSummer, type ThreadOptions } from './mask-summer.ts';
import type { ComputationProgress } from './phases/transition.ts';
import type { Clock, ModelSource, Notification, StateStore, Transport } from './ports.ts';
import { type RuleOptions, type Rules, rulesOf } from './rules.ts';
import type { Freshness } from './step.ts';

/**
 * Largest sealed message by default, in bytes. The size is the sender's choice, every coordinator takes any; the original's
 * 3912 would cut a million weights into 1600 requests. Proxies commonly stop at 1 MiB.
 */
export const DEFAULT_MAX_MESSAGE_SIZE = 262_144;

/** How to make a participant. Either `url` or `transport` is needed, everything else has a default. */
export interface ParticipantOptions extends RuleOptions, ThreadOptions, Omit<HttpOptions, 'url'> {
  /** Base URL of the coordinator, see {@link HttpOptions}. */
  readonly url?: string | undefined;
  /** Instead of `url`: another way to the coordinator. */
  readonly transport?: Transport | undefined;
  /** Identity of the participant. Default: a fresh pair. */
  readonly keys?: SigningKeyPair | undefined;
  /**
   * New keys each round, where the coordinator lets in everybody: then no key links what this participant did in two rounds, and documents are
   * fetched whole, so that no ETag does (threats T15). Address, connection, times and sizes still can; an allow-list and the
   * quarantine of a coordinator, which know keys, no longer do. Not with `keys`. Default false.
   */
  readonly freshKeys?: boolean | undefined;
  /** Share of this participant's models in the mean, when a model comes without one; 0 or more. Default 1. */
  readonly scalar?: number | bigint | Rational | undefined;
  /** Largest sealed message in bytes: 194 or more, or 0 for unlimited (wire 6.5). Default {@link DEFAULT_MAX_MESSAGE_SIZE}. */
  readonly maxMessageSize?: number | undefined;
  /** Source of secret randomness. Default: the platform's `crypto.getRandomValues`. */
  readonly random?: RandomBytes | undefined;
  /** Where the state is saved before every message that depends on it. Default: nowhere; call `snapshot()` yourself. */
  readonly store?: StateStore | undefined;
  /** Asked for the model instead of waiting for `setModel`. */
  readonly models?: ModelSource | undefined;
  /** Told what happens (participant 1.6); must not throw. */
  readonly notify?: ((notification: Notification) => void) | undefined;
  /**
   * Told how far a computation is that takes longer than a quarter of a second, four times a second at most; the last call
   * has `done` equal to `total`. Must not throw.
   */
  readonly progress?: ((progress: ComputationProgress) => void) | undefined;
  /** When the round's parameters are asked for, see {@link Freshness}. Default `auto`. */
  readonly freshness?: Freshness | undefined;
  /**
   * Whether a sum participant that is given no seeds looks for itself in the sum dictionary, and, while there is none, sends its sum message
   * again, with the same ephemeral key: after 1, 4, 13, 40 and 121 seconds, at most 5 times a round, and not when the coordinator said that
   * it has it. Default: true, with freshness `every-step` false.
   */
  readonly resendSum?: boolean | undefined;
}

/** The ports and rules of a participant, none missing. */
export interface Settings {
  readonly transport: Transport;
  readonly random: RandomBytes;
  readonly clock: Clock;
  readonly rules: Rules;
  readonly freshness: Freshness;
  readonly resendSum: boolean;
  readonly freshKeys: boolean;
  readonly store: StateStore | undefined;
  readonly models: ModelSource | undefined;
  readonly notify: (notification: Notification) => void;
  readonly sumMasks: MaskSummer;
  readonly progress: (progress: ComputationProgress) => void;
}

/**
 * Checks the options and fills in the defaults; throws `option-invalid`, `transport-url`, `transport-insecure`, `random-missing`,
 * `scalar-invalid`, `message-size-too-small`.
 */
export function settingsOf(options: ParticipantOptions): Settings {
  const { url, transport, clock = systemClock, freshness = 'auto', freshKeys = false } = options;
  if ((url === undefined) === (transport === undefined)) throw new XaynetError('option-invalid', 'either url or transport is needed');
  if (freshKeys && options.keys !== undefined) throw new XaynetError('option-invalid', 'keys and freshKeys exclude each other');
  if (options.random === undefined) systemRandom(0);
  checkKeys(options.keys);
  scalarOf(options, rational(1));
  maxMessageSizeOf(options, 0);
  return {
    transport: transport ?? new HttpTransport({ ...options, url: url!, revalidate: options.revalidate ?? (freshKeys ? 'never' : undefined) }),
    random: options.random ?? systemRandom,
    clock,
    rules: rulesOf(options),
    freshness,
    freshKeys,
    resendSum: options.resendSum ?? freshness !== 'every-step',
    store: options.store,
    models: options.models,
    notify: options.notify ?? (() => undefined),
    sumMasks: maskSummer(options),
    progress: options.progress ?? (() => undefined),
  };
}

/** The keys of the options, or fresh ones. */
export function keysOf(options: ParticipantOptions, random: RandomBytes): SigningKeyPair {
  return options.keys ?? generateSigningKeyPair(random);
}

/** A coordinator drops what halves that do not belong together sign, without a word: so they are refused here. */
function checkKeys(keys: SigningKeyPair | undefined): void {
  if (keys !== undefined && !equalBytes(keys.secretKey.subarray(32), keys.publicKey)) {
    throw new XaynetError('option-invalid', 'keys: the public key is not the second half of the secret key');
  }
}

/** The scalar of the options, exact; throws `scalar-invalid`. */
export function scalarOf(options: ParticipantOptions, fallback: Scalar): Scalar {
  return options.scalar === undefined ? fallback : scalarFrom(options.scalar);
}

/** The maximum message size of the options; throws `message-size-too-small` for 1 to 193 (quirk Q-07). */
export function maxMessageSizeOf(options: ParticipantOptions, fallback: number): number {
  const size = options.maxMessageSize ?? fallback;
  if (!Number.isSafeInteger(size) || size < 0) throw new XaynetError('option-invalid', `maxMessageSize: a whole number of bytes expected, ${size} given`);
  if (size !== 0 && size < MIN_MESSAGE_SIZE) throw new XaynetError('message-size-too-small', `${size} bytes`);
  return size;
}
