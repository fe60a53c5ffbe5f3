// The chart as Helm renders it: held against the schemas of Kubernetes, where a field that is not named there is an error, and against what it is to
// say. No cluster is here.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { helm } from '../../scripts/deploy-tools.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const chart = join(root, 'deploy/helm/xaynet');
/** The oldest Kubernetes that the chart is for. */
const OLDEST = '1.28.0';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
// biome-ignore lint/suspicious/noExplicitAny: objects of a cluster, whose types are the schemas
type Any = any;

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [key: string]: Any;
}

function run(command: 'template' | 'lint', values: object | string, more: readonly string[] = []): { status: number | null; out: string; problem: string } {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-chart-'));
  try {
    const file = typeof values === 'string' ? join(chart, 'ci', values) : join(folder, 'values.json');
    if (typeof values !== 'string') writeFileSync(file, JSON.stringify(values));
    const args = command === 'template' ? ['template', 'rounds', chart, '--namespace', 'learning'] : ['lint', chart, '--strict'];
    const env = { ...process.env, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder };
    const { status, stdout, stderr } = spawnSync(helm()!, [...args, '--kube-version', OLDEST, '-f', file, ...more], { encoding: 'utf8', env });
    return { status, out: stdout, problem: stderr + (command === 'lint' ? stdout : '') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function render(values: object | string, more?: readonly string[]): KubernetesObject[] {
  const { status, out, problem } = run('template', values, more);
  assert.equal(status, 0, problem);
  const documents = parseAllDocuments(out);
  for (const { errors, warnings } of documents as Any[]) assert.deepEqual([...errors, ...warnings], []);
  return documents.map((document) => document.toJS() as KubernetesObject | null).filter((object) => object !== null);
}

const rendered = new Map(globSync('*.yaml', { cwd: join(chart, 'ci') }).map((name) => [basename(name, '-values.yaml'), render(name)]));
const one = (objects: readonly KubernetesObject[] | undefined, kind: string): KubernetesObject => {
  const found = objects!.filter((object) => object.kind === kind);
  assert.equal(found.length, 1, `one ${kind}`);
  return found[0]!;
};
const podOf = (objects: readonly KubernetesObject[] | undefined): Any =>
  objects!.find(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind))!.spec.template;
const containerOf = (objects: readonly KubernetesObject[] | undefined): Any => podOf(objects).spec.containers[0];
const settingsOf = (objects: readonly KubernetesObject[] | undefined): string =>
  objects!.find(({ kind, data }) => kind === 'ConfigMap' && 'coordinator.toml' in data)!.data['coordinator.toml'] as string;
const variablesOf = (objects: readonly KubernetesObject[] | undefined): Map<string, Any> =>
  new Map(containerOf(objects).env.map((variable: Any) => [variable.name, variable]));

const FLEET = { settings: { model: { length: 7850 }, s3: { region: 'eu-west-1' } }, secrets: { existingSecret: 'xaynet' } };

/** The schemas, with fields that they do not name forbidden. */
function validators(): Map<string, ValidateFunction> {
  const { kinds, definitions } = JSON.parse(readFileSync(new URL('data/kubernetes-schemas.json', import.meta.url), 'utf8')) as {
    kinds: Record<string, string>;
    definitions: Record<string, Json>;
  };
  const strict = (schema: Json): Json => {
    if (Array.isArray(schema)) return schema.map(strict);
    if (typeof schema !== 'object' || schema === null) return schema;
    const of = schema as Readonly<Record<string, Json>>;
    if (of.format === 'int-or-string' || of['x-kubernetes-int-or-string'] === true) return { type: ['string', 'integer'] };
    // A pattern of Go with a flag in it is none of JavaScript's; what has one is not used by the chart.
    const known = Object.entries(of).filter(([key, value]) => key !== 'pattern' || !String(value).includes('(?i)'));
    const entries = known.map(([key, value]): [string, Json] => [
      key,
      key === 'properties' ? Object.fromEntries(Object.entries(value as Record<string, Json>).map(([name, each]) => [name, strict(each)])) : strict(value),
    ]);
    return { ...('properties' in of && !('additionalProperties' in of) ? { additionalProperties: false } : {}), ...Object.fromEntries(entries) };
  };
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'kubernetes', definitions: strict(definitions) as Any });
  return new Map(Object.entries(kinds).map(([kind, name]) => [kind, ajv.compile({ $ref: `kubernetes#/definitions/${name}` })]));
}

const schemas = validators();

function problemsOf(object: KubernetesObject): string[] {
  const validate = schemas.get(`${object.apiVersion} ${object.kind}`);
  if (validate === undefined) return [`no such kind: ${object.apiVersion} ${object.kind}`];
  return validate(object) ? [] : validate.errors!.map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

test('what checks objects finds what is wrong', () => {
  const deployment = one(rendered.get('fleet'), 'Deployment');
  const wrong = (change: (copy: Any) => void): string => {
    const copy = structuredClone(deployment) as Any;
    change(copy);
    return problemsOf(copy).join('; ');
  };
  assert.equal(
    wrong(() => {}),
    '',
  );
  assert.match(
    wrong((copy) => (copy.spec.replica = 3)),
    /additionalProperty":"replica"/,
  );
  assert.match(
    wrong((copy) => (copy.spec.replicas = '3')),
    /\/spec\/replicas must be integer/,
  );
  assert.match(
    wrong((copy) => delete copy.spec.selector),
    /missingProperty":"selector"/,
  );
  assert.match(
    wrong((copy) => (copy.spec.template.spec.containers[0].readinesProbe = {})),
    /readinesProbe/,
  );
  assert.match(
    wrong((copy) => (copy.spec.template.spec.containers[0].env[0].value = 1)),
    /must be string/,
  );
  assert.match(
    wrong((copy) => (copy.apiVersion = 'apps/v1beta1')),
    /no such kind/,
  );
});

for (const [name, objects] of rendered) {
  test(`${name}: every object is what Kubernetes knows, of this release, with a name of its own`, () => {
    assert.ok(objects.length >= 5);
    for (const object of objects) {
      assert.deepEqual(problemsOf(object), [], `${object.kind} ${object.metadata.name}`);
      assert.equal(object.metadata.labels?.['app.kubernetes.io/instance'], 'rounds');
      for (const value of Object.values({ ...object.metadata.labels })) assert.match(value, /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/);
      assert.match(object.metadata.name, /^[a-z0-9-]{1,63}$/);
    }
    assert.equal(new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size, objects.length);
  });

  test(`${name}: the pod is not root, writes nowhere but to its volumes, has no rights and no token of the cluster`, () => {
    const { spec } = podOf(objects);
    assert.equal(spec.automountServiceAccountToken, false);
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.ok(spec.securityContext.runAsUser > 0);
    assert.deepEqual(spec.securityContext.seccompProfile, { type: 'RuntimeDefault' });
    const { securityContext, volumeMounts, resources } = containerOf(objects);
    assert.deepEqual(securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    assert.ok(resources.limits.memory && resources.requests.cpu);
    const claims = one(rendered.get('single'), 'StatefulSet').spec.volumeClaimTemplates.map((claim: Any) => claim.metadata.name) as string[];
    const volumes = [...spec.volumes.map((volume: Any) => volume.name), ...(name === 'single' ? claims : [])] as string[];
    assert.deepEqual(volumeMounts.map((mount: Any) => mount.name).sort(), volumes.sort());
    // A mount below one that cannot be written could not be made.
    const paths = volumeMounts.map((mount: Any) => mount.mountPath as string) as string[];
    for (const path of paths) assert.ok(!paths.some((other) => other !== path && path.startsWith(`${other}/`)), path);
  });

  test(`${name}: alive asks the process, ready the store, and a stop waits until balancers know`, () => {
    const { startupProbe, livenessProbe, readinessProbe, lifecycle, ports } = containerOf(objects);
    const scheme = name === 'everything' ? 'HTTPS' : 'HTTP';
    for (const [probe, path] of [
      [startupProbe, '/healthz'],
      [livenessProbe, '/healthz'],
      [readinessProbe, '/readyz'],
    ]) {
      assert.deepEqual(probe.httpGet, { path, port: 'http', scheme });
    }
    const { terminationGracePeriodSeconds } = podOf(objects).spec;
    const [, seconds] = lifecycle.preStop.exec.command as [string, string];
    assert.ok(Number(seconds) > readinessProbe.periodSeconds * readinessProbe.failureThreshold && Number(seconds) + 60 <= terminationGracePeriodSeconds);
    assert.deepEqual(
      ports.map(({ name: port, containerPort }: Any) => [port, containerPort]),
      name === 'single'
        ? [['http', 8081]]
        : [
            ['http', 8081],
            ['fleet', 8083],
          ],
    );
  });

  test(`${name}: what selects pods selects these, and no label of the selector changes with a version`, () => {
    const labels = podOf(objects).metadata.labels as Record<string, string>;
    const workload = objects.find(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind))!;
    const selectors = [
      workload.spec.selector.matchLabels,
      one(objects, 'Service').spec.selector,
      one(objects, 'NetworkPolicy').spec.podSelector.matchLabels,
      ...(name === 'single' ? [] : [one(objects, 'PodDisruptionBudget').spec.selector.matchLabels]),
    ] as Record<string, string>[];
    for (const selector of selectors) {
      assert.deepEqual(Object.keys(selector).sort(), ['app.kubernetes.io/instance', 'app.kubernetes.io/name']);
      for (const [key, value] of Object.entries(selector)) assert.equal(labels[key], value);
    }
  });

  test(`${name}: no secret is in the settings, the pod or anything but a Secret`, () => {
    const elsewhere = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
    for (const secret of [`${'0'.repeat(64)}"`, 'rediss://', '0123456789', 'sixteen-characters']) {
      assert.ok(!elsewhere.replaceAll(`sha256:${'0'.repeat(64)}`, '').includes(secret), secret);
    }
    for (const [variable, { valueFrom }] of variablesOf(objects)) {
      if (/KEY|URL|TOKEN/.test(variable)) assert.ok(valueFrom.secretKeyRef.name, variable);
    }
  });
}

test('a fleet: alike and without volumes, replaced one by one with none missing, all of one Secret, each reached by its own address', () => {
  const objects = rendered.get('fleet');
  const { spec } = one(objects, 'Deployment');
  assert.equal(spec.replicas, 3);
  assert.deepEqual(spec.strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  assert.deepEqual(
    podOf(objects).spec.volumes.map((volume: Any) => Object.keys(volume)[1]),
    ['configMap', 'emptyDir', 'emptyDir'],
  );
  const variables = variablesOf(objects);
  assert.equal(variables.get('POD_IP').valueFrom.fieldRef.fieldPath, 'status.podIP');
  assert.equal(variables.get('XAYNET__FLEET__ADVERTISE').value, 'http://$(POD_IP):8083');
  assert.ok([...variables.keys()].indexOf('POD_IP') < [...variables.keys()].indexOf('XAYNET__FLEET__ADVERTISE'), 'known where it is used');
  const keys = [...variables.values()].flatMap(({ valueFrom }) => (valueFrom?.secretKeyRef ? [valueFrom.secretKeyRef] : [])) as Any[];
  assert.deepEqual(
    keys.map(({ name, key, optional }) => [name, key, optional]),
    [
      ['xaynet', 'store-key', false],
      ['xaynet', 'redis-url', false],
      ['xaynet', 's3-access-key', true],
      ['xaynet', 's3-secret-access-key', true],
    ],
  );
  assert.ok(!objects!.some(({ kind }) => kind === 'Secret'));
  for (const constraint of podOf(objects).spec.topologySpreadConstraints as Any[]) {
    assert.deepEqual(constraint.labelSelector.matchLabels, spec.selector.matchLabels);
  }
});

test('a fleet: others reach its API, coordinators each other, and it Redis, S3 and names; nothing else', () => {
  const { spec } = one(rendered.get('everything'), 'NetworkPolicy');
  assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress']);
  const portsOf = (rules: Any[]): string[] => rules.map(({ ports = [] }) => ports.map((port: Any) => `${port.port}/${port.protocol}`).join(' '));
  assert.deepEqual(portsOf(spec.ingress), ['http/TCP', 'fleet/TCP']);
  assert.equal(spec.ingress[0].from.length, 2, 'the ingress and Prometheus');
  assert.deepEqual(spec.ingress[1].from, [{ podSelector: spec.podSelector }], 'nobody but coordinators');
  assert.deepEqual(portsOf(spec.egress), ['53/UDP 53/TCP', '8083/TCP', '6380/TCP', '9000/TCP', '']);
  assert.deepEqual(spec.egress[1].to, [{ podSelector: spec.podSelector }]);
  const least = one(rendered.get('fleet'), 'NetworkPolicy').spec;
  assert.equal(least.ingress[0].from, undefined, 'whoever may be the ingress');
  assert.deepEqual(portsOf(least.egress), ['53/UDP 53/TCP', '8083/TCP', '6379/TCP', '443/TCP']);
});

test('more coordinators when there is more to do: then their number is not set, and the metric is one of theirs', () => {
  const objects = rendered.get('everything');
  const { spec } = one(objects, 'HorizontalPodAutoscaler');
  assert.equal(one(objects, 'Deployment').spec.replicas, undefined);
  assert.deepEqual(spec.scaleTargetRef, { apiVersion: 'apps/v1', kind: 'Deployment', name: one(objects, 'Deployment').metadata.name });
  assert.deepEqual(
    spec.metrics.map(({ type }: Any) => type),
    ['Resource', 'Pods'],
  );
  assert.ok(readFileSync(join(root, 'docs/METRICS.md'), 'utf8').includes(`| \`${spec.metrics[1].pods.metric.name}\` | gauge |`));
  assert.ok(!rendered.get('fleet')!.some(({ kind }) => kind === 'HorizontalPodAutoscaler'));
});

test('a single coordinator: one, with a volume that outlives it, and nothing of a fleet', () => {
  const objects = rendered.get('single');
  const { spec } = one(objects, 'StatefulSet');
  assert.equal(spec.replicas, 1);
  const [claim] = spec.volumeClaimTemplates as Any[];
  assert.deepEqual(claim.spec, { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } });
  const mount = containerOf(objects).volumeMounts.find((each: Any) => each.name === claim.metadata.name);
  assert.ok((variablesOf(objects).get('XAYNET__STORE__PATH').value as string).startsWith(`${mount.mountPath}/`));
  const kinds = objects!.map(({ kind }) => kind).sort();
  assert.deepEqual(kinds, ['ConfigMap', 'NetworkPolicy', 'Service', 'ServiceAccount', 'StatefulSet']);
  const { egress } = one(objects, 'NetworkPolicy').spec;
  assert.equal(egress.length, 1, 'names, and nothing else');
  const copies = render({ mode: 'single', settings: { model: { length: 4 }, store: { blobs: 's3' }, s3: { region: 'eu-west-1' } } });
  assert.deepEqual(one(copies, 'NetworkPolicy').spec.egress[1].ports, [{ port: 443, protocol: 'TCP' }], 'copies of models go to S3');
});

test('a variable is there only where the settings have a use for it: a token without admin routes would be refused', () => {
  assert.ok(!variablesOf(rendered.get('fleet')).has('XAYNET__ADMIN__TOKEN'));
  assert.equal(variablesOf(rendered.get('everything')).get('XAYNET__ADMIN__TOKEN').valueFrom.secretKeyRef.optional, false);
  const embedded = render({ mode: 'single', settings: { model: { length: 4 } }, secrets: { existingSecret: 'xaynet' } });
  assert.deepEqual(
    [...variablesOf(embedded).keys()].filter((name) => /S3|REDIS|FLEET/.test(name)),
    [],
  );
});

test('other settings make other pods, the same ones do not', () => {
  const sum = (values: object): string => podOf(render(values)).metadata.annotations['checksum/settings'] as string;
  assert.equal(sum(FLEET), sum({ ...FLEET, replicaCount: 4 }));
  assert.notEqual(sum(FLEET), sum({ ...FLEET, settings: { ...FLEET.settings, model: { length: 7851 } } }));
});

test('numbers, texts and lists of values are those of the settings', () => {
  const lines = settingsOf(rendered.get('everything')).split('\n');
  for (const line of [
    'model.length = 7850',
    'pet.sum.prob = 0.05',
    'pet.sum.count.max = 50',
    'limits.requests_per_second = 250.5',
    'api.trusted_proxies = ["10.0.0.0/8"]',
    'api.cors_origins = []',
    'compat.status_codes = true',
    's3.region = ["minio","http://minio.storage:9000"]',
    'redis.prefix = "rounds"',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.match(settingsOf(rendered.get('fleet')), /^model\.length = 25000000$/m);
  assert.match(settingsOf(render(FLEET, ['--set', 'settings.model.length=613000000'])), /^model\.length = 613000000$/m);
});

test('what is in files of the chart is what is in deploy/', () => {
  for (const [file, original] of [
    ['files/alerts.yml', 'deploy/alerts.yml'],
    ['files/dashboard.json', 'deploy/grafana/dashboards/xaynet.json'],
  ] as const) {
    assert.equal(readFileSync(join(chart, file), 'utf8'), readFileSync(join(root, original), 'utf8'), `cp ${original} deploy/helm/xaynet/${file}`);
  }
  const objects = rendered.get('everything');
  assert.equal(one(objects, 'PrometheusRule').spec.groups[0].name, 'xaynet');
  const monitor = one(objects, 'ServiceMonitor').spec;
  // What the alerts ask for as job.
  assert.equal(one(objects, 'Service').metadata.labels![monitor.jobLabel], 'xaynet');
  assert.equal(monitor.endpoints[0].port, one(objects, 'Service').spec.ports[0].name);
  const dashboard = objects!.find(({ data }) => data !== undefined && 'xaynet.json' in data)!;
  assert.equal(JSON.parse(dashboard.data['xaynet.json'] as string).uid, 'xaynet');
});

test('helm lint finds nothing in the values that the chart is tested with', () => {
  for (const name of rendered.keys()) {
    const { status, problem } = run('lint', `${name}-values.yaml`);
    assert.equal(status, 0, problem);
    assert.doesNotMatch(problem, /\[(WARNING|ERROR)\]/);
  }
});

test('values that are not right are refused, with what is wrong', () => {
  const { settings } = FLEET;
  for (const [values, says] of [
    [{ secrets: FLEET.secrets }, /model/],
    [{ ...FLEET, settings: { model: { length: '7850' } } }, /settings.model.length|\/settings\/model\/length/],
    [{ ...FLEET, settings: { model: { length: 0 } } }, /length/],
    [{ ...FLEET, settings: { ...settings, Pet: {} } }, /Pet/],
    [{ ...FLEET, mode: 'both' }, /mode/],
    [{ ...FLEET, replicas: 3 }, /replicas/],
    [{ ...FLEET, replicaCount: 0 }, /replicaCount/],
    [{ ...FLEET, image: { repository: 'x', digest: 'sha256:short' } }, /digest/],
    [{ ...FLEET, autoscaling: { queue: { metric: 'queue' } } }, /metric/],
    [{ ...FLEET, ingress: { hosts: [{ path: '/' }] } }, /host/],
    [{ settings, secrets: { values: { storeKey: 'short' } } }, /storeKey/],
    // What only templates can see.
    [{ settings }, /a fleet needs secrets\.existingSecret/],
    [{ settings, secrets: { existingSecret: 'x', values: { redisUrl: 'redis://x' } } }, /not both/],
    [{ ...FLEET, settings: { ...settings, store: { kind: 'memory' } } }, /settings\.store\.kind cannot be set here/],
    [{ ...FLEET, settings: { ...settings, redis: { url: 'redis://x' } } }, /settings\.redis\.url cannot be set here/],
    [{ ...FLEET, settings: { ...settings, fleet: { advertise: 'x' } } }, /settings\.fleet cannot be set here/],
  ] as const) {
    const { status, problem } = run('template', values);
    assert.notEqual(status, 0, JSON.stringify(values));
    assert.match(problem, says);
  }
});

test('what is said after an install names what is there and what is missing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-chart-'));
  try {
    // Helm shows notes only when it installs into a cluster: in a copy they are a document like others.
    cpSync(chart, folder, { recursive: true });
    const text = readFileSync(join(folder, 'templates/NOTES.txt'), 'utf8');
    writeFileSync(join(folder, 'templates/_notes.tpl'), `{{- define "notes" }}${text}{{ end }}`);
    writeFileSync(join(folder, 'templates/notes.yaml'), 'text: {{ include "notes" . | toJson }}\n');
    const notes = (values: string): string => {
      const args = ['template', 'rounds', folder, '-s', 'templates/notes.yaml', '--kube-version', OLDEST, '-f', join(chart, 'ci', values)];
      return (parse(execFileSync(helm()!, args, { encoding: 'utf8', stdio: 'pipe' })) as { text: string }).text;
    };
    assert.match(notes('fleet-values.yaml'), /3 coordinators[\s\S]*deployment\/rounds-xaynet[\s\S]*NOTICE: no certificate/);
    assert.match(notes('single-values.yaml'), /One coordinator[\s\S]*data-rounds-xaynet-0[\s\S]*statefulset\/rounds-xaynet/);
    assert.match(notes('everything-values.yaml'), /3 to 10 coordinators[\s\S]*https:\/\/rounds\.example\.org\/[\s\S]*NOTICE: secrets are in the values/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
