// The short form of `npm run fuzz`: mutated messages against a running coordinator, and an honest round afterwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, fuzzText } from '../fuzz/fuzz.ts';

test('2000 mutated messages: every refusal has a code, and the coordinator stays healthy', async () => {
  const seed = Number(process.env.XAYNET_TEST_SEED ?? 1);
  const report = await fuzz({ count: 2000, seed });
  assert.deepEqual(report.problems, [], fuzzText(report));
  assert.equal(report.sent, 2000);
  assert.ok(Object.keys(report.verdicts).length > 15, fuzzText(report));
});
