// A settings file to begin with says what holds anyway: as it stands it parses to the defaults, and so it does with every default uncommented.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commentedSettings } from './commented.ts';
import { SETTINGS_REFERENCE } from './reference.ts';
import { parseSettings } from './settings.ts';

const DEFAULTS = parseSettings({ model: { length: 2410 } });

test('it parses to the defaults, and every setting that is used stands in it once', () => {
  const text = commentedSettings({ length: 2410 });
  assert.deepEqual(parseSettings(text), DEFAULTS);
  for (const { key, use } of SETTINGS_REFERENCE) {
    const [section, name] = [key.slice(0, key.lastIndexOf('.')), key.slice(key.lastIndexOf('.') + 1)];
    const own = text.split(`\n[${section}]\n`)[1]?.split(/\n\[/)[0] ?? '';
    assert.equal([...own.matchAll(new RegExp(`^(# )?${name} = `, 'gm'))].length, use === 'used' ? 1 : 0, key);
  }
  for (const line of text.split('\n')) assert.ok(line.length <= 140, line);
});

test('with every default uncommented it still parses to the defaults', () => {
  const text = commentedSettings({ length: 2410 }).replace(/^# (\w+ = (?!"?…).*)$/gm, '$1');
  assert.ok([...text.matchAll(/^\w+ = /gm)].length > 30, text);
  const { store, ...settings } = parseSettings(text);
  const { store: defaults, ...others } = DEFAULTS;
  assert.deepEqual(settings, others);
  assert.deepEqual(store, defaults);
});

test('without a length the file must be completed, and says so when it is used', () => {
  assert.throws(() => parseSettings(commentedSettings()), { code: 'settings-invalid', message: /model\.length.*is missing/ });
});
