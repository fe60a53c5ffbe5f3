// The transcripts of docs/INSPECT.md. Most are run in this process, with the names of their files led to where these are; pipes by a shell.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { KIND_NAMES } from '../../packages/xaynet/src/inspect/kind-names.ts';
import { main } from '../../packages/xaynet/src/main.ts';
import { writeInspectFiles } from './inspect-files.ts';
import { oneRound } from './one-round.ts';
import { exchangesOf, matches, run } from './transcripts.ts';

const BIN = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));
const XAYNET = `'${process.execPath}' --conditions=source --disable-warning=ExperimentalWarning '${BIN}'`;
const document = readFileSync(new URL('../../docs/INSPECT.md', import.meta.url), 'utf8');
const exchanges = exchangesOf(document);
const folder = mkdtempSync(join(tmpdir(), 'xaynet-inspect-'));
const names = writeInspectFiles(folder);
const phase = (count: number): object => ({ count: { min: count, max: count }, time: { min: 0, max: 600 } });
let coordinator: Coordinator;

before(async () => {
  coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      pet: { sum: { prob: 0.1, ...phase(1) }, update: { prob: 1, ...phase(3) }, sum2: phase(1) },
      model: { length: 4 },
      store: { kind: 'memory' },
      log: { filter: 'error' },
    }),
  );
  await oneRound(coordinator);
});
after(async () => {
  await coordinator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('there are transcripts, every file of theirs is used, and every kind has its row', () => {
  assert.ok(exchanges.length >= 12, `${exchanges.length}`);
  for (const name of names)
    assert.ok(
      exchanges.some(({ command }) => command.split(' ').includes(name)),
      name,
    );
  for (const kind of KIND_NAMES) assert.ok(document.includes(`\`${kind}\``), kind);
});

/** What the command prints, in this process. */
async function printed(command: string): Promise<string> {
  let text = '';
  const take = (more: string): void => {
    text += more;
  };
  const args = command.split(' ').slice(1);
  await main(
    args.map((arg) => (names.includes(arg) ? join(folder, arg) : arg)),
    { out: take, err: take },
  );
  return text.replaceAll(`${folder}/`, '');
}

for (const { line, command, expected } of exchanges) {
  test(`docs/INSPECT.md, line ${line}: ${command}`, async () => {
    const api = new URL(coordinator.url).host;
    const real = (text: string): string => text.replaceAll('127.0.0.1:8081', api);
    const text = command.includes('|') ? await run(command, { folder, xaynet: XAYNET, env: {} }) : await printed(real(command));
    assert.ok(matches(real(expected), text), `expected\n${expected}\nprinted\n${text}`);
  });
}
