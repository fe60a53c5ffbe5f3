// Floats as exact rationals and rationals as floats (wire A.6). Where the original loses or misrounds a value, the correctly rounded
// one is expected (wire 4.7).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConversionMode, modelFromWeights, modelToWeights } from '@xaynet/core/mask';
import { fraction, fractionText, load } from './load.ts';

interface Floats {
  toRational: { bits: string; note?: string; mode: ConversionMode; rational: string; refF32: string }[];
  toFloat: { rational: string; refF64: string; refF32: string; f64: string }[];
}
const { toRational, toFloat } = load<Floats>('floats.json');

const f32 = (bits: string) => new Float32Array(Uint32Array.of(Number.parseInt(bits, 16)).buffer);
const bits32 = (weights: Float32Array) => new Uint32Array(weights.buffer)[0]!.toString(16).padStart(8, '0');
const bits64 = (weights: Float64Array) => new BigUint64Array(weights.buffer)[0]!.toString(16).padStart(16, '0');

for (const { bits, note, mode, rational, refF32 } of toRational) {
  test(`binary32 ${bits}${note === undefined ? '' : ` (${note})`} is ${rational}`, () => {
    const model = modelFromWeights(f32(bits), mode);
    assert.deepEqual(model.map(fractionText), [rational]);
    if (!Number.isFinite(f32(bits)[0]!)) assert.throws(() => modelFromWeights(f32(bits)), { code: 'weight-not-finite' });
    // The original gives 0 for the two subnormals; both directions are exact here, save that -0 and the clamped come back as numbers.
    const isSubnormal = (Number.parseInt(bits, 16) & 0x7f800000) === 0 && Number.parseInt(bits, 16) !== 0x80000000;
    assert.equal(bits32(modelToWeights(model, 'F32')), isSubnormal ? bits : refF32);
  });
}

for (const { rational, refF32, refF64, f64 } of toFloat) {
  test(`${rational} as a float`, () => {
    const model = [fraction(rational)];
    assert.equal(bits64(modelToWeights(model, 'F64')), f64);
    const distance = BigInt(`0x${refF64}`) - BigInt(`0x${f64}`);
    assert.ok(distance >= -3n && distance <= 3n);
    const distance32 = Number.parseInt(bits32(modelToWeights(model, 'F32')), 16) - Number.parseInt(refF32, 16);
    assert.ok(Math.abs(distance32) <= 3, `${distance32} units in the last place`);
  });
}
