// The transcripts of docs/SIMULATE.md, executed one after another in one folder: seeded, so that what they print is what the document shows.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ADVERSARIES } from '../../packages/xaynet/src/simulate/adversaries/names.ts';
import { LINKS } from '../../packages/xaynet/src/simulate/links.ts';
import { exchangesOf, matches, run } from './transcripts.ts';

const BIN = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));
const XAYNET = `'${process.execPath}' --conditions=source --disable-warning=ExperimentalWarning '${BIN}'`;
const document = readFileSync(new URL('../../docs/SIMULATE.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'xaynet-simulate-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('the document names every adversary and every network, with the numbers that they have', () => {
  for (const kind of Object.keys(ADVERSARIES)) assert.match(document, new RegExp(`^\\| \`${kind}\` \\|`, 'm'));
  for (const [name, link] of Object.entries(LINKS)) {
    if (link === undefined) continue;
    const { roundTrip, up, down, loss } = link;
    const row = `| \`${name}\` | ${roundTrip} ms | ${up / 125_000} Mbit/s | ${down / 125_000} Mbit/s | ${loss === 0 ? 0 : `${Number((100 * loss).toFixed(3))} %`} |`;
    assert.ok(document.includes(row), row);
  }
});

describe('docs/SIMULATE.md', () => {
  for (const { line, command, expected } of exchangesOf(document)) {
    test(`line ${line}: ${command.split('\n')[0]}`, async () => {
      const printed = await run(command, { folder, xaynet: XAYNET, env: {} });
      assert.ok(matches(expected, printed), `expected\n${expected}\nprinted\n${printed}`);
    });
  }
});
