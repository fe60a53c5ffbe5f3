// Whose request it is. A header can claim anything, so X-Forwarded-For is read from the right and only as far as proxies that the operator
// trusts have written it: the first address that is none of them is the client.

import { AddressSet, countedAddress, normalAddress } from '../addresses.ts';

/** Who asks, for logs and for limits by address. */
export interface Client {
  /** Normal address; empty when the socket has none any more. */
  readonly address: string;
  /** What limits count: the address, or its /64; undefined: it is exempt from them. */
  readonly counted: string | undefined;
}

/** Whom to trust, and whom not to limit; addresses and ranges. */
export interface ClientRules {
  readonly trustedProxies: readonly string[];
  readonly exemptAddresses: readonly string[];
}

/** Tells clients apart. */
export class Clients {
  readonly #proxies: AddressSet;
  readonly #exempt: AddressSet;

  constructor({ trustedProxies, exemptAddresses }: ClientRules) {
    this.#proxies = new AddressSet(trustedProxies);
    this.#exempt = new AddressSet(exemptAddresses);
  }

  /** Who is at the other end of a connection. */
  ofAddress(remote: string | undefined): Client {
    const address = normalAddress(remote ?? '') ?? '';
    return { address, counted: address === '' || this.#exempt.has(address) ? undefined : countedAddress(address) };
  }

  /** True when connections of this address carry requests of many clients. */
  isProxy(address: string): boolean {
    return this.#proxies.has(address);
  }

  /** Who asks on a connection of the proxy `nearest` by what X-Forwarded-For says. */
  forwarded(nearest: Client, forwardedFor: string): Client {
    let { address } = nearest;
    const hops = forwardedFor.split(',');
    while (hops.length > 0 && this.#proxies.has(address)) {
      const hop = hopAddress(hops.pop()!.trim());
      if (hop === undefined) break; // nobody who is trusted writes this; what stands left of it is worth nothing
      address = hop;
    }
    return address === nearest.address ? nearest : this.ofAddress(address);
  }
}

/** The address of one item, which some proxies write with a port. */
function hopAddress(text: string): string | undefined {
  const found = /^\[([^\]]+)\](?::\d+)?$|^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text);
  return normalAddress(found?.[1] ?? found?.[2] ?? text);
}
