// Secrets at rest: where the key comes from, what happens without it, and that no file of the data folder shows what it wraps, nor after
// the migration from the version that did not wrap it.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { EncryptKeySeed, RoundSeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed } from '@xaynet/core/crypto';
import { isXaynetError } from '@xaynet/core/errors';
import { parseMaskConfig } from '@xaynet/core/mask';
import { type CoordinatorState, encodeCoordinatorState } from '@xaynet/core/round';
import { Secrets } from './secrets.ts';
import { SqliteStore, type SqliteStoreOptions } from './sqlite.ts';
import { DATABASE_FILE } from './sqlite-file.ts';
import { MIGRATIONS } from './sqlite-schema.ts';

const root = mkdtempSync(join(tmpdir(), 'xaynet-secrets-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const freshFolder = (): string => join(root, `folder-${folders++}`);

const KEY = 'a1'.repeat(32);
const OTHER = 'b2'.repeat(32);
const IDENTITY = Uint8Array.from({ length: 32 }, (_, i) => 0xd7 ^ (i * 29));

function state(roundId: number): CoordinatorState {
  const keys = encryptKeyPairFromSeed(EncryptKeySeed(Uint8Array.from({ length: 32 }, (_, i) => roundId + i * 7)));
  const config = parseMaskConfig('Prime/F32/B0/M3');
  const params = {
    publicKey: keys.publicKey,
    sum: 0.25,
    update: 0.5,
    seed: RoundSeed(new Uint8Array(32)),
    maskConfig: { vect: config, unit: config },
    modelLength: 2,
  };
  const phase = { countMin: 1, countMax: 2, timeMin: 3, timeMax: 4 };
  return { keys, roundId, params, sum: phase, update: phase, sum2: phase };
}

function filesOf(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(names.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name))]));
}

/** Names of files in which a secret can be found: as it is, in hexadecimal, in base64 wherever it begins. */
function finds(folder: string, secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const texts = [bytes.toString('hex'), ...[0, 1, 2].map((skip) => bytes.subarray(skip).toString('base64').slice(0, 36))];
  return [...filesOf(folder)]
    .filter(([, content]) => content.includes(bytes) || texts.some((text) => content.includes(text) || content.includes(text.toUpperCase())))
    .map(([name]) => name);
}

function refusal(folder: string, options: SqliteStoreOptions): string {
  try {
    void SqliteStore.open(folder, options).close();
    return 'opened';
  } catch (error) {
    if (isXaynetError(error)) return error.code;
    throw error;
  }
}

/** A folder with a state and an identity under `options`. */
async function used(options: SqliteStoreOptions): Promise<string> {
  const folder = freshFolder();
  const store = SqliteStore.open(folder, options);
  await store.setCoordinatorState(state(3));
  await store.setIdentity(IDENTITY);
  await store.close();
  return folder;
}

test('no file shows the secret key or the identity, while the store is open, afterwards, and after the next rounds', async () => {
  const folder = freshFolder();
  const store = SqliteStore.open(folder, { keepsContributions: true });
  const secrets = [1, 2, 3].map((round) => state(round).keys.secretKey as Uint8Array);
  for (const round of [1, 2, 3]) await store.setCoordinatorState(state(round));
  await store.setIdentity(IDENTITY);
  for (const secret of [...secrets, IDENTITY]) assert.deepEqual(finds(folder, secret), []);
  await store.close();
  for (const secret of [...secrets, IDENTITY]) assert.deepEqual(finds(folder, secret), []);
  const again = SqliteStore.open(folder);
  assert.deepEqual(encodeCoordinatorState((await again.coordinatorState())!), encodeCoordinatorState(state(3)));
  assert.deepEqual(await again.identity(), IDENTITY);
  await again.close();
  writeFileSync(join(folder, 'copy'), Buffer.from(IDENTITY).toString('base64'));
  assert.equal(finds(folder, IDENTITY).length, 1, 'the search itself finds what is there');
});

test('a key is made with mode 0600 when none is given, and used from then on', async () => {
  const folder = await used({});
  const file = join(folder, 'store.key');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const key = readFileSync(file, 'utf8').trim();
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.equal(refusal(folder, {}), 'opened');
  assert.equal(refusal(folder, { key }), 'opened', 'the same key by another way');
  assert.equal(readFileSync(file, 'utf8').trim(), key);
});

test('a given key comes first, then a given file; neither is written anywhere', async () => {
  const keyFile = join(root, 'given.key');
  writeFileSync(keyFile, `${OTHER}\nand a second line\n`, { mode: 0o600 });
  const folder = await used({ key: KEY, keyFile });
  assert.deepEqual(finds(folder, Buffer.from(KEY, 'hex')), []);
  assert.equal(readdirSync(folder).includes('store.key'), false);
  assert.equal(refusal(folder, { key: KEY.toUpperCase() }), 'opened');
  assert.equal(refusal(folder, { keyFile }), 'storage-key-wrong');
  const byFile = await used({ keyFile });
  assert.equal(refusal(byFile, { key: OTHER }), 'opened');
});

test('a missing or wrong key is refused, and nothing changes', async () => {
  const folder = await used({});
  const key = readFileSync(join(folder, 'store.key'), 'utf8').trim();
  rmSync(join(folder, 'store.key'));
  const before = filesOf(folder);
  assert.equal(refusal(folder, {}), 'storage-key-missing');
  assert.equal(refusal(folder, { keyFile: join(root, 'nowhere.key') }), 'storage-key-missing');
  assert.equal(refusal(folder, { key: KEY }), 'storage-key-wrong');
  assert.deepEqual(filesOf(folder), before);
  const store = SqliteStore.open(folder, { key });
  assert.equal((await store.coordinatorState())?.roundId, 3);
  await store.close();
  assert.equal(refusal(freshFolder(), { keyFile: join(root, 'nowhere.key') }), 'storage-key-missing', 'a file that was named is not made');
});

test('a key file that others can read, or that holds no key, is refused', async () => {
  const keyFile = join(root, 'odd.key');
  for (const text of ['', 'secret', KEY.slice(1), `${KEY}0`]) {
    writeFileSync(keyFile, text, { mode: 0o600 });
    assert.equal(refusal(freshFolder(), { keyFile }), 'storage-key-wrong', text);
  }
  writeFileSync(keyFile, KEY);
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(keyFile, mode);
    assert.equal(refusal(freshFolder(), { keyFile }), 'storage-key-exposed');
  }
  const folder = freshFolder();
  mkdirSync(join(folder, 'store.key'), { recursive: true, mode: 0o700 });
  assert.match(refusal(folder, {}), /^storage-/, 'a folder of that name');
  assert.equal(refusal(freshFolder(), { key: 'abc' }), 'option-invalid');
});

test('a box opens under its key, as its kind and unchanged, and no two boxes are alike', () => {
  const secrets = new Secrets(Buffer.from(KEY, 'hex'));
  const box = secrets.seal('identity seed', IDENTITY);
  assert.deepEqual(secrets.open('identity seed', box), IDENTITY);
  assert.notDeepEqual(secrets.seal('identity seed', IDENTITY), box);
  assert.equal(secrets.open('coordinator state', box), undefined);
  assert.equal(new Secrets(Buffer.from(OTHER, 'hex')).open('identity seed', box), undefined);
  for (let i = 0; i < box.length; i++)
    assert.equal(
      secrets.open(
        'identity seed',
        Uint8Array.from(box, (byte, at) => (at === i ? byte ^ 1 : byte)),
      ),
      undefined,
    );
  for (let length = 0; length < box.length; length++) assert.equal(secrets.open('identity seed', box.subarray(0, length)), undefined);
});

/** A database as version 1 of this program wrote it, in full: a state, a model, an interrupted round. */
function versionOne(folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  const db = new DatabaseSync(join(folder, DATABASE_FILE));
  db.exec(`
    PRAGMA application_id = 1482783054;
    PRAGMA journal_mode = WAL;
    CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
    CREATE TABLE coordinator_state (id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL) STRICT;
    CREATE TABLE sum (participant BLOB PRIMARY KEY, ephemeral_key BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE update_participant (position INTEGER PRIMARY KEY, participant BLOB NOT NULL UNIQUE) STRICT;
    CREATE TABLE seed (sum_participant BLOB, update_participant BLOB, seed BLOB NOT NULL, PRIMARY KEY (sum_participant, update_participant)) STRICT, WITHOUT ROWID;
    CREATE TABLE contribution (position INTEGER PRIMARY KEY, masked_model BLOB NOT NULL) STRICT;
    CREATE TABLE sum2 (participant BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE mask (hash BLOB PRIMARY KEY, mask BLOB NOT NULL, votes INTEGER NOT NULL) STRICT;
    CREATE TABLE model (id TEXT PRIMARY KEY, model BLOB NOT NULL) STRICT;
    CREATE TABLE latest_model (id INTEGER PRIMARY KEY CHECK (id = 1), model TEXT NOT NULL) STRICT;
    INSERT INTO schema_version VALUES (1);
    INSERT INTO model VALUES ('6_aa', x'0102'), ('7_bb', x'0304');
    INSERT INTO latest_model VALUES (1, '7_bb');
    INSERT INTO sum VALUES (x'${'11'.repeat(32)}', x'${'12'.repeat(32)}');
    INSERT INTO update_participant VALUES (1, x'${'13'.repeat(32)}');
    INSERT INTO seed VALUES (x'${'11'.repeat(32)}', x'${'13'.repeat(32)}', x'${'14'.repeat(80)}');
    INSERT INTO contribution VALUES (1, x'00');
  `);
  for (const round of [6, 7]) db.prepare('INSERT OR REPLACE INTO coordinator_state VALUES (1, ?)').run(encodeCoordinatorState(state(round)));
  db.close();
}

test('a database of version 1 goes on: state, models and their order; its round, which could not, is gone; no secret is left readable', async () => {
  const folder = freshFolder();
  versionOne(folder);
  const secrets = [6, 7].map((round) => state(round).keys.secretKey as Uint8Array);
  assert.equal(finds(folder, secrets[1]!).length, 1, 'it was readable before');
  let store = SqliteStore.open(folder, { keepsContributions: true });
  for (const secret of secrets) assert.deepEqual(finds(folder, secret), []);
  for (let start = 0; start < 2; start++) {
    assert.deepEqual(encodeCoordinatorState((await store.coordinatorState())!), encodeCoordinatorState(state(7)));
    assert.equal(await store.latestModelId(), '7_bb');
    assert.deepEqual(await store.model('6_aa'), Uint8Array.of(1, 2));
    assert.deepEqual(
      (await store.models()).map(({ id }) => id),
      ['7_bb', '6_aa'],
    );
    assert.deepEqual(await store.counts(), { sums: 0, updates: 0, masks: 0, leading: 0 });
    assert.equal(await store.progress(), undefined);
    await store.close();
    store = SqliteStore.open(folder, { keepsContributions: true });
  }
  await store.close();
  for (const secret of secrets) assert.deepEqual(finds(folder, secret), []);
});

test('a migration that was interrupted before the file was written anew is finished by the next start', async () => {
  const folder = freshFolder();
  versionOne(folder);
  void SqliteStore.open(folder).close();
  const db = new DatabaseSync(join(folder, DATABASE_FILE));
  db.exec('UPDATE schema_version SET version = -version');
  db.close();
  const store = SqliteStore.open(folder);
  assert.equal((await store.coordinatorState())?.roundId, 7);
  await store.close();
  const after = new DatabaseSync(join(folder, DATABASE_FILE));
  assert.equal(after.prepare('SELECT version FROM schema_version').get()?.version, MIGRATIONS.at(-1)!.version);
  after.close();
});

test('a migration that fails leaves the old database as it was', () => {
  const folder = freshFolder();
  versionOne(folder);
  const broken = new DatabaseSync(join(folder, DATABASE_FILE));
  broken.exec('CREATE TABLE progress (x)'); // in the way of a step
  broken.close();
  assert.equal(refusal(folder, {}), 'storage-failed');
  const db = new DatabaseSync(join(folder, DATABASE_FILE));
  assert.equal(db.prepare('SELECT version FROM schema_version').get()?.version, 1);
  assert.equal(db.prepare('SELECT count(*) AS rows FROM contribution').get()?.rows, 1);
  db.close();
});
