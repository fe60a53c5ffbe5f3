// deploy/compose.fleet.yaml as Docker Compose loads it: its own loader checks the file against the specification and lays out what is meant.
// No container is started here.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { composeSpec } from '../../scripts/deploy-tools.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deploy = join(root, 'deploy');
const read = (name: string): string => readFileSync(join(deploy, name), 'utf8');

interface Mount {
  readonly type: 'bind' | 'volume';
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
}

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number; readonly published: string }[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly Mount[];
  readonly secrets?: readonly { readonly source: string }[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly deploy: { readonly resources: { readonly limits: Readonly<Record<'cpus' | 'memory', string>> } };
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

interface Project {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean; readonly ipam?: { readonly config: readonly { subnet: string }[] } }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly environment?: string }>>;
}

/** What `${NAME:?why}`, `${NAME:-default}`, `${NAME}` and `$$` stand for, and the names that must be given. The loader's command does not do it. */
function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  return lines.join('\n').replace(/\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\})/g, (whole, name: string | undefined, kind: string | undefined, rest: string) => {
    if (name === undefined) return whole === '$$' ? '$' : whole;
    const value = values[name] || (kind === '-' ? rest : undefined);
    if (value === undefined) throw new Error(`${name} is not set: ${rest}`);
    return value;
  });
}

const SECRETS = Object.fromEntries(
  execFileSync(process.execPath, [join(root, 'scripts/deploy-secrets.mjs')], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split('=') as [string, string]),
);

function load(name: string, values: Readonly<Record<string, string>> = SECRETS): Project {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-compose-'));
  try {
    const file = join(folder, 'compose.yaml');
    writeFileSync(file, interpolate(read(name), values));
    const json = execFileSync(composeSpec()!, ['-no-interpolation', '-format', 'json', file], { cwd: deploy, encoding: 'utf8', stdio: 'pipe' });
    return JSON.parse(json) as Project;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const project = load('compose.fleet.yaml');
const services = Object.entries(project.services);
const coordinators = services.filter(([name]) => name.startsWith('coordinator-'));
const hostsOn = (network: string): string[] => services.filter(([, service]) => network in service.networks).map(([name]) => name);

test('the loader takes the compose files, and refuses what is not in the specification', () => {
  assert.deepEqual(Object.keys(load('compose.yaml').services).sort(), ['coordinator', 'grafana', 'prometheus']);
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-compose-'));
  try {
    for (const wrong of ['healthchek: {}', 'ports: "8081"']) {
      writeFileSync(join(folder, 'c.yaml'), `name: a\nservices:\n  a:\n    image: a\n    ${wrong}\n`);
      assert.throws(() => execFileSync(composeSpec()!, [join(folder, 'c.yaml')], { stdio: 'pipe' }), wrong);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a secret that is missing is named, and the script makes all of them', () => {
  for (const name of Object.keys(SECRETS)) {
    const { [name]: _, ...others } = SECRETS;
    const asked = read('compose.fleet.yaml').includes(`\${${name}`);
    if (asked) assert.throws(() => load('compose.fleet.yaml', others), new RegExp(`${name} is not set`));
    else
      assert.ok(
        Object.values(project.secrets).some(({ environment }) => environment === name),
        name,
      );
  }
  assert.match(SECRETS.XAYNET_STORE_KEY!, /^[0-9a-f]{64}$/);
  for (const value of Object.values(SECRETS)) assert.match(value, /^[0-9a-f]{20,}$/, 'nothing that a URL or a shell would take for something else');
});

test('three coordinators that differ in nothing but the name by which the others reach them', () => {
  assert.equal(coordinators.length, 3);
  const [[, first]] = coordinators as [[string, Service]];
  for (const [name, service] of coordinators) {
    const { XAYNET__FLEET__ADVERTISE: advertise, ...environment } = service.environment!;
    const { XAYNET__FLEET__ADVERTISE: _, ...firsts } = first.environment!;
    assert.equal(advertise, `http://${name}:8083`);
    assert.deepEqual({ ...service, environment }, { ...first, environment: firsts }, name);
  }
});

test('nobody runs as root or can write to its image, gain rights or take the machine', () => {
  for (const [name, service] of services) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    const { cpus, memory } = service.deploy.resources.limits;
    assert.ok(Number(cpus) > 0 && /^\d+[mg]$/.test(memory), name);
    // The images of the coordinator and of HAProxy have a user of their own.
    if (!/^(xaynet|haproxy:)/.test(service.image)) assert.match(service.user ?? '', /^[1-9]\d*:\d+$/, name);
    assert.ok(service.image === 'xaynet' || /:v?\d+\.\d+/.test(service.image), `${name}: a version is pinned`);
  }
  assert.match(read('Dockerfile'), /\nUSER node\n/);
});

test('everybody is asked how it is, and waits for somebody who is there', () => {
  for (const [name, { depends_on = {} }] of services) for (const other of Object.keys(depends_on)) assert.ok(other in project.services, `${name}: ${other}`);
  assert.match(read('Dockerfile'), /\nHEALTHCHECK /);
  for (const [name, { healthcheck }] of services) assert.ok(healthcheck !== undefined || name.startsWith('coordinator-'), name);
});

test('Redis and S3 are reached by coordinators alone; only balancer, Prometheus and Grafana are published, to this machine', () => {
  assert.deepEqual(hostsOn('storage').sort(), ['coordinator-1', 'coordinator-2', 'coordinator-3', 'redis', 's3']);
  for (const network of ['storage', 'members']) assert.equal(project.networks[network]!.internal, true, network);
  assert.deepEqual(hostsOn('members').sort(), ['balancer', 'coordinator-1', 'coordinator-2', 'coordinator-3', 'prometheus']);
  const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name);
  assert.deepEqual(published.sort(), ['balancer', 'grafana', 'prometheus']);
  for (const [name, { ports = [] }] of services) for (const { host_ip } of ports) assert.equal(host_ip, '127.0.0.1', name);
  for (const name of [...hostsOn('front'), ...hostsOn('members')]) assert.ok(!['redis', 's3'].includes(name));
});

test('files that are mounted exist and cannot be changed, data outlives containers', () => {
  for (const [name, { volumes = [] }] of services) {
    for (const { type, source, target, read_only } of volumes) {
      if (type === 'bind') assert.ok(read_only && existsSync(source) && resolve(source).startsWith(deploy), `${name}: ${source}`);
      else assert.ok(source in project.volumes, `${name}: ${source}`);
      if (type === 'bind' && target.split('/').at(-1)!.includes('.')) assert.ok(statSync(source).isFile(), source);
    }
  }
  const kept = services.flatMap(([name, { volumes = [] }]) => volumes.filter(({ type }) => type === 'volume').map(({ target }) => `${name}:${target}`));
  assert.deepEqual(kept.sort(), ['grafana:/var/lib/grafana', 'prometheus:/prometheus', 'redis:/data', 's3:/data']);
  for (const [name, { secrets = [] }] of services) for (const { source } of secrets) assert.ok(source in project.secrets, `${name}: ${source}`);
});

test('what the parts say of each other is so: names, ports, ranges', () => {
  const names = coordinators.map(([name]) => name);
  const balancer = read('haproxy.cfg');
  assert.deepEqual(
    [...balancer.matchAll(/^ {4}server (\S+) (\S+)$/gm)].map(([, name, address]) => [name, address]),
    names.map((name) => [name, `${name}:8081`]),
  );
  const [published] = project.services.balancer!.ports!;
  assert.match(balancer, new RegExp(`^ {4}bind :${published!.target}$`, 'm'));
  const { scrape_configs, rule_files } = parse(read('prometheus.fleet.yml')) as {
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    rule_files: string[];
  };
  assert.deepEqual(
    scrape_configs[0]!.static_configs[0]!.targets,
    names.map((name) => `${name}:8081`),
  );
  assert.equal(scrape_configs[0]!.job_name, 'xaynet');
  const mounted = project.services.prometheus!.volumes!.map(({ target }) => target);
  for (const file of rule_files) assert.ok(mounted.includes(file), file);
  const settings = read('coordinator.fleet.toml');
  const subnet = project.networks.members!.ipam!.config[0]!.subnet;
  assert.ok(settings.includes(`trusted_proxies = ["${subnet}"]`), subnet);
  assert.match(settings, /region = \["\w+", "http:\/\/s3:8333"\]/);
  const advertised = new Set(coordinators.map(([, { environment }]) => new URL(environment!.XAYNET__FLEET__ADVERTISE!).port));
  assert.deepEqual([...advertised], [/bind_address = "0\.0\.0\.0:(\d+)"/.exec(settings)![1]]);
  const password = SECRETS.REDIS_PASSWORD!;
  for (const [, { environment }] of coordinators) assert.equal(environment!.XAYNET__REDIS__URL, `redis://:${password}@redis:6379`);
  const { s3 } = project.services;
  assert.equal(coordinators[0]![1].environment!.XAYNET__S3__SECRET_ACCESS_KEY, s3!.environment!.AWS_SECRET_ACCESS_KEY);
  assert.equal(coordinators[0]![1].environment!.XAYNET__S3__ACCESS_KEY, s3!.environment!.AWS_ACCESS_KEY_ID);
});

test('the image brings the clients of Redis and S3: npm ci --omit=dev keeps what is a peer of a package', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { dev?: true }> };
  for (const name of ['@redis/client', '@aws-sdk/client-s3']) assert.equal(packages[`node_modules/${name}`]!.dev, undefined, name);
});
