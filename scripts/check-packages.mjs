// Checks each package as npm would publish it: builds it, lets publint read its manifest, and looks at the file list: no tests,
// no sources without build, every export there, one version for all, and the licence inside; then uses all as strangers do (check-consumers.mjs).
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { buildScript } from './build-browser.mjs';
import { checkConsumers } from './check-consumers.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.json'], { stdio: 'inherit' });
for (const name of ['xaynet', 'xaynet.no-wasm']) await buildScript({ wasm: name === 'xaynet', outfile: `packages/participant/dist/script/${name}.js` });
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const problems = [];

for (const folder of globSync('packages/*').filter((path) => existsSync(`${path}/package.json`))) {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  if (manifest.private) continue;
  if (manifest.version !== version) problems.push(`${folder}: version ${manifest.version}, the project has ${version}`);
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (name.startsWith('@xaynet/') && range !== version) problems.push(`${folder}: depends on ${name} ${range}, not ${version}`);
  }
  const { messages } = await publint({ pkgDir: folder, strict: true, pack: 'npm' });
  for (const message of messages) if (message.type !== 'suggestion') problems.push(`${folder}: ${formatMessage(message, manifest)}`);
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], { cwd: folder, encoding: 'utf8' }));
  const paths = files.map((file) => file.path);
  for (const path of paths) if (/\.test\.|tsbuildinfo|^src\//.test(path)) problems.push(`${folder}: would publish ${path}`);
  for (const needed of ['LICENSE', 'README.md']) if (!paths.includes(needed)) problems.push(`${folder}: would be published without ${needed}`);
  console.log(`${manifest.name}: ${paths.length} files`);
}
// A lock file that lacks an optional package of some platform makes `npm ci` fail on every platform.
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const locked = Object.keys(packages);
for (const [path, { optionalDependencies, resolved }] of Object.entries(packages)) {
  for (const name of Object.keys(optionalDependencies ?? {})) {
    if (!locked.some((other) => other.endsWith(`node_modules/${name}`)))
      problems.push(`package-lock.json: ${name}, optional for ${path || 'the root'}, is missing`);
  }
  if (/^https?:/.test(resolved ?? '')) problems.push(`package-lock.json: ${path} records a download address`);
}

problems.push(...checkConsumers(process.cwd()));

for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? 'packages: ready to publish' : `packages: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
