// The group orders of the 240 masking configurations (wire 3.3 to 3.5), packed small: a page loads this file whole. They are data, never
// derived, since four primes follow no formula. What is shared is written once: models of a bound differ by factors of a thousand, a prime
// is written as what it has beyond its row's integer, and those four as what stands above and below their 1,900 zeros. A test compares all
// 240, one by one, with vectors/group-orders.json.

/**
 * A line for each data and bound type, by their wire ids: the Integer order of M3 less one; then for M3, M6, M9 and M12 the Prime order less that
 * integer times 1, 10^3, 10^6 and 10^9, in base 36; then the exponents of two of the Power2 orders.
 */
const ROWS = `0000 2e13 l 3 b 3 45 55 65 75
0002 2e15 l 1l 1x 3 51 61 71 81
0004 2e17 3 2h 1x r 58 68 78 88
0006 2e19 b 3 9 3n 65 75 85 95
00ff 6805647e80 7t 8z 5b 2b 289 299 309 319
0100 2e23 1x r h 4f 78 88 98 108
0102 2e25 9 3n 1b 5n 85 95 104 114
0104 2e27 13 1z h 15 91 101 111 121
0106 2e29 h 4f 3 n 98 108 118 128
01ff 3595386269724631e620 f9 1e7 19 8x 2112 2122 2132 2142
0200 2e13 l 3 b 3 45 55 65 75
0202 2e15 l 1l 1x 3 51 61 71 81
0204 2e17 3 2h 1x r 58 68 78 88
0206 2e19 b 3 9 3n 65 75 85 95
02ff 4294967295e13 t 1d 17 31 76 86 96 106
0300 2e13 l 3 b 3 45 55 65 75
0302 2e15 l 1l 1x 3 51 61 71 81
0304 2e17 3 2h 1x r 58 68 78 88
0306 2e19 b 3 9 3n 65 75 85 95
03ff 18446744073709551615e13 21 d 4n 2h 108 118 128 138`;

/** Where primes are not what they have beyond the integer: beyond this times 2^1984, for M3, M6, M9 and M12. */
const LARGE: Readonly<Record<string, readonly bigint[]>> = {
  '01ff': [
    0x9a65406d44a5c3fde0e2684563ee4c98n,
    0x25b1b83aad4278597b674674f0e5adb3036n,
    0x933e37a534cba61d8a0b6b38cd012e83455dbn,
    0x23f2b095d563b80e3633c9ad5e0cc9db0c6f6129n,
  ],
};

/** Group order by the four wire ids of a configuration (group, data, bound, model), such as `'01000003'` (wire 3.3 to 3.5). */
export function readGroupOrders(): Map<string, bigint> {
  const orders = new Map<string, bigint>();
  for (const row of ROWS.split('\n')) {
    const [types, integer, ...rest] = row.split(' ');
    const [digits, zeros] = integer!.split('e');
    ['03', '06', '09', '0c'].forEach((model, i) => {
      const shared = BigInt(digits!) * 10n ** BigInt(Number(zeros) + 3 * i);
      const large = LARGE[types!]?.[i];
      orders.set(`00${types}${model}`, shared + 1n);
      orders.set(`01${types}${model}`, (large === undefined ? shared : large << 1984n) + BigInt(Number.parseInt(rest[i]!, 36)));
      orders.set(`02${types}${model}`, 1n << BigInt(rest[4 + i]!));
    });
  }
  return orders;
}
