// Every settings file of deploy/, and those that the chart makes, as a coordinator reads them: with the variables that container or pod has.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadSettings } from '@xaynet/coordinator';
import { parse, parseAllDocuments } from 'yaml';
import { helm } from '../../scripts/deploy-tools.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deploy = join(root, 'deploy');
const SECRET: Readonly<Record<string, string>> = {
  'store-key': 'a5'.repeat(32),
  'redis-url': 'rediss://xaynet:secret@redis.example.org:6380',
  's3-access-key': 'access',
  's3-secret-access-key': 'secret',
  'admin-token': 'sixteen-characters-and-more',
};

test('coordinator.fleet.toml, with the variables of compose.fleet.yaml', () => {
  const { services } = parse(readFileSync(join(deploy, 'compose.fleet.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, { environment: Record<string, string> }>;
  };
  const image = readFileSync(join(deploy, 'Dockerfile'), 'utf8');
  const ofImage = Object.fromEntries([...image.matchAll(/(XAYNET__[A-Z0-9_]+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  for (const name of ['coordinator-1', 'coordinator-2', 'coordinator-3']) {
    const given = Object.entries(services[name]!.environment).map(([key, value]) => [
      key,
      value.replace(/\$\{\w+:\?[^}]*\}/, key.endsWith('STORE__KEY') ? SECRET['store-key']! : 'secret'),
    ]);
    const settings = loadSettings(join(deploy, 'coordinator.fleet.toml'), { ...ofImage, ...Object.fromEntries(given) });
    assert.deepEqual(settings.notices, []);
    assert.equal(settings.store.kind, 'redis');
    assert.equal(settings.api.host, '0.0.0.0');
    assert.equal(settings.fleet.advertise, `http://${name}:8083`);
  }
});

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly key: string }; readonly fieldRef?: object };
}

/** What the chart makes of values, read as the pod reads it. */
function settingsOf(values: string, address: string): ReturnType<typeof loadSettings> {
  const args = ['template', 'rounds', join(deploy, 'helm/xaynet'), '--kube-version', '1.28.0', '-f', values];
  // biome-ignore lint/suspicious/noExplicitAny: objects of a cluster; chart.test.ts holds them against the schemas
  const objects = parseAllDocuments(execFileSync(helm()!, args, { encoding: 'utf8', stdio: 'pipe' })).map((document) => document.toJS() as any);
  const toml = objects.find((object) => object?.kind === 'ConfigMap' && 'coordinator.toml' in object.data).data['coordinator.toml'] as string;
  const { spec } = objects.find((object) => ['Deployment', 'StatefulSet'].includes(object?.kind)).spec.template;
  const environment: Record<string, string> = {};
  for (const { name, value, valueFrom } of spec.containers[0].env as Variable[]) {
    const of = valueFrom?.fieldRef ? address : valueFrom?.secretKeyRef ? SECRET[valueFrom.secretKeyRef.key] : value;
    // As the cluster does: $(NAME) of a variable that stands above.
    if (of !== undefined) environment[name] = of.replace(/\$\((\w+)\)/g, (whole, other: string) => environment[other] ?? whole);
  }
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-settings-'));
  try {
    const file = join(folder, 'coordinator.toml');
    writeFileSync(file, toml);
    return loadSettings(file, environment);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const file of globSync('helm/xaynet/ci/*.yaml', { cwd: deploy }).map((name) => join(deploy, name))) {
  const name = basename(file, '-values.yaml');
  test(`the settings that the chart makes of its values: ${name}`, () => {
    const address = name === 'everything' ? 'fd00::3' : '10.1.2.3';
    const settings = settingsOf(file, address);
    const { settings: given } = parse(readFileSync(file, 'utf8')) as { settings: { model: { length: number } } };
    assert.equal(settings.modelLength, given.model.length);
    assert.equal(settings.store.kind, name === 'single' ? 'embedded' : 'redis');
    assert.equal(settings.api.port, 8081);
    assert.equal(settings.api.host, name === 'everything' ? '::' : '0.0.0.0');
    assert.deepEqual(settings.notices, []);
    const reached = { single: undefined, fleet: 'http://10.1.2.3:8083', everything: 'http://[fd00::3]:8083' };
    assert.equal(settings.fleet.advertise, reached[name as keyof typeof reached]);
  });
}
