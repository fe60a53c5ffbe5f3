// The catalogue of 240 configurations and, for each, a derived mask and a masked model by their SHA-256 (wire 9, vectors 3 and 5).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, MaskSeed, toHex, Writer } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { deriveMask, encodeMaskObject, MASK_CONFIGS, maskModel, parseMaskConfig, scalarFrom, writeMaskConfig } from '@xaynet/core/mask';
import { fraction, load } from './load.ts';

interface Catalogue {
  check: { seed: string; scalar: string; weights: string[] };
  configs: Record<'group' | 'data' | 'bound' | 'model' | 'wire' | 'order' | 'add_shift' | 'check_mask_sha256' | 'check_masked_sha256', string>[] &
    Record<'bytes_per_number' | 'prng_bytes' | 'exp_shift_log10', number>[];
}
const { check, configs } = load<Catalogue>('group-orders.json');

test('all 240 configurations have the numbers and the wire bytes of the catalogue', () => {
  assert.equal(configs.length, 240);
  for (const row of configs) {
    const config = parseMaskConfig(`${row.group}/${row.data}/${row.bound}/${row.model}`);
    assert.equal(config.order, BigInt(row.order), config.name);
    assert.equal(config.addShift, BigInt(row.add_shift), config.name);
    assert.equal(config.expShift, 10n ** BigInt(row.exp_shift_log10), config.name);
    assert.deepEqual([config.bytesPerNumber, config.prngBytes], [row.bytes_per_number, row.prng_bytes], config.name);
    const writer = new Writer(4);
    writeMaskConfig(writer, config);
    assert.equal(toHex(writer.finish()), row.wire, config.name);
  }
  assert.equal(new Set(MASK_CONFIGS).size, 240);
});

test('all 240 derived masks and masked models have the digests of the catalogue', () => {
  const seed = MaskSeed(fromHex(check.seed));
  const model = check.weights.map(fraction);
  const scalar = scalarFrom(fraction(check.scalar));
  for (const row of configs) {
    const config = parseMaskConfig(`${row.group}/${row.data}/${row.bound}/${row.model}`);
    const pair = { vect: config, unit: config };
    assert.equal(toHex(sha256(encodeMaskObject(deriveMask({ config: pair, seed, length: 10 })))), row.check_mask_sha256, config.name);
    assert.equal(toHex(sha256(encodeMaskObject(maskModel({ config: pair, seed, scalar, model })))), row.check_masked_sha256, config.name);
  }
});
