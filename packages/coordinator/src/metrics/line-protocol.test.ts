// Lines byte for byte as the original writes them, and times that never repeat.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { formatPoint, nanosecondClock, plainDecimal } from './line-protocol.ts';

it('writes the lines of the original (coordinator 6.1)', () => {
  const lines = [
    formatPoint({ measurement: 'phase', fields: { value: 1n }, time: 1795358680064181156n }),
    formatPoint({ measurement: 'round_param_sum', tags: { round_id: 1, phase: 0 }, fields: { value: 0.5 }, time: 1795358680064049420n }),
    formatPoint({ measurement: 'message_discarded', tags: { round_id: 2, phase: 1 }, fields: { value: 1n }, time: 1795358700141576501n }),
    formatPoint({ measurement: 'event', fields: { title: 'Phase error', description: 'Phase timeout.' }, time: 1795358700071104117n }),
  ];
  assert.deepEqual(lines, [
    'phase value=1i 1795358680064181156',
    'round_param_sum,round_id=1,phase=0 value=0.5 1795358680064049420',
    'message_discarded,round_id=2,phase=1 value=1i 1795358700141576501',
    'event title="Phase error",description="Phase timeout." 1795358700071104117',
  ]);
});

it('escapes quotes and backslashes of strings, writes a whole float bare', () => {
  assert.equal(formatPoint({ measurement: 'event', fields: { title: 'a "b" \\ c' }, time: 1n }), 'event title="a \\"b\\" \\\\ c" 1');
  assert.equal(formatPoint({ measurement: 'x', fields: { value: 1 }, time: 1n }), 'x value=1 1');
});

it('writes floats in their shortest form and never with an exponent', () => {
  for (const [value, text] of [
    [1e-7, '0.0000001'],
    [1.25e-9, '0.00000000125'],
    [-3e-8, '-0.00000003'],
    [1e21, '1000000000000000000000'],
    [1.5e22, '15000000000000000000000'],
    [0.25, '0.25'],
    [Number.NaN, '0'],
  ] as const) {
    assert.equal(plainDecimal(value), text);
  }
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = plainDecimal(value);
      assert.match(text, /^-?\d+(\.\d+)?$/);
      assert.equal(Number(text), value === 0 ? 0 : value);
    }),
  );
});

it('never gives a time twice, and follows a clock that is set back by far', () => {
  let [ms, fine] = [1_795_358_680_064, 0n];
  const now = nanosecondClock(
    () => ms,
    () => fine,
  );
  const times = [now(), now(), now()];
  assert.deepEqual(times, [1795358680064000000n, 1795358680064000001n, 1795358680064000002n]);
  fine = 999_999n;
  assert.equal(now(), 1795358680064999999n);
  ms -= 1;
  assert.equal(now(), 1795358680065000000n);
  ms -= 3_600_000;
  assert.equal(now(), 1795355080063999999n);
});
