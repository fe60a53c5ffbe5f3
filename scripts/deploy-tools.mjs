// What the tests of deploy/ need that no package manager here has: Helm, and the loader of the Compose specification, both Go programs.
// `node scripts/deploy-tools.mjs` builds what is missing with Go, once, into a folder of the user's cache. XAYNET_HELM and XAYNET_COMPOSE_SPEC
// name other ones. Imported, it only tells where they are.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'xaynet', 'deploy-tools');
/** Building Helm from nothing takes four minutes on two cores. */
const MOST_MINUTES = 20;

/** The Kubernetes that Helm's libraries are of; without it a chart is told that the cluster is 1.20. Releases of Helm are built with it too. */
const KUBERNETES = ['chartutil', 'lint/rules'].flatMap((path) => [
  `-X helm.sh/helm/v3/pkg/${path}.k8sVersionMajor=1`,
  `-X helm.sh/helm/v3/pkg/${path}.k8sVersionMinor=37`,
]);

const TOOLS = {
  helm: { module: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0', binary: 'helm', variable: 'XAYNET_HELM', onPath: 'helm', flags: KUBERNETES },
  // Its command is a main package in a folder of that name.
  'compose-spec': { module: 'github.com/compose-spec/compose-go/v2/cmd', version: 'v2.16.2', binary: 'cmd', variable: 'XAYNET_COMPOSE_SPEC' },
};

const built = (name) => join(CACHE, `${name}-${TOOLS[name].version}`);

function find(name) {
  const { variable, onPath } = TOOLS[name];
  const folders = onPath === undefined ? [] : (process.env.PATH ?? '').split(':').map((folder) => join(folder, onPath));
  return [process.env[variable], built(name), ...folders].find((path) => path && existsSync(path));
}

/** Helm 3; undefined: there is none. */
export const helm = () => find('helm');

/** The command of compose-go, which loads a compose file as `docker compose` does; undefined: there is none. */
export const composeSpec = () => find('compose-spec');

function build(name) {
  const { module, version, binary, flags = [] } = TOOLS[name];
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'build-'));
  try {
    const { status, error } = spawnSync('go', ['install', '-trimpath', `-ldflags=${['-s', '-w', ...flags].join(' ')}`, `${module}@${version}`], {
      stdio: 'inherit',
      env: { ...process.env, GOBIN: folder, GOFLAGS: '' },
      timeout: MOST_MINUTES * 60_000,
    });
    if (status !== 0) throw error ?? new Error(`go install ${module}@${version} failed`);
    renameSync(join(folder, binary), built(name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const name of Object.keys(TOOLS)) {
    if (find(name) === undefined) {
      console.log(`building ${name} ${TOOLS[name].version} with Go`);
      build(name);
    }
    console.log(`${name}: ${find(name)}`);
  }
}
