import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Optimiser, optimiserParameters } from './optimiser.ts';

const near = (found: ArrayLike<number>, expected: readonly number[]): void => {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(found[i]! - value) < 1e-6, `weight ${i}: ${found[i]}, ${value} expected`);
  });
};

// Two rounds from (1, 0): differences (0.5, −0.25), then what the means below leave from the points reached.

test('fedavg takes the mean as it is, and half the way at rate one half', () => {
  near(new Optimiser({ name: 'fedavg' }).next(Float32Array.of(1, 0), [1.5, -0.25]), [1.5, -0.25]);
  near(new Optimiser({ name: 'fedavg', rate: 0.5 }).next(Float32Array.of(1, 0), [1.5, -0.25]), [1.25, -0.125]);
});

test('fedavgm: v = 0.5 v + Δ, x = x + v', () => {
  const optimiser = new Optimiser({ name: 'fedavgm', momentum: 0.5 });
  const once = optimiser.next(Float32Array.of(1, 0), [1.5, -0.25]);
  near(once, [1.5, -0.25]); // v = (0.5, −0.25)
  near(optimiser.next(once, [1.75, -0.25]), [2, -0.375]); // Δ = (0.25, 0), v = (0.5, −0.125)
});

test('fedadam: first moment without correction of its bias, second beginning at τ²', () => {
  const optimiser = new Optimiser({ name: 'fedadam', rate: 0.1, momentum: 0.9, beta2: 0.99, tau: 0.1 });
  const once = optimiser.next(Float32Array.of(1, 0), [1.5, -0.25]);
  // m = 0.1 Δ = (0.05, −0.025); v = 0.99 · 0.01 + 0.01 Δ² = (0.0124, 0.010525); step 0.1 m / (√v + 0.1)
  near(once, [1 + 0.005 / (Math.sqrt(0.0124) + 0.1), -0.0025 / (Math.sqrt(0.010525) + 0.1)]);
  // From there Δ = 0.5 each: m = 0.9 m + 0.05 = (0.095, 0.0275); v = 0.99 v + 0.0025 = (0.014776, 0.01291975)
  near(
    optimiser.next(
      once,
      Array.from(once, (weight) => weight + 0.5),
    ),
    [once[0]! + 0.0095 / (Math.sqrt(0.014776) + 0.1), once[1]! + 0.00275 / (Math.sqrt(0.01291975) + 0.1)],
  );
});

test('fedyogi: the second moment moves by the square towards the square, never past it by much', () => {
  const optimiser = new Optimiser({ name: 'fedyogi', rate: 0.1, momentum: 0.9, beta2: 0.99, tau: 0.1 });
  // v begins at 0.01: below Δ² = 0.25 it grows by 0.0025, above Δ² = 0.0025 it falls by 0.000025
  const once = optimiser.next(Float32Array.of(1, 0), [1.5, -0.05]);
  near(once, [1 + 0.005 / (Math.sqrt(0.0125) + 0.1), -0.0005 / (Math.sqrt(0.009975) + 0.1)]);
});

test('two who saw the same means have the same starting points, bit for bit, and what is left out has a default', () => {
  const means = [
    [0.3, 0.1, -2],
    [0.25, 0.2, -1.5],
    [0.2, 0.4, -1],
  ];
  for (const name of ['fedavg', 'fedavgm', 'fedadam', 'fedyogi'] as const) {
    const walk = (): Float32Array<ArrayBufferLike> => {
      const optimiser = new Optimiser({ name });
      return means.reduce<Float32Array>((at, mean) => optimiser.next(at, mean), new Float32Array(3));
    };
    assert.deepEqual(walk(), walk());
  }
  assert.deepEqual(optimiserParameters({ name: 'fedyogi', rate: 1 }), { name: 'fedyogi', rate: 1, momentum: 0.9, beta2: 0.99, tau: 1e-3 });
});
