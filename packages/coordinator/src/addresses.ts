// Network addresses as limits count them. IPv4 in IPv6 clothes is IPv4, and whoever has one IPv6 address has the whole /64 around it, so
// that is the unit; ranges of the settings are matched by Node's own BlockList, which knows both families.

import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';

/** An address as it is compared and shown: lower case, shortest form, no zone, IPv4-mapped IPv6 as IPv4; undefined when it is none. */
export function normalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const bare = text.split('%', 1)[0]!;
  if (!isIPv6(bare)) return undefined;
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  return mapped?.[1] ?? address;
}

/** What of a normal address is counted: itself, or the first address of the /64 that it belongs to. */
export function countedAddress(normal: string): string {
  if (!normal.includes(':')) return normal;
  const [left = '', right] = normal.split('::') as [string, string?];
  const head = left === '' ? [] : left.split(':');
  const groups = right === undefined ? head : [...head, ...new Array<string>(8).fill('0')];
  // What stands right of `::` reaches into the first four groups only when it has more than four itself.
  const tail = right === undefined || right === '' ? [] : right.split(':');
  for (let i = 0; i < tail.length; i++) groups[8 - tail.length + i] = tail[i]!;
  return new SocketAddress({ address: `${groups.slice(0, 4).join(':')}::`, family: 'ipv6' }).address;
}

/** Reads `10.0.0.1`, `10.0.0.0/8`, `::1` or `2001:db8::/32`; undefined for anything else. */
export function parseAddressRange(text: string): { readonly address: string; readonly bits: number } | undefined {
  const [address = '', digits, more] = text.split('/') as [string, string?, string?];
  const family = isIP(address);
  if (family === 0 || more !== undefined || address.includes('%') || (digits !== undefined && !/^\d{1,3}$/.test(digits))) return undefined;
  const widest = family === 4 ? 32 : 128;
  const bits = digits === undefined ? widest : Number(digits);
  return bits > widest ? undefined : { address, bits };
}

/** Addresses and ranges that are meant together. */
export class AddressSet {
  readonly #list: BlockList = new BlockList();
  readonly #empty: boolean;

  /** Throws a RangeError for a text that {@link parseAddressRange} does not read. */
  constructor(ranges: readonly string[]) {
    this.#empty = ranges.length === 0;
    for (const text of ranges) {
      const range = parseAddressRange(text);
      if (range === undefined) throw new RangeError(`an address or range like 10.0.0.0/8 was expected, not ${JSON.stringify(text)}`);
      this.#list.addSubnet(range.address, range.bits, isIPv4(range.address) ? 'ipv4' : 'ipv6');
    }
  }

  /** True when a normal address is one of them. */
  has(normal: string): boolean {
    return !this.#empty && isIP(normal) !== 0 && this.#list.check(normal, normal.includes(':') ? 'ipv6' : 'ipv4');
  }
}
