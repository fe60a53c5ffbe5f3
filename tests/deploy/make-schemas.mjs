// Writes data/kubernetes-schemas.json: of the API of Kubernetes, and of two objects of the Prometheus operator, what the objects of the chart use.
//   node tests/deploy/make-schemas.mjs SWAGGER CRD…      (README.md in this folder says which files those are)
import { readFileSync, writeFileSync } from 'node:fs';

const KINDS = [
  'api.apps.v1.Deployment',
  'api.apps.v1.StatefulSet',
  'api.autoscaling.v2.HorizontalPodAutoscaler',
  'api.core.v1.ConfigMap',
  'api.core.v1.Secret',
  'api.core.v1.Service',
  'api.core.v1.ServiceAccount',
  'api.networking.v1.Ingress',
  'api.networking.v1.NetworkPolicy',
  'api.policy.v1.PodDisruptionBudget',
].map((name) => `io.k8s.${name}`);
/** Not for whoever writes an object: the cluster sets it. */
const SET_BY_CLUSTER = ['status', 'managedFields'];

const [swagger, ...crds] = process.argv.slice(2);
const all = JSON.parse(readFileSync(swagger, 'utf8')).definitions;
const definitions = {};
const kinds = {};

/** Without what does not decide whether an object is right. */
function lean(schema) {
  if (Array.isArray(schema)) return schema.map(lean);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(
    ([key]) => !['description', 'default'].includes(key) && (!key.startsWith('x-') || key.endsWith('int-or-string')),
  );
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === 'properties' ? Object.fromEntries(Object.entries(value).map(([name, of]) => [name, lean(of)])) : lean(value)]),
  );
}

function take(name) {
  if (name in definitions) return;
  const { properties, ...rest } = all[name];
  const kept = properties && Object.fromEntries(Object.entries(properties).filter(([key]) => !SET_BY_CLUSTER.includes(key)));
  definitions[name] = lean(kept === undefined ? rest : { ...rest, properties: kept });
  for (const [, other] of JSON.stringify(definitions[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) take(other);
}

for (const name of KINDS) {
  const [{ group, version, kind }] = all[name]['x-kubernetes-group-version-kind'];
  kinds[`${group === '' ? '' : `${group}/`}${version} ${kind}`] = name;
  take(name);
}
for (const file of crds) {
  const { group, names, versions } = JSON.parse(readFileSync(file, 'utf8')).spec;
  const { name: version, schema } = versions.find(({ served }) => served);
  const { properties } = schema.openAPIV3Schema;
  definitions[names.kind] = lean({ ...schema.openAPIV3Schema, properties: { ...properties, metadata: undefined, status: undefined } });
  definitions[names.kind].properties.metadata = { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };
  kinds[`${group}/${version} ${names.kind}`] = names.kind;
}
const sorted = Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(new URL('data/kubernetes-schemas.json', import.meta.url), `${JSON.stringify({ kinds, definitions: sorted })}\n`);
console.log(`${Object.keys(kinds).length} kinds, ${Object.keys(sorted).length} definitions`);
