// `xaynet chaos --store redis+s3` with a Swift that is started for it: node --conditions=source tests/s3/chaos.ts [options of chaos].

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ACCESS_KEY, REGION, Swift, USERS } from './swift.ts';

const swift = await Swift.start();
const bin = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));
const args = [bin, 'chaos', '--store', 'redis+s3', '--s3', `http://127.0.0.1:${swift.port}/chaos`, ...process.argv.slice(2)];
const env = { ...process.env, AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: USERS[ACCESS_KEY], AWS_REGION: REGION };
const chaos = spawn(process.execPath, ['--conditions=source', ...args], { stdio: 'inherit', env });
process.exitCode = await new Promise<number>((resolve) => chaos.once('close', (code) => resolve(code ?? 1)));
await swift.stop();
