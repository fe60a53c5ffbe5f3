// Where the SDK is not installed, the command starts all the same, and only who wants S3 is told what to install.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const BASE = '[model]\nlength = 3\n[api]\nbind_address = "127.0.0.1:0"\n';

/** A coordinator process that finds no SDK, until it ends or listens, when it is told to stop; its exit code and all that it said. */
async function run(settings: string): Promise<{ code: number | null; said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-without-sdk-'));
  try {
    const file = join(folder, 'c.toml');
    writeFileSync(file, BASE + settings);
    const args = ['--conditions=source', '--import', pathOf('no-sdk.mjs'), pathOf('../../packages/xaynet/bin/xaynet.mjs'), 'coordinator', '-c', file];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let isTold = false;
    const hear = (chunk: Buffer): void => {
      said += chunk;
      if (isTold || !said.includes('coordinator listens')) return;
      isTold = true; // once: a second signal ends it at once
      child.kill('SIGTERM');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, said };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('without the SDK a coordinator starts, also with the [s3] of an original file', async () => {
  const { code, said } = await run(
    '[store]\nkind = "memory"\n[s3]\naccess_key = "minio"\nsecret_access_key = "minio123"\nregion = ["minio", "http://127.0.0.1:9"]\n',
  );
  assert.equal(code, 0, said);
  assert.match(said, /coordinator listens[\s\S]*\[s3\] .* is read but not used/);
});

test('without the SDK store.blobs = "s3" says what to install', async () => {
  const { code, said } = await run('[store]\nkind = "memory"\nblobs = "s3"\n[s3]\nregion = ["minio", "http://127.0.0.1:9"]\n');
  assert.equal(code, 1, said);
  assert.match(said, /npm install @aws-sdk\/client-s3[\s\S]*\[storage-library-missing\]/);
});
