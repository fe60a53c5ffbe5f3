import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Signature } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { sha256 } from '../crypto/hash.ts';
import { oracleDouble } from '../kernel/oracle.test.ts';
import { isEligible } from './eligibility.ts';

const signature = (hex: string): Signature => Signature(fromHex(hex));
const fromBits = (hex: string): number => new DataView(fromHex(hex).buffer).getFloat64(0);
const previous = (value: number): number => nudge(value, -1n);
const next = (value: number): number => nudge(value, 1n);
function nudge(value: number, steps: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) + steps);
  return view.getFloat64(0);
}

const WIRE_SUM = signature('a472f72bad7a3a16a5c610e88e8442e6bfcb71a816562ff806f3afcf640e16eaeede56f4a8bac96b9dfc3c33c196a9457baa91b22b6b6a69fdc14a74c511a50e');
const WIRE_UPDATE = signature(
  '64a5ddf5271374f0f04474f11ba1bc96e3d90924e9fedae7d49c192fbf9ef9480bf2c0a17e236154790dd4c49770b767db4697ff4322e9a2a4e7a63123895504',
);

test('near ties: the lower double is not eligible, the upper one is (wire A.5)', () => {
  assert.equal(isEligible(WIRE_SUM, fromBits('3fe1374c799eb222')), false);
  assert.equal(isEligible(WIRE_SUM, fromBits('3fe1374c799eb223')), true);
  assert.equal(isEligible(WIRE_UPDATE, fromBits('3fd576927838a1ab')), false);
  assert.equal(isEligible(WIRE_UPDATE, fromBits('3fd576927838a1ac')), true);
  // What doubles would say of the lower one.
  const digest = 62296182608534914776522084266105033916761683125049366741647921601075400153688n;
  assert.ok(oracleDouble(digest) / (2 ** 256 - 1) <= fromBits('3fe1374c799eb222'));
});

test('digests and decisions of the known signatures (wire A.5, coordinator A.3, participant A.3)', () => {
  const rows: [string, string, number[], number[]][] = [
    [toHex(WIRE_SUM), '581ab4dc18e0dc0ed7e7c5a7ddb73d32c96074425dca6ed3a01091f5cc63ba89', [0.5], [0.6]],
    [toHex(WIRE_UPDATE), '417d620ec18c40952b5677c3dd5dd9df1fd2b20c91cf49f3d8ac86e2e049da55', [0.3], [0.4]],
    [
      'ac1d55db762c6b20dbfd19f2352d6f3e66821808dec72278a6a3dfe56432fcf4fa58c497883027c6a6561d970d5145c62894867e07ca0138ae2b591cf2c20400',
      'e8120d1bce7b00e202c79269ce0371c5704f3772613ca43acb5feb1fb668b759',
      [0.35],
      [0.5, 0.351],
    ],
    [
      '7702c5ae34a5e516dad2f0bcdce89581d30d3dd9ba4f660f6ded53c10c75d24263e61e833f6c1cde305c99479fdc73b5b79b92b6cd598cea6428c7f81793ac00',
      '22f6da58996c6442a32f9cf7807a88c415b3995b363814a5a0808581cf49f2a1',
      [0.5, 0.632],
      [0.633],
    ],
    [
      '787513e0b89db2673d9fedfcc9243658b7f7bc0b778e19a9a40719ac5dc1dfa334ec6e2f2a8763f6ee598beffdcfd29b0e373fda82761c3f37d02922741c8c0e',
      '0f09a5e6602288101402e60aad20b77c9b14c2c976c1665a97561304d6edd18a',
      [0.5, 0.542],
      [0.543],
    ],
    [
      'cfac771d1f65017fd2f619f553a275a188a6d41b29b78b93a25c5f0cf8284ed00445c4731e6e39631e085a89a155549e0cca6dfd1b162214b93d7c00b9d2460e',
      '5a9afbfe1b75430675c6942744aba36ebaf7d03e4eab429221f17881b41a3da7',
      [0.653],
      [0.9, 0.654],
    ],
    [
      'a344abd4ff25a1386eec22d6bb386ab3a5fe7a850fffaa79f10f596278773be396d8d64a162ffc4ea12d99d24071152d7557bddd88a15012dae5e6b7b6f7b407',
      '4cd67c8f197d6dd91fe282c543bcf5260be67b33b0e8f233169d6ac019440242',
      [0.25784707668973755],
      [0.25784707668973761],
    ],
    [
      '0bc8b7afd1768b6238887e91807ffec11a659ae8778718a37e000d3b1442fc31a5a61a59351a606ef7a3650b83c65e2b6a974cbd9c612f25ee82b98cbd24ac0a',
      'f3098f4a90234e5751a6d1f0eb221a1f87b7208866d62582d5ffacf1710243ba',
      [0.72758498460614252],
      [0.72758498460614263],
    ],
  ];
  for (const [hex, digest, below, above] of rows) {
    assert.equal(toHex(sha256(signature(hex))), digest);
    for (const threshold of below) assert.equal(isEligible(signature(hex), threshold), false, `${hex} at ${threshold}`);
    for (const threshold of above) assert.equal(isEligible(signature(hex), threshold), true, `${hex} at ${threshold}`);
    for (const [threshold, expected] of [
      [1, true],
      [1.5, true],
      [-0.1, false],
      [0, false],
    ] as const) {
      assert.equal(isEligible(signature(hex), threshold), expected, `${hex} at ${threshold}`);
    }
  }
});

test('below 0 never, above 1 always, in that order; zero of either sign only for digest 0; NaN is an error', () => {
  for (const never of [Number.NEGATIVE_INFINITY, -Number.MIN_VALUE, -1, -0, 0, Number.MIN_VALUE, 2 ** -1022, 2 ** -300]) {
    assert.equal(isEligible(WIRE_SUM, never), false, String(never));
  }
  for (const always of [1, next(1), 2, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) assert.equal(isEligible(WIRE_SUM, always), true, String(always));
  assert.throws(() => isEligible(WIRE_SUM, Number.NaN), { code: 'decode-number' });
});

test('the boundary is where the exact fraction is, for any signature', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
      const h = BigInt(`0x${toHex(sha256(bytes).reverse())}`);
      const exact = (t: number): boolean => h * 2n ** 200n <= BigInt(t * 2 ** 200) * (2n ** 256n - 1n); // t is a multiple of 2^-200 here
      const near = oracleDouble(h >> 192n) / 2 ** 64; // within a few steps of the boundary
      let threshold = near;
      for (let i = 0; i < 4; i++) threshold = previous(threshold);
      for (let i = 0; i < 9; i++) {
        assert.equal(isEligible(Signature(bytes), threshold), exact(threshold), `${threshold}`);
        threshold = next(threshold);
      }
    }),
    { numRuns: 200 },
  );
});
