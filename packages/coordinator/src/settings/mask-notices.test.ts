// Notices about masking configurations: who gets one, what it says, and that they reach the operator with the settings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MASK_CONFIG, MASK_CONFIGS, parseMaskConfig } from '@xaynet/core/mask';
import { maskNotices } from './mask-notices.ts';
import { parseSettings } from './settings.ts';

test('a trap draws one notice: name, acceptance, keystream, what to take instead, how much cheaper, where to read on', () => {
  assert.deepEqual(maskNotices(parseMaskConfig('Prime/F32/B0/M9')), [
    '[mask] is Prime/F32/B0/M9, which uses only 0.42 % of what it draws: a weight of a mask takes 2833 bytes of keystream; Power2/F32/B2/M9 holds as much, with equal or better precision, and takes 24, 118 times less. To learn more: xaynet config explain Prime/F32/B0/M9',
  ]);
  assert.match(maskNotices(parseMaskConfig('Power2/F32/B4/M12'))[0]!, /0\.39 %.* takes 3072 bytes.*Integer\/F32\/B4\/M12 .* takes 18\.6, 165 times less/);
});

test('a trap that nothing cheaper replaces says so', () => {
  assert.match(
    maskNotices(parseMaskConfig('Power2/I32/Bmax/M12'))[0]!,
    /1024 bytes of keystream; none that holds as much is cheaper; a smaller bound or model type/,
  );
});

test('the line is 2 %: 1.65 % draws a notice, 2.8 % none, and neither the default nor the sample of the original', () => {
  assert.equal(maskNotices(parseMaskConfig('Prime/F32/B0/M12')).length, 1);
  for (const name of ['Prime/F32/B2/M3', 'Prime/F32/B0/M3', DEFAULT_MASK_CONFIG.name]) assert.deepEqual(maskNotices(parseMaskConfig(name)), [], name);
  assert.equal(MASK_CONFIGS.filter((config) => maskNotices(config).length > 0).length, 81);
});

test('settings carry the notice, whatever they leave to the default', () => {
  const model = { length: 4 };
  assert.deepEqual(parseSettings({ model, mask: { model_type: 'M9' } }).notices, maskNotices(parseMaskConfig('Power2/F32/B0/M9')));
  assert.equal(parseSettings({ model }, { env: { XAYNET__MASK__DATA_TYPE: 'F64' } }).notices.length, 1);
  assert.deepEqual(parseSettings({ model }).notices, []);
  assert.equal(parseSettings({ model }).mask, DEFAULT_MASK_CONFIG);
});
