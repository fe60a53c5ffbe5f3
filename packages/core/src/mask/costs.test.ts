// What configurations cost: known answers, computed by hand and compared with the word position of the original's generator, then rules.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MASK_CONFIGS, type MaskConfig, parseMaskConfig } from './config.ts';
import { cheapestConfig, DEFAULT_MASK_CONFIG, maskConfigCosts, TRAP_ACCEPTANCE } from './costs.ts';

// Name of F32 bound and model, width, words a draw, keystream of Prime (and of Integer), keystream of Power2, one in how many Power2 draws is used.
const F32: [string, number, number, string, number, number][] = [
  ['B0/M3', 6, 2, '112.6', 64, 8],
  ['B0/M6', 7, 2, '28.8', 16, 2],
  ['B0/M9', 9, 3, '2833', 1536, 128],
  ['B0/M12', 10, 3, '725', 384, 32],
  ['B2/M3', 7, 2, '288', 256, 32],
  ['B2/M6', 8, 2, '73.8', 64, 8],
  ['B2/M9', 9, 3, '28.3', 24, 2],
  ['B2/M12', 11, 3, '1857', 1536, 128],
  ['B4/M3', 8, 2, '738', 512, 64],
  ['B4/M6', 9, 3, '283', 192, 16],
  ['B4/M9', 10, 3, '72.5', 48, 4],
  ['B4/M12', 11, 3, '18.6', 3072, 256],
  ['B6/M3', 9, 3, '2833', 1536, 128],
  ['B6/M6', 10, 3, '725', 384, 32],
  ['B6/M9', 11, 3, '186', 96, 8],
  ['B6/M12', 12, 3, '47.5', 24, 2],
];

test('known answers: keystream, words, widths and acceptance of the bounded F32 configurations', () => {
  for (const [name, width, words, keystream, power2, oneIn] of F32) {
    for (const group of ['Integer', 'Prime']) {
      const costs = maskConfigCosts(parseMaskConfig(`${group}/F32/${name}`));
      const shown = costs.keystreamBytesPerWeight;
      assert.equal(keystream.includes('.') ? shown.toFixed(1) : shown.toFixed(0), keystream, `${group} ${name}`);
      assert.deepEqual([costs.bytesPerWeight, costs.wordsPerDraw], [width, words], name);
    }
    const costs = maskConfigCosts(parseMaskConfig(`Power2/F32/${name}`));
    assert.equal(costs.keystreamBytesPerWeight, power2, name);
    assert.equal(costs.acceptance, 1 / oneIn, name);
    assert.equal(costs.drawsPerWeight, oneIn, name);
    assert.equal(costs.bytesPerWeight, width, name);
  }
});

test('known answers: the widest orders, beyond what a double holds', () => {
  const f64 = maskConfigCosts(parseMaskConfig('Power2/F64/Bmax/M3')); // order 2^2112: 265 bytes a draw, one in 256 used
  assert.deepEqual([f64.keystreamBytesPerWeight, f64.acceptance, f64.wordsPerDraw, f64.bytesPerWeight], [68_608, 1 / 256, 67, 264]);
  assert.deepEqual([f64.decimals, f64.precision, f64.isTrap], [324, 0, true]);
  const integer = maskConfigCosts(parseMaskConfig('Integer/F64/Bmax/M3'));
  assert.equal(integer.keystreamBytesPerWeight.toFixed(1), '437.7');
  const f32 = maskConfigCosts(parseMaskConfig('Power2/F32/Bmax/M12'));
  assert.deepEqual([f32.keystreamBytesPerWeight, f32.decimals, f32.precision], [80, 45, 1e-45]);
});

test('acceptance, draws and keystream are one truth, and every draw is wide enough for the order', () => {
  for (const config of MASK_CONFIGS) {
    const { acceptance, drawsPerWeight, keystreamBytesPerWeight, wordsPerDraw, isTrap, precision, decimals, maxModels } = maskConfigCosts(config);
    assert.ok(acceptance >= 1 / 256 && acceptance < 1, config.name); // the draw's highest byte is the order's
    assert.ok(Math.abs(acceptance * drawsPerWeight - 1) < 1e-15, config.name);
    assert.equal(keystreamBytesPerWeight, 4 * wordsPerDraw * drawsPerWeight, config.name);
    assert.ok(4 * wordsPerDraw >= config.prngBytes && 4 * wordsPerDraw < config.prngBytes + 4, config.name);
    assert.equal(isTrap, acceptance < 0.02, config.name);
    assert.equal(10n ** BigInt(decimals), config.expShift, config.name);
    assert.equal(precision, Number(`1e-${decimals}`), config.name);
    assert.equal(maxModels, config.maxModels);
  }
  assert.equal(TRAP_ACCEPTANCE, 0.02);
  assert.equal(MASK_CONFIGS.filter((config) => maskConfigCosts(config).isTrap).length, 81);
});

test('the default is the cheapest of all, with room for a million models', () => {
  assert.equal(DEFAULT_MASK_CONFIG, parseMaskConfig('Power2/F32/B0/M6'));
  const { cost, bytesPerWeight, keystreamBytesPerWeight } = maskConfigCosts(DEFAULT_MASK_CONFIG);
  assert.deepEqual([bytesPerWeight, keystreamBytesPerWeight], [7, 16]);
  for (const config of MASK_CONFIGS) assert.ok(maskConfigCosts(config).cost >= cost, config.name);
});

test('the cheapest that holds as much: per bound the one that one would choose', () => {
  for (const [name, expected] of [
    ['Prime/F32/B0/M3', 'Power2/F32/B0/M6'],
    ['Prime/F32/B0/M9', 'Power2/F32/B2/M9'],
    ['Power2/F32/B0/M6', 'Power2/F32/B0/M6'],
    ['Power2/F32/B2/M3', 'Power2/F32/B2/M9'],
    ['Power2/F32/B4/M12', 'Integer/F32/B4/M12'],
    ['Prime/F32/B4/M12', 'Prime/F32/B4/M12'], // Integer costs the same
    ['Prime/F32/B4/M3', 'Prime/F32/B4/M12'],
    ['Prime/F32/B6/M6', 'Power2/F32/B6/M12'],
    ['Prime/F32/Bmax/M3', 'Power2/F32/Bmax/M12'],
    ['Prime/I32/B6/M3', 'Prime/I32/Bmax/M9'], // 2^31 is above 10^6, at the same ten decimals
    ['Power2/F64/Bmax/M3', 'Integer/F64/Bmax/M3'],
    ['Power2/I32/Bmax/M12', 'Power2/I32/Bmax/M12'], // a trap without a way out
  ]) {
    assert.equal(cheapestConfig(parseMaskConfig(name!)).name, expected, name);
  }
});

test('the cheapest that holds as much really does, never costs more, and is its own', () => {
  const holds = (a: MaskConfig, b: MaskConfig): boolean =>
    a.data === b.data && a.addShift >= b.addShift && a.expShift >= b.expShift && a.maxModels >= b.maxModels;
  for (const config of MASK_CONFIGS) {
    const best = cheapestConfig(config);
    assert.ok(holds(best, config), config.name);
    assert.equal(cheapestConfig(best), best, config.name);
    for (const other of MASK_CONFIGS) {
      if (holds(other, config)) assert.ok(maskConfigCosts(other).cost > 0.999 * maskConfigCosts(best).cost, `${config.name}: ${other.name}`);
    }
  }
});
