// The generator: wire A.1 and A.2. It is no part of the public interface, so it is imported where it lies.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex } from '@xaynet/core/bytes';
import { MaskGenerator } from '../../packages/core/src/kernel/generator.ts';
import { load } from './load.ts';

interface Fill {
  length: number;
  bytes?: string;
  begins?: string;
  ends?: string;
  sha256?: string;
  wordsConsumed: number;
}

test('fills consume whole words of the keystream', () => {
  const { seed, fills } = load<{ seed: string; fills: Fill[] }>('keystream.json');
  const generator = new MaskGenerator(fromHex(seed));
  for (const fill of fills) {
    const bytes = generator.fill(fill.length);
    assert.equal(bytes.length, fill.length);
    const hex = toHex(bytes);
    if (fill.bytes !== undefined) assert.equal(hex, fill.bytes);
    else {
      assert.ok(hex.startsWith(fill.begins!) && hex.endsWith(fill.ends!));
      assert.equal(createHash('sha256').update(bytes).digest('hex'), fill.sha256);
    }
    assert.equal(generator.position, fill.wordsConsumed, `after ${fill.length} bytes`);
  }
  assert.equal(fills.length, 11);
});

interface Bound {
  name: string;
  bound: string;
  drawBytes: number;
  draws: { value: string; wordsConsumed?: number }[];
}

test('integers below a bound, with the word position after each', () => {
  const { seed, bounds } = load<{ seed: string; bounds: Bound[] }>('integers.json');
  for (const { name, bound, drawBytes, draws } of bounds) {
    const generator = new MaskGenerator(fromHex(seed));
    for (const draw of draws) {
      const before = generator.position;
      assert.equal(generator.generateInteger(BigInt(bound)).toString(), draw.value, name);
      if (draw.wordsConsumed !== undefined) assert.equal(generator.position, draw.wordsConsumed, name);
      assert.equal((generator.position - before) % Math.ceil(drawBytes / 4), 0, name);
    }
  }
  assert.equal(bounds.length, 7);
});
