// The transcripts of docs/DEPLOY.md, one after another in a folder that looks like the checkout, and its values before the chart.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { helm } from '../../scripts/deploy-tools.mjs';
import { exchangesOf, matches, run } from '../project/transcripts.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const XAYNET = `'${process.execPath}' --conditions=source --disable-warning=ExperimentalWarning '${join(root, 'packages/xaynet/bin/xaynet.mjs')}'`;
const document = readFileSync(join(root, 'docs/DEPLOY.md'), 'utf8');
const blocks = [...document.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);
const folder = mkdtempSync(join(tmpdir(), 'xaynet-deploy-'));

before(() => {
  mkdirSync(join(folder, 'bin'));
  symlinkSync(helm()!, join(folder, 'bin/helm'));
  symlinkSync(process.execPath, join(folder, 'bin/node'));
  cpSync(join(root, 'deploy'), join(folder, 'deploy'), { recursive: true, filter: (path) => !path.endsWith('.env') });
  mkdirSync(join(folder, 'scripts'));
  cpSync(join(root, 'scripts/deploy-secrets.mjs'), join(folder, 'scripts/deploy-secrets.mjs'));
  writeFileSync(join(folder, 'values.yaml'), blocks.find((text) => text.startsWith('# values.yaml'))!);
});
after(() => rmSync(folder, { recursive: true }));

const exchanges = exchangesOf(document);

test('there are transcripts', () => assert.ok(exchanges.length >= 6));

for (const { line, command, expected } of exchanges) {
  test(`docs/DEPLOY.md, line ${line}: ${command.split('\n')[0]}`, async () => {
    const env = { PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter), HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder };
    const printed = await run(command, { folder, xaynet: XAYNET, env });
    assert.ok(matches(expected, printed), `expected\n${expected}\nprinted\n${printed}`);
  });
}

test('the secrets that it makes are for their owner only', () => {
  assert.equal(statSync(join(folder, 'deploy/.env')).mode & 0o777, 0o600);
});

test('every block of YAML is YAML, and asks for a metric that there is', () => {
  for (const text of blocks) assert.ok(typeof parse(text) === 'object');
  const [rule] = (parse(blocks.find((text) => text.startsWith('rules:'))!) as { rules: { seriesQuery: string }[] }).rules;
  const { autoscaling } = parse(readFileSync(join(root, 'deploy/helm/xaynet/values.yaml'), 'utf8')) as { autoscaling: { queue: { metric: string } } };
  assert.ok(rule!.seriesQuery.startsWith(`${autoscaling.queue.metric}{`));
});

test('what it says of the files is so', () => {
  const says = (text: string): void => assert.ok(document.includes(text), text);
  const values = parse(readFileSync(join(root, 'deploy/helm/xaynet/values.yaml'), 'utf8')) as Record<string, number>;
  assert.deepEqual([values.preStopSeconds, values.terminationGracePeriodSeconds], [10, 90]);
  says('waits ten seconds');
  says('the rest of ninety');
  for (const [, path] of document.matchAll(/\]\(\.\.\/(deploy[^)]*)\)/g)) assert.ok(statSync(join(root, path!)), path);
  const compose = readFileSync(join(root, 'deploy/compose.fleet.yaml'), 'utf8');
  for (const [, name] of document.matchAll(/(?:kill|--detach) (coordinator-\d)/g)) assert.ok(compose.includes(`  ${name}:\n`), name);
  assert.equal(dirname(compose.match(/dockerfile: (\S+)/)![1]!), 'deploy');
});
