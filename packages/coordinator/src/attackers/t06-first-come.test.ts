// T6: whoever floods first would own the round, if the first to come were taken. They are drawn instead, from all that came while the phase had
// to wait anyway.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, participants, Rig, seededRandom, sumPayload, testSettings } from '../rig.test.ts';

const MAX = 3;
const settings = (compat: object = {}) => testSettings({ sum: { count: { min: 1, max: MAX } }, sum2: { count: { min: 1, max: MAX } }, compat });

/** How many of the honest, who come after the flood, are in the sum dictionary. */
async function round(seed: string, compat: object): Promise<number> {
  const rig = await Rig.start({ settings: settings(compat), random: seededRandom(seed) });
  const flood = participants(rig.params, 'sum', 3 * MAX);
  const honest = participants(rig.params, 'sum', 3 * MAX);
  for (const who of [...flood, ...honest]) await rig.send(bodyOf(sumPayload(who), who));
  await rig.seconds(4);
  assert.equal(rig.phase, 'update');
  assert.equal(rig.sums.size, MAX, 'never more than count.max');
  return honest.filter((who) => rig.sums.has(who.keys.publicKey)).length;
}

test('T6: a flood that comes first gets its share of the sum dictionary, not all of it', async () => {
  let honest = 0;
  for (let i = 0; i < 12; i++) honest += await round(`draw ${i}`, {});
  // 36 places, half of the candidates honest: 18 expected; fewer than 6 or more than 30 has a chance below 1 in 20 000.
  assert.ok(honest >= 6 && honest <= 30, `${honest} of 36 places`);
});

test('T6: compat.arrival_order takes the first, as the original does', async () => {
  assert.equal(await round('order', { arrival_order: true }), 0);
});
