// How much of a phase one participant key, and one address, may have (threats T5, T14). Keys are free to make, but not to make eligible, and
// not from many addresses: what is counted is what intake let through, so nobody can use up somebody else's budget without their key. All
// counts end with the phase.

import { type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { AddressSet, countedAddress, normalAddress } from '../addresses.ts';

/** Budgets of a phase; 0: none. */
export interface BudgetLimits {
  /** Complete messages of one participant key that are handed to the round. */
  readonly messagesPerKey: number;
  /** Different participant keys from one address. */
  readonly participantsPerAddress: number;
  /** Addresses and ranges (`10.0.0.0/8`) without a budget. */
  readonly exemptAddresses: readonly string[];
}

export const NO_BUDGETS: BudgetLimits = { messagesPerKey: 0, participantsPerAddress: 0, exemptAddresses: [] };

/** Most keys, and most addresses, that are remembered; beyond it the oldest begin anew. */
const REMEMBERED = 65_536;

/** See the head of the file. */
export class Budgets {
  readonly #read: () => BudgetLimits;
  #limits: BudgetLimits = NO_BUDGETS;
  #exempt: AddressSet = new AddressSet([]);
  readonly #messages = new Map<string, number>();
  readonly #participants = new Map<string, Set<string>>();
  /** Entries of all sets of {@link Budgets.#participants}. */
  #entries = 0;

  /** `limits` is asked for each address, as an operator may change them. */
  constructor(limits: () => BudgetLimits) {
    this.#read = limits;
  }

  /** The name under which an address is counted, or undefined when it has no budget. */
  addressOf(remote: string): string | undefined {
    const limits = this.#read();
    if (limits !== this.#limits) {
      this.#limits = limits;
      this.#exempt = new AddressSet(limits.exemptAddresses);
    }
    const address = normalAddress(remote);
    return address === undefined || this.#exempt.has(address) ? undefined : countedAddress(address);
  }

  /** Counts a participant of an address; false when it is one too many. One that is counted already always passes. */
  admit(participant: PublicSigningKey, address: string | undefined): boolean {
    const { participantsPerAddress } = this.#limits;
    if (participantsPerAddress === 0 || address === undefined) return true;
    const key = toHex(participant);
    const keys = this.#participants.get(address) ?? new Set();
    if (keys.has(key)) return true;
    if (keys.size >= participantsPerAddress) return false;
    for (const [oldest, others] of this.#participants) {
      if (this.#entries < REMEMBERED) break;
      this.#participants.delete(oldest);
      this.#entries -= others.size;
    }
    this.#participants.set(address, keys.add(key));
    this.#entries++;
    return true;
  }

  /** Whether a key may hand in one more message. */
  hasMessage(participant: PublicSigningKey): boolean {
    const { messagesPerKey } = this.#limits;
    return messagesPerKey === 0 || (this.#messages.get(toHex(participant)) ?? 0) < messagesPerKey;
  }

  /** Counts a message of a key. */
  take(participant: PublicSigningKey): void {
    if (this.#limits.messagesPerKey === 0) return;
    const key = toHex(participant);
    const [oldest] = this.#messages.keys();
    if (this.#messages.size >= REMEMBERED && oldest !== undefined) this.#messages.delete(oldest);
    this.#messages.set(key, (this.#messages.get(key) ?? 0) + 1);
  }

  /** Takes a message back: it was not looked at. */
  give(participant: PublicSigningKey): void {
    const key = toHex(participant);
    const count = this.#messages.get(key);
    if (count !== undefined) this.#messages.set(key, Math.max(0, count - 1));
  }

  /** Entries that are remembered in all. */
  get remembered(): number {
    return this.#entries + this.#messages.size;
  }

  /** Forgets all counts. */
  clear(): void {
    this.#messages.clear();
    this.#participants.clear();
    this.#entries = 0;
  }
}
