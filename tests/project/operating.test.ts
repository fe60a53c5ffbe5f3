// The transcripts of docs/OPERATING.md, executed one after another against a coordinator that has finished one round.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { oneRound } from './one-round.ts';
import { exchangesOf, matches, run } from './transcripts.ts';

const BIN = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));
const XAYNET = `'${process.execPath}' --conditions=source --disable-warning=ExperimentalWarning '${BIN}'`;
const TOKEN = 'transcript-token-0123456789';
const document = readFileSync(new URL('../../docs/OPERATING.md', import.meta.url), 'utf8');
const exchanges = exchangesOf(document);
const hasCurl = spawnSync(process.env.XAYNET_CURL ?? 'curl', ['--version']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'xaynet-transcripts-'));
const phase = (count: number): object => ({ count: { min: count, max: count }, time: { min: 0, max: 600 } });
const toml = (text = ''): object => ({
  api: { bind_address: '127.0.0.1:0' },
  admin: { bind_address: '127.0.0.1:0', token: TOKEN },
  pet: { sum: { prob: 0.1, ...phase(1) }, update: { prob: 1, ...phase(3) }, sum2: phase(1) },
  model: { length: 4 },
  store: { path: join(folder, 'xaynet-data') },
  log: { filter: text === '' ? 'error' : text },
});
let coordinator: Coordinator;

before(async () => {
  coordinator = await Coordinator.start(parseSettings(toml()), { load: () => parseSettings(toml('warn')) });
  await oneRound(coordinator);
  writeFileSync(join(folder, 'coordinator.toml'), '[model]\nlength = 4\n');
});
after(async () => {
  await coordinator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('there are transcripts, and what runs them tells a difference', () => {
  assert.ok(exchanges.length >= 10, `${exchanges.length}`);
  assert.ok(matches('a … c\n…\nend\n', 'a b c\nx\ny\nend\n'));
  assert.ok(matches('a\n…\n', 'a\n'));
  for (const [expected, printed] of [
    ['a … c\n', 'a b d\n'],
    ['a\n', 'a\nb\n'],
    ['{"x":…}\n', '{"y":1}\n'],
  ] as const)
    assert.ok(!matches(expected, printed), expected);
});

describe('docs/OPERATING.md', { skip: hasCurl || process.env.CI === 'true' ? false : 'there is no curl' }, () => {
  for (const { line, command, expected } of exchanges) {
    test(`line ${line}: ${command.split('\n')[0]}`, async () => {
      const [api, admin] = [new URL(coordinator.url).host, new URL(coordinator.adminUrl!).host];
      const real = (text: string): string => text.replaceAll('127.0.0.1:8081', api).replaceAll('127.0.0.1:8082', admin);
      // The commands of xaynet have the default address built in.
      const named = real(command).replace(/^(xaynet coordinator (status|rounds|events|model get))/, `$1 --url http://${api}`);
      const env: Record<string, string> = command.includes('$XAYNET__ADMIN__TOKEN') ? { XAYNET__ADMIN__TOKEN: TOKEN } : {};
      const printed = await run(named, { folder, xaynet: XAYNET, env });
      const wanted = named === command ? expected : real(expected); // a command that asks nobody knows only the default
      assert.ok(matches(wanted, printed), `expected\n${expected}\nprinted\n${printed}`);
    });
  }
});
