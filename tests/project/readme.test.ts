// What a newcomer copies from README.md, done as it stands in an empty folder: the packages installed from their build, the Node program
// saved under the name in its first line, a coordinator with the sample's settings, and eight of them beside each other. Only the port differs.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, loadSettings } from '@xaynet/coordinator';
import { readmeBlock } from './readme-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
/** Of an application that checks all that it can, declarations of packages included, and has no newer language than ES2022. */
const STRICTLY = '--strict --noEmit --target es2022 --module nodenext --exactOptionalPropertyTypes --noUncheckedIndexedAccess --skipLibCheck false'.split(' ');
const STRICT = `
import { isXaynetError, runParticipant, XaynetError } from '@xaynet/participant';
const run = runParticipant({ url: 'http://127.0.0.1:8081', train: (global, { length }) => global?.toWeights('F32') ?? new Float32Array(length) });
for await (const event of run.events()) if (event.type === 'error' && isXaynetError(event.error, 'transport-unreachable')) throw new XaynetError(event.error.code);
`;

/** Runs `command` of the README in `folder` with a shell; rejects when it fails. */
function shell(command: string, folder: string): Promise<string> {
  const child = spawn('bash', ['-ec', command], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH}`, NODE_OPTIONS: '' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${command}\nexited with ${code}:\n${output}`))));
  });
}

test('the ten lines for Node work as they stand: installed, saved, started eight times, each prints a global model and ends', async () => {
  const program = readmeBlock('js', '// app.mjs\n');
  assert.ok(program.trim().split('\n').length <= 12, 'ten lines and their name');
  const home = mkdtempSync(join(tmpdir(), 'xaynet-readme-'));
  const folder = join(home, 'xaynet');
  mkdirSync(folder);
  const coordinator = await Coordinator.start({
    ...loadSettings(join(root, 'packages/coordinator/samples/handful.toml'), { XAYNET__API__BIND_ADDRESS: '127.0.0.1:0', XAYNET__LOG__FILTER: 'error' }),
  });
  try {
    execFileSync(process.execPath, [tsc, '-b', 'tsconfig.json'], { cwd: root });
    await shell(readmeBlock('sh', 'mkdir ../my-app').replace('../xaynet/', root), folder);
    const app = join(home, 'my-app');
    writeFileSync(join(app, 'strict.mts'), STRICT);
    execFileSync(process.execPath, [tsc, ...STRICTLY, 'strict.mts'], { cwd: app, stdio: 'inherit' });
    writeFileSync(join(app, 'app.mjs'), program.replace('http://127.0.0.1:8081', coordinator.url));
    const printed = await shell(readmeBlock('sh', 'for i in'), app);
    assert.equal([...printed.matchAll(/^global model Float32Array\(4\)/gm)].length, 8, printed);
  } finally {
    await coordinator.stop();
    rmSync(home, { recursive: true, force: true });
  }
});
