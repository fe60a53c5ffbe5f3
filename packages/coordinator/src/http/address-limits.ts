// How much one address may ask for: token buckets for requests and for bytes of bodies, filled by the time that has passed when they are
// looked at, so an address costs two numbers and no timer. Two generations of a map bound the memory: who has not been seen for a
// generation is forgotten, which at worst gives an attacker with very many addresses fresh buckets that the addresses had anyway.

/** Budgets of one address; 0 is no limit. */
export interface AddressBudgets {
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly connectionsPerAddress: number;
}

/** No limits. */
export const NO_BUDGETS: AddressBudgets = { requestsPerSecond: 0, bytesPerSecond: 0, connectionsPerAddress: 0 };

const BURST_SECONDS = 10;
const REMEMBERED = 100_000;

interface Buckets {
  requests: number;
  bytes: number;
  /** When they were filled, in seconds. */
  at: number;
}

/** What is needed besides the budgets. */
export interface AddressLimitOptions {
  /** Largest message in bytes: two of them always fit in a full bucket. */
  readonly largest: () => number;
  /** Milliseconds that never run backwards. */
  readonly now?: (() => number) | undefined;
  /** Addresses remembered at most. */
  readonly remembered?: number | undefined;
}

/** The budgets of all addresses. An address is what {@link countedAddress} makes of one; undefined is exempt. */
export class AddressLimits {
  #budgets: AddressBudgets;
  readonly #largest: () => number;
  readonly #now: () => number;
  readonly #generation: number;
  #young: Map<string, Buckets> = new Map();
  #old: Map<string, Buckets> = new Map();
  readonly #connections: Map<string, number> = new Map();

  constructor(budgets: AddressBudgets, { largest, now = () => performance.now(), remembered = REMEMBERED }: AddressLimitOptions) {
    this.#budgets = budgets;
    this.#largest = largest;
    this.#now = now;
    this.#generation = Math.max(1, Math.floor(remembered / 2));
  }

  /** Other budgets from now on; what was used stays used. */
  set budgets(budgets: AddressBudgets) {
    this.#budgets = budgets;
  }

  /** Addresses remembered now. */
  get remembered(): number {
    return this.#young.size + this.#old.size;
  }

  /** Counts a request: 0, or whole seconds after which there is room for one, and then nothing was counted. */
  request(address: string | undefined): number {
    const rate = this.#budgets.requestsPerSecond;
    if (address === undefined || rate === 0) return 0;
    const buckets = this.#filled(address);
    if (buckets.requests < 1) return Math.ceil((1 - buckets.requests) / rate);
    buckets.requests -= 1;
    return 0;
  }

  /** Counts bytes of a body: 0, or whole seconds after which there is room for them, and then nothing was counted. */
  bytes(address: string | undefined, bytes: number): number {
    const rate = this.#budgets.bytesPerSecond;
    if (address === undefined || rate === 0 || bytes === 0) return 0;
    const buckets = this.#filled(address);
    if (buckets.bytes < bytes) return Math.ceil((bytes - buckets.bytes) / rate);
    buckets.bytes -= bytes;
    return 0;
  }

  /** Gives back bytes that were counted and never came. */
  giveBytes(address: string | undefined, bytes: number): void {
    if (address === undefined || this.#budgets.bytesPerSecond === 0 || bytes === 0) return;
    this.#filled(address).bytes += bytes;
  }

  /** Counts a connection; false when the address has as many as it may, and then nothing was counted. */
  connected(address: string | undefined): boolean {
    if (address === undefined) return true;
    const open = this.#connections.get(address) ?? 0;
    if (this.#budgets.connectionsPerAddress > 0 && open >= this.#budgets.connectionsPerAddress) return false;
    this.#connections.set(address, open + 1);
    return true;
  }

  /** Uncounts a connection that was counted. */
  disconnected(address: string | undefined): void {
    if (address === undefined) return;
    const open = this.#connections.get(address) ?? 0;
    if (open > 1) this.#connections.set(address, open - 1);
    else this.#connections.delete(address);
  }

  #filled(address: string): Buckets {
    const { requestsPerSecond, bytesPerSecond } = this.#budgets;
    const most = Math.max(1, BURST_SECONDS * requestsPerSecond);
    const mostBytes = Math.max(BURST_SECONDS * bytesPerSecond, 2 * this.#largest());
    const at = this.#now() / 1000;
    let buckets = this.#young.get(address);
    if (buckets === undefined) {
      buckets = this.#old.get(address) ?? { requests: most, bytes: mostBytes, at };
      if (this.#young.size >= this.#generation) {
        this.#old = this.#young;
        this.#young = new Map();
      }
      this.#young.set(address, buckets);
      this.#old.delete(address);
    }
    const passed = at - buckets.at;
    buckets.requests = Math.min(most, buckets.requests + passed * requestsPerSecond);
    buckets.bytes = Math.min(mostBytes, buckets.bytes + passed * bytesPerSecond);
    buckets.at = at;
    return buckets;
  }
}
