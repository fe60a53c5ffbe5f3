// The embedded store against the contract, on real files, and all that can be wrong with a data folder.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import { parseMaskConfig } from '@xaynet/core/mask';
import { storeConformance } from './conformance.test.ts';
import type { Store } from './contract.ts';
import { openEmbeddedStore } from './embedded.ts';
import type { StoreOptions } from './options.ts';
import { KEY_FILE } from './secrets.ts';
import { SqliteStore } from './sqlite.ts';
import { DATABASE_FILE } from './sqlite-file.ts';

const root = mkdtempSync(join(tmpdir(), 'xaynet-store-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const freshFolder = (): string => join(root, `folder-${folders++}`);
const key = PublicSigningKey(new Uint8Array(32).fill(1));
const ephemeral = PublicEncryptKey(new Uint8Array(32).fill(2));

for (const keepsContributions of [false, true]) {
  const folderOf = new Map<Store, string>();
  const open = (folder: string, options: StoreOptions = {}): Store => {
    const store = SqliteStore.open(folder, { ...options, keepsContributions });
    folderOf.set(store, folder);
    return store;
  };
  storeConformance(keepsContributions ? 'sqlite with contributions' : 'sqlite', {
    open: async (options) => open(freshFolder(), options),
    async reopen(store) {
      await store.close();
      return open(folderOf.get(store)!);
    },
  });
}

/** The error of opening a folder. */
function refusal(folder: string): string {
  try {
    void SqliteStore.open(folder).close();
    return 'opened';
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    assert.ok(error.message.includes(folder), 'the message names the folder');
    return error.code;
  }
}

/** The same from another process. */
function refusalElsewhere(folder: string): string {
  const file = fileURLToPath(new URL('./sqlite.ts', import.meta.url));
  const script = `const { SqliteStore } = await import(${JSON.stringify(file)});
    try { SqliteStore.open(${JSON.stringify(folder)}); console.log('opened'); process.exit() } catch (error) { console.log(error.code) }`;
  const options = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const child = spawnSync(process.execPath, options, { encoding: 'utf8' });
  return child.stdout.trim() || child.stderr;
}

test('folder and file are created, for this user only', async () => {
  const folder = join(freshFolder(), 'deeper', 'still');
  const store = SqliteStore.open(folder);
  await store.admitSum(key, ephemeral);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const file of [DATABASE_FILE, `${DATABASE_FILE}-wal`]) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  await store.close();
});

test('a data folder in use is refused, in this process and in another, and the first goes on undisturbed', async () => {
  const folder = freshFolder();
  const store = SqliteStore.open(folder);
  await store.admitSum(key, ephemeral);
  assert.equal(refusal(folder), 'storage-locked');
  const link = `${folder}-link`;
  symlinkSync(folder, link);
  assert.equal(refusal(link), 'storage-locked', 'by another name');
  // After the refused attempts in this very process: the lock must not have gone with their file handles.
  assert.equal(refusalElsewhere(folder), 'storage-locked');
  assert.equal((await store.sumDict())?.size, 1);
  assert.equal(await store.admitSum(PublicSigningKey(new Uint8Array(32).fill(3)), ephemeral), 'ok');
  await store.close();
  assert.equal(refusalElsewhere(folder), 'opened', 'free again once it is closed');
});

test('what a killed process had committed is there, what it had not is not', async () => {
  const folder = freshFolder();
  const file = fileURLToPath(new URL('./sqlite.ts', import.meta.url));
  const script = `const { SqliteStore } = await import(${JSON.stringify(file)});
    const store = SqliteStore.open(${JSON.stringify(folder)});
    await store.setLatestModelId('7_aa');
    process.kill(process.pid, 'SIGKILL');`;
  const options = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  assert.equal(spawnSync(process.execPath, options).signal, 'SIGKILL');
  const store = SqliteStore.open(folder);
  assert.equal(await store.latestModelId(), '7_aa');
  await store.close();
});

test('hundreds of rounds do not fill the disk: the file holds the models that are kept and no more, also over restarts', async () => {
  const folder = freshFolder();
  const model = new Uint8Array(200_000).fill(7);
  const size = (): number => statSync(join(folder, DATABASE_FILE)).size;
  for (let start = 0; start < 4; start++) {
    const store = SqliteStore.open(folder, { keepModels: 3 });
    for (let round = 0; round < 25; round++) {
      const id = `${start * 25 + round}_aa`;
      await store.putModel(id, model);
      await store.setLatestModelId(id);
    }
    await store.close();
    assert.ok(size() < 5 * model.length, `start ${start}: ${size()} bytes`);
  }
  const db = new DatabaseSync(join(folder, DATABASE_FILE));
  assert.deepEqual(
    db
      .prepare('SELECT id FROM model ORDER BY rowid')
      .all()
      .map(({ id }) => id),
    ['97_aa', '98_aa', '99_aa'],
  );
  db.close();
});

test('a process that is killed at any moment of storing models leaves the latest one whole', async () => {
  const folder = freshFolder();
  const file = fileURLToPath(new URL('./sqlite.ts', import.meta.url));
  const script = `const { SqliteStore } = await import(${JSON.stringify(file)});
    const store = SqliteStore.open(${JSON.stringify(folder)}, { keepModels: 1 });
    const before = Number((await store.latestModelId())?.split('_')[0] ?? 0);
    for (let i = before + 1; ; i++) {
      await store.putModel(i + '_aa', new Uint8Array(100_000).fill(i));
      await store.setLatestModelId(i + '_aa');
      if (i === before + 5) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Math.random() * 20);
      await new Promise(setImmediate);
    }`;
  const options = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  for (let i = 0; i < 3; i++) {
    assert.equal(spawnSync(process.execPath, options).signal, 'SIGKILL');
    const store = SqliteStore.open(folder);
    const id = (await store.latestModelId())!;
    assert.deepEqual(await store.model(id), new Uint8Array(100_000).fill(Number.parseInt(id, 10)));
    await store.close();
    const db = new DatabaseSync(join(folder, DATABASE_FILE));
    db.prepare('DELETE FROM model WHERE id <> ?').run(id); // what the killed process had stored without making it the latest
    db.close();
  }
});

test('keepModels: 0 keeps all, and what is no number of models is refused', async () => {
  const folder = freshFolder();
  const store = SqliteStore.open(folder, { keepModels: 0 });
  for (let i = 0; i < 30; i++) {
    await store.putModel(`${i}_aa`, Uint8Array.of(i));
    await store.setLatestModelId(`${i}_aa`);
  }
  assert.deepEqual(await store.model('0_aa'), Uint8Array.of(0));
  await store.close();
  for (const keepModels of [-1, 0.5, Number.NaN]) assert.throws(() => SqliteStore.open(freshFolder(), { keepModels }), { code: 'option-invalid' });
});

test('an admission that fails in the middle leaves nothing, and the store goes on', async () => {
  const store = SqliteStore.open(freshFolder());
  await store.admitSum(key, ephemeral);
  const config = parseMaskConfig('Prime/F32/B0/M3');
  const maskedModel = { config: { vect: config, unit: config }, length: 0, vect: new Uint8Array(), unit: new Uint8Array(6) };
  const broken = new KeyMap([[key, {} as unknown as EncryptedMaskSeed]]);
  await assert.rejects(store.admitUpdate({ participant: key, localSeedDict: broken, maskedModel }), { code: 'storage-failed' });
  assert.deepEqual((await store.seedDict())?.get(key)?.size, 0);
  const whole = new KeyMap([[key, EncryptedMaskSeed(new Uint8Array(80))]]);
  assert.equal((await store.admitUpdate({ participant: key, localSeedDict: whole, maskedModel })).verdict, 'ok', 'the failed one is no submission');
  await store.close();
});

test('a file that is not ours is refused and left as it is', () => {
  const text = freshFolder();
  mkdirSync(text);
  writeFileSync(join(text, DATABASE_FILE), 'my diary');
  assert.equal(refusal(text), 'storage-foreign');
  assert.equal(readFileSync(join(text, DATABASE_FILE), 'utf8'), 'my diary');

  const other = freshFolder();
  mkdirSync(other);
  const db = new DatabaseSync(join(other, DATABASE_FILE));
  db.exec('CREATE TABLE theirs (x)');
  db.close();
  const before = readFileSync(join(other, DATABASE_FILE));
  assert.equal(refusal(other), 'storage-foreign');
  assert.deepEqual(readFileSync(join(other, DATABASE_FILE)), before);
  assert.equal(existsSync(join(other, `${DATABASE_FILE}-wal`)), false);
});

test('a database that is missing or empty beside what it left is refused, and nothing is changed', async () => {
  for (const lose of [rmSync, (path: string) => writeFileSync(path, '')]) {
    const folder = freshFolder();
    const store = SqliteStore.open(folder, { keepsContributions: true });
    await store.setLatestModelId('7_aa');
    await store.close();
    lose(join(folder, DATABASE_FILE));
    const before = readdirSync(folder);
    assert.equal(refusal(folder), 'storage-incomplete');
    await assert.rejects(openEmbeddedStore(folder), { code: 'storage-incomplete' });
    assert.deepEqual(readdirSync(folder), before);
    rmSync(join(folder, KEY_FILE));
    assert.equal(refusal(folder), 'storage-incomplete', 'the key lost too');
    await SqliteStore.open(folder, { mayBeginAnew: true }).close();
    assert.equal(refusal(folder), 'opened');
  }
});

test('a key beside no database, or an empty one, is no trace of a lost one: an operator put it there, or a first start was killed', () => {
  for (const empty of [false, true]) {
    const folder = freshFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, KEY_FILE), 'ab'.repeat(32), { mode: 0o600 });
    if (empty) writeFileSync(join(folder, DATABASE_FILE), '');
    assert.equal(refusal(folder), 'opened');
  }
  const chunks = freshFolder();
  mkdirSync(chunks);
  writeFileSync(join(chunks, 'chunks.log.1'), '');
  assert.equal(refusal(chunks), 'storage-incomplete');
});

test('a folder of a newer version is refused', () => {
  const folder = freshFolder();
  void SqliteStore.open(folder).close();
  const db = new DatabaseSync(join(folder, DATABASE_FILE));
  db.exec('UPDATE schema_version SET version = 99');
  db.close();
  assert.equal(refusal(folder), 'storage-version');
});

test('a folder that cannot be there is refused: below a file, below /proc, a file of its name', () => {
  const file = freshFolder();
  writeFileSync(file, '');
  assert.equal(refusal(file), 'storage-unwritable');
  assert.equal(refusal(join(file, 'below')), 'storage-unwritable');
  if (existsSync('/proc/self')) assert.equal(refusal('/proc/nowhere'), 'storage-unwritable');
});

test('a folder that may not be written is refused', { skip: process.getuid?.() === 0 && 'root may write everywhere' }, () => {
  const folder = freshFolder();
  mkdirSync(folder);
  chmodSync(folder, 0o500);
  assert.equal(refusal(folder), 'storage-unwritable');
  chmodSync(folder, 0o700);
});

test('a damaged database is a storage error, not a crash', () => {
  const folder = freshFolder();
  void SqliteStore.open(folder).close();
  const path = join(folder, DATABASE_FILE);
  const bytes = readFileSync(path);
  bytes.fill(0xff, 4096);
  writeFileSync(path, bytes);
  assert.equal(refusal(folder), 'storage-damaged');
});
