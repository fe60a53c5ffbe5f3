// The documentation of the settings says what the program does: same keys, same types, same defaults, same ranges.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { editDistance, suggest } from './problems.ts';
import { SETTINGS_REFERENCE, settingsSchema, settingsTable } from './reference.ts';

const DOCUMENT = readFileSync(new URL('../../../../docs/SETTINGS.md', import.meta.url), 'utf8');

it('docs/SETTINGS.md holds the table of all settings', () => {
  const found = DOCUMENT.split('\n').filter((line) => line.startsWith('| '));
  // To update the document, replace its table by what settingsTable() returns.
  assert.deepEqual(found, settingsTable().split('\n'));
  assert.deepEqual(
    found.slice(2).map((line) => /^\| `([^`]+)`/.exec(line)?.[1]),
    SETTINGS_REFERENCE.map(({ key }) => key),
  );
});

it('every default is a value that its own setting admits', () => {
  const used = SETTINGS_REFERENCE.filter(({ fallback }) => fallback !== undefined);
  assert.ok(used.length > 20);
  for (const { key, fallback, schema, default: text } of used) {
    assert.ok(schema.safeParse(fallback).success, key);
    assert.equal(text, typeof fallback === 'object' ? JSON.stringify(fallback) : String(fallback), key);
  }
});

it('the schema knows each key, and no other', () => {
  for (const { key, use } of SETTINGS_REFERENCE) {
    const nested = (value: unknown, path = key): unknown => path.split('.').reduceRight((below, part) => ({ [part]: below }), value);
    const codes = (value: unknown): string[] =>
      settingsSchema()
        .safeParse(value)
        .error?.issues.map(({ code }) => code) ?? [];
    assert.ok(!codes(nested(Symbol('nothing'))).includes('unrecognized_keys'), key);
    assert.deepEqual(codes(nested(1, `${key}x`)), ['unrecognized_keys'], key);
    assert.ok(['used', 'not used', 'refused'].includes(use));
  }
});

it('suggests what is near, and nothing for what is not', () => {
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(suggest('Prme', ['Integer', 'Prime']), 'Prime');
  assert.equal(suggest('PRIME', ['Integer', 'Prime']), 'Prime');
  assert.equal(suggest('Banana', ['Integer', 'Prime']), undefined);
  assert.equal(suggest('x', ['B0', 'M3']), undefined);
});
