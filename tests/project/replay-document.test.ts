// The transcripts of docs/REPLAY.md, executed in this process on the samples that they name.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseSettings } from '@xaynet/coordinator';
import { main } from '../../packages/xaynet/src/main.ts';
import { exchangesOf, matches } from './transcripts.ts';

const SAMPLES = fileURLToPath(new URL('../../packages/coordinator/samples/', import.meta.url));
const document = readFileSync(new URL('../../docs/REPLAY.md', import.meta.url), 'utf8');
const exchanges = exchangesOf(document);
const folder = mkdtempSync(join(tmpdir(), 'xaynet-replay-document-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('docs/REPLAY.md has transcripts, and its settings record', () => {
  assert.ok(exchanges.length >= 5, `${exchanges.length}`);
  const [, toml] = /```toml\n([\s\S]*?)```/.exec(document)!;
  assert.deepEqual(parseSettings(toml!).record, { path: 'recordings', maxBytes: 16_777_216, keep: 8 });
});

describe('docs/REPLAY.md', () => {
  for (const { line, command, expected } of exchanges) {
    test(`line ${line}: ${command}`, async () => {
      const [name, ...args] = command.split(' ');
      assert.equal(name, 'xaynet');
      const real = args.map((arg) => (arg.endsWith('.jsonl') ? join(SAMPLES, arg) : arg.endsWith('.ts') ? join(folder, arg) : arg));
      let printed = '';
      const take = (text: string): void => {
        printed += text.replaceAll(`${folder}/`, '').replaceAll(SAMPLES, '');
      };
      assert.equal(await main(real, { out: take, err: take }), 0);
      assert.ok(matches(expected, printed), `expected\n${expected}\nprinted\n${printed}`);
    });
  }
});
