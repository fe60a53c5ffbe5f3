// The files of deploy/: they parse, they name metrics, labels, files and settings that exist. What a container does with them is not run here.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadSettings } from '@xaynet/coordinator';
import { METRICS_REFERENCE } from '../../packages/coordinator/src/metrics/reference.ts';
import { parseYaml, type Yaml } from './yaml.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deploy = join(root, 'deploy');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const yaml = (path: string): Record<string, Yaml> => parseYaml(read(path)) as Record<string, Yaml>;

const rows = new Map(METRICS_REFERENCE.map((row) => [row.name, row]));
/** Labels that Prometheus adds. */
const TARGET_LABELS = ['instance', 'job'];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  verdict: ['accepted', 'rejected', 'discarded', 'refused'],
  outcome: ['model', 'failure', 'sent', 'dropped', 'failed'],
  state: ['busy', 'idle'],
  kind: ['heap_used', 'heap_total', 'external', 'array_buffers'],
  quantile: ['0.5', '0.99', '1'],
  job: ['xaynet'],
  instance: ['$instance'],
};

/** What is wrong with the metrics and labels of a PromQL expression. */
function problemsOf(expression: string): string[] {
  const problems: string[] = [];
  const bare = expression.replace(/"[^"]*"/g, '""');
  for (const [open, close] of ['()', '{}', '[]']) if (bare.split(open!).length !== bare.split(close!).length) problems.push(`${open}${close} do not match`);
  let metrics = 0;
  const used = new Set(TARGET_LABELS);
  for (const [, name, matchers = ''] of expression.matchAll(/\b((?:xaynet|process|nodejs|up)(?:_[a-z_]+)?)\b(?:\{([^}]*)\})?/g)) {
    if (expression.includes(`"${name}"`)) continue;
    metrics++;
    const row = rows.get(name!) ?? rows.get(name!.replace(/_(bucket|sum|count)$/, ''));
    if (row === undefined && name !== 'up') problems.push(`there is no metric ${name}`);
    if (row?.kind === 'histogram' && row.name === name) problems.push(`${name} is a histogram`);
    const labels = [...(row?.labels ?? []), ...TARGET_LABELS, ...(row?.kind === 'histogram' ? ['le'] : [])];
    for (const label of labels) used.add(label);
    for (const [, label, value] of matchers.matchAll(/(\w+)=~?"([^"]*)"/g)) {
      if (!labels.includes(label!)) problems.push(`${name} has no label ${label}`);
      const unknown = value!.split('|').filter((one) => !(VALUES[label!] ?? [one]).includes(one));
      if (unknown.length > 0) problems.push(`${label} is never ${unknown.join(', ')}`);
    }
    if (row?.kind === 'counter' && !new RegExp(`(rate|increase|changes)\\(${name}\\b`).test(expression))
      problems.push(`${name} is a counter: ask for its rate`);
  }
  for (const [, list] of expression.matchAll(/\bby \(([^)]*)\)/g))
    for (const label of list!.split(/,\s*/)) if (!used.has(label)) problems.push(`by ${label}: no such label`);
  return metrics === 0 ? [...problems, 'no metric'] : problems;
}

interface Panel {
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

test('what checks expressions finds what is wrong', () => {
  for (const [expression, problem] of [
    ['xaynet_nothing > 1', 'there is no metric xaynet_nothing'],
    ['xaynet_paused{phase="sum"} == 1', 'xaynet_paused has no label phase'],
    ['rate(xaynet_messages_total{verdict="lost"}[5m])', 'verdict is never lost'],
    ['xaynet_messages_total > 1', 'xaynet_messages_total is a counter: ask for its rate'],
    ['sum by (code) (rate(xaynet_messages_total[5m]))', 'by code: no such label'],
    ['rate(xaynet_stage_seconds[5m])', 'xaynet_stage_seconds is a histogram'],
    ['(1', '() do not match'],
  ] as const) {
    assert.ok(problemsOf(expression).includes(problem), `${expression}: ${problemsOf(expression)}`);
  }
});

test('the dashboard draws metrics that exist, on panels that do not overlap', () => {
  const dashboard = JSON.parse(read('deploy/grafana/dashboards/xaynet.json')) as { uid: string; panels: Panel[] };
  const [source] = yaml('deploy/grafana/provisioning/datasources/prometheus.yml').datasources as Record<string, Yaml>[];
  for (const { title, targets, datasource, gridPos: a } of dashboard.panels) {
    assert.equal(datasource.uid, source!.uid, title);
    assert.ok(targets.length > 0 && a.x + a.w <= 24, title);
    for (const { expr } of targets) assert.deepEqual(problemsOf(expr), [], `${title}: ${expr}`);
    for (const other of dashboard.panels) {
      const b = other.gridPos;
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert.ok(other.title === title || apart, `${title} and ${other.title} overlap`);
    }
  }
  const drawn = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n');
  for (const must of [
    'xaynet_rounds_total',
    'xaynet_phase_number',
    'xaynet_messages_total',
    'xaynet_refusals_total',
    'histogram_quantile(0.5,',
    'histogram_quantile(0.99,',
    'xaynet_event_loop_delay_seconds',
    'process_resident_memory_bytes',
    'xaynet_store_free_bytes',
    'xaynet_queue_messages',
  ]) {
    assert.ok(drawn.includes(must), `${must} is drawn`);
  }
});

test('of several coordinators, what is the round’s is shown once, and what is added up is the sum of all', () => {
  const ofRound = ['round_number', 'phase_number', 'failures_in_a_row', 'model_timestamp_seconds', 'round_updates', 'model_bytes'].map(
    (name) => `xaynet_${name}`,
  );
  const { panels } = JSON.parse(read('deploy/grafana/dashboards/xaynet.json')) as { panels: Panel[] };
  const [group] = yaml('deploy/alerts.yml').groups as { rules: Record<string, Yaml>[] }[];
  const drawn = panels.flatMap(({ title, targets }) => targets.map(({ expr, legendFormat }) => ({ name: title, expr, legendFormat })));
  const asked = group!.rules.map(({ alert, expr }) => ({ name: alert as string, expr: expr as string, legendFormat: '' }));
  for (const { name, expr, legendFormat } of [...drawn, ...asked]) {
    for (const metric of ofRound.filter((each) => expr.includes(each))) assert.match(expr, new RegExp(`max( by \\(job\\) )?\\(${metric}`), name);
    const isOfEach = !/(sum|max|min|count|topk)[ (]/.test(expr);
    if (legendFormat !== '' && isOfEach) assert.match(legendFormat, /\{\{instance\}\}/, `${name}: which coordinator is it?`);
  }
});

test('the alerts ask for metrics that exist, and say what to do', () => {
  const [group] = yaml('deploy/alerts.yml').groups as { rules: Record<string, Yaml>[] }[];
  const names = group!.rules.map(({ alert }) => alert);
  for (const must of ['XaynetPaused', 'XaynetRoundsFail', 'XaynetDiskLow', 'XaynetNoModel']) assert.ok(names.includes(must), must);
  for (const { alert, expr, annotations, labels } of group!.rules) {
    assert.deepEqual(problemsOf(expr as string), [], `${alert}: ${expr}`);
    assert.deepEqual(Object.keys(annotations as object), ['summary', 'action'], String(alert));
    assert.match((labels as Record<string, string>).severity!, /^(critical|warning|info)$/);
  }
});

test('compose.yaml: files that are mounted exist, Prometheus scrapes the coordinator that it starts, data outlives containers', () => {
  const compose = yaml('deploy/compose.yaml') as {
    services: Record<string, { volumes: string[]; build?: Record<string, string>; ports: string[] }>;
    volumes: object;
  };
  for (const [name, { volumes }] of Object.entries(compose.services)) {
    for (const volume of volumes) {
      const [from, to] = volume.split(':') as [string, string];
      assert.ok(to.startsWith('/'), volume);
      assert.ok(from.startsWith('./') ? existsSync(join(deploy, from)) : from in compose.volumes, `${name}: ${from}`);
    }
  }
  const { build, ports, volumes } = compose.services.coordinator!;
  assert.ok(existsSync(join(deploy, build!.context!, build!.dockerfile!)));
  assert.deepEqual(ports, ['8081:8081']);
  assert.ok(volumes.some((volume) => volume.endsWith(':/var/lib/xaynet')));
  const [job] = yaml('deploy/prometheus.yml').scrape_configs as { static_configs: { targets: string[] }[] }[];
  assert.deepEqual(job!.static_configs[0]!.targets, ['coordinator:8081']);
  const [rule] = yaml('deploy/prometheus.yml').rule_files as string[];
  assert.ok((compose.services.prometheus as { volumes: string[] }).volumes.includes(`./alerts.yml:${rule}:ro`));
  const [provider] = yaml('deploy/grafana/provisioning/dashboards/xaynet.yml').providers as { options: { path: string } }[];
  assert.ok(compose.services.grafana!.volumes.includes(`./grafana/dashboards:${provider!.options.path}:ro`));
});

test('secrets reach the container, and are those of settings', () => {
  const { coordinator } = yaml('deploy/compose.yaml').services as unknown as Record<string, { environment: string[] }>;
  const reference = read('docs/SETTINGS.md');
  for (const must of ['XAYNET__STORE__KEY', 'XAYNET__ADMIN__TOKEN']) assert.ok(coordinator!.environment.includes(must), must);
  for (const name of coordinator!.environment.filter((each) => each.startsWith('XAYNET__'))) {
    const key = name.slice('XAYNET__'.length).toLowerCase().replaceAll('__', '.');
    assert.ok(reference.includes(`| \`${key}\` |`), key);
  }
});

test('the unit of systemd starts what exists, with settings that exist, and a stop on purpose lasts', () => {
  const [, unit] = /```ini\n([\s\S]*?)```/.exec(read('docs/OPERATING.md'))!;
  const fields = new Map([...unit!.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
  const command = fields.get('ExecStart')!.split(' ');
  assert.ok(command[0]!.startsWith('/'));
  const script = command.find((word) => word.endsWith('.mjs'))!;
  assert.ok(existsSync(join(root, script.replace('/opt/xaynet/', ''))), script);
  assert.ok(command.includes('--conditions=source'), 'no starter between systemd and the coordinator');
  assert.equal(fields.get('Restart'), 'on-failure');
  const [name, path] = fields.get('Environment')!.split('=');
  assert.equal(loadSettings(join(deploy, 'coordinator.toml'), { [name!]: path! }).store.path, path);
  assert.ok(path!.startsWith(`/var/lib/${fields.get('StateDirectory')}/`));
});

test('the settings of the container are settings, with the variables of the image over them', () => {
  const image = read('deploy/Dockerfile');
  const env = Object.fromEntries([...image.matchAll(/(XAYNET__[A-Z0-9_]+)=(\S+)/g)].map(([, name, value]) => [name, value]));
  const settings = loadSettings(join(deploy, 'coordinator.toml'), env);
  assert.deepEqual([settings.api.host, settings.api.port, settings.store.path], ['0.0.0.0', 8081, '/var/lib/xaynet']);
  assert.match(image, /^VOLUME \/var\/lib\/xaynet$/m);
  assert.match(image, /^EXPOSE 8081$/m);
  assert.match(image, /HEALTHCHECK[\s\S]*127\.0\.0\.1:8081\/healthz/);
});

test('the Dockerfile copies what exists and is not ignored, all packages, and leaves root', () => {
  const image = read('deploy/Dockerfile').replaceAll('\\\n', ' ');
  const ignored = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const copied = [...image.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, list]) => list!.split(' '));
  assert.ok(copied.length >= 10);
  for (const path of copied) {
    assert.ok(existsSync(join(root, path)), path);
    assert.ok(!ignored.some((pattern) => matchesGlob(path, pattern)), `${path} is in .dockerignore`);
  }
  for (const manifest of globSync('packages/*/package.json', { cwd: root })) assert.ok(copied.includes(manifest), manifest);
  const { engines } = JSON.parse(read('packages/xaynet/package.json')) as { engines: { node: string } };
  const bases = [...image.matchAll(/^FROM node:(\d+)-slim/gm)].map(([, major]) => Number(major));
  assert.ok(bases.length === 2 && bases.every((major) => major >= Number(/\d+/.exec(engines.node)![0])));
  assert.ok(image.lastIndexOf('\nUSER node\n') > image.lastIndexOf('\nFROM '));
  assert.ok(existsSync(join(root, /"\/opt\/xaynet\/([^"]+\.mjs)"/.exec(image)![1]!)));
});
