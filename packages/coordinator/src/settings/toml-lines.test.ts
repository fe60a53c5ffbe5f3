// Lines of keys in TOML of every style that settings files use.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tomlLines } from './toml-lines.ts';

it('finds the line of a key, or of the nearest table around it', () => {
  const line = tomlLines(
    [
      '# prob = 1',
      '[ pet . "sum" ] # here',
      '  prob = 0.5',
      "'count' = { min = 1,",
      '  max = 2 }',
      'time.min = 3',
      '[model]',
      'length=4',
      '[[list]]',
      'x = 1',
    ].join('\r\n'),
  );
  const expected = {
    'pet.sum': 2,
    'pet.sum.prob': 3,
    'pet.sum.count': 4,
    'pet.sum.count.min': 4,
    'pet.sum.time.min': 6,
    'pet.sum.nothing': 2,
    'model.length': 8,
    'list.x': 10,
    pet: undefined,
    prob: undefined,
  };
  for (const [key, at] of Object.entries(expected)) assert.equal(line(key), at, key);
});
