// A data folder whose contents were changed, cut off or taken away while nobody or somebody looked: what is stored is believed only where it
// is what was written, and a database that has lost what it once acknowledged is refused instead of going on from an older moment.

import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, type PublicSigningKey } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import type { MaskObject } from '@xaynet/core/mask';
import { isPassing } from '../patience.ts';
import type { RoundProgress, Store, Update } from './contract.ts';
import { openEmbeddedStore } from './embedded.ts';
import { ContributionFiles } from './files/contribution-files.ts';
import { systemDisk } from './files/disk.ts';
import { filled, folders, key, maskOf } from './rig.test.ts';
import { SqliteStore, type SqliteStoreOptions } from './sqlite.ts';
import { CONTRIBUTIONS_FOLDER, DATABASE_FILE } from './sqlite-file.ts';

const freshFolder = folders('damage');
const mask = (byte: number, length = 10): MaskObject => maskOf(byte, length);
const update = (byte: number): Update => ({
  participant: key(byte),
  localSeedDict: new KeyMap([1, 2].map((sum): [PublicSigningKey, EncryptedMaskSeed] => [key(sum), EncryptedMaskSeed(filled(80, byte))])),
  maskedModel: mask(byte),
});
const progress: RoundProgress = { round: 3, phase: 'update', since: 1, failures: 0 };
const open = (folder: string, options: SqliteStoreOptions = {}): SqliteStore => SqliteStore.open(folder, { keepsContributions: true, ...options });

/** A store with two sum participants in the update phase of round 3. */
async function begun(folder: string): Promise<SqliteStore> {
  const store = open(folder);
  await store.setProgress(progress);
  for (const sum of [1, 2]) await store.admitSum(key(sum), PublicEncryptKey(filled(32, sum)));
  return store;
}

/** A closed store with two updates, two equal masks and a model. */
async function whole(): Promise<string> {
  const folder = freshFolder();
  const store = await begun(folder);
  for (const byte of [10, 11]) assert.equal((await store.admitUpdate(update(byte))).verdict, 'ok');
  for (const sum of [1, 2]) assert.equal((await store.admitSum2(key(sum), mask(5))).verdict, 'ok');
  await store.putModel('2_aa', filled(500, 7));
  await store.setLatestModelId('2_aa');
  await store.close();
  return folder;
}

function change(folder: string, ...statements: string[]): void {
  const db = new DatabaseSync(join(folder, DATABASE_FILE));
  for (const sql of statements) db.exec(sql);
  db.close();
}

function refusal(folder: string, options?: SqliteStoreOptions): string {
  try {
    void open(folder, options).close();
    return 'opened';
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    return error.code;
  }
}

const flip = (column: string): string => `CAST(substr(${column}, 1, 40) || x'01' || substr(${column}, 42) AS BLOB)`;

/** A statement, the method that must notice, and the code. */
const CHANGES: Record<string, [sql: string, read: (store: Store) => Promise<unknown>, code: string]> = {
  'a bit of a mask': [`UPDATE mask SET mask = ${flip('mask')}`, (store) => store.bestMasks(), 'contribution-damaged'],
  'the hash of a mask': [`UPDATE mask SET hash = zeroblob(32)`, (store) => store.bestMasks(), 'contribution-damaged'],
  'votes for a mask': ['UPDATE mask SET votes = 3', (store) => store.bestMasks(), 'contribution-damaged'],
  'a bit of a model': [`UPDATE model SET model = ${flip('model')}`, (store) => store.model('2_aa'), 'storage-model-missing'],
  'the hash of a model': ['UPDATE model SET sha256 = NULL', (store) => store.model('2_aa'), 'storage-model-missing'],
  'the key of a sum participant': [
    "UPDATE sum SET participant = CAST(x'aa' || substr(participant, 2) AS BLOB)",
    (store) => store.seedDict(),
    'seed-dict-damaged',
  ],
  'the length of a sum key': ['UPDATE sum SET participant = substr(participant, 2)', (store) => store.seedDict(), 'seed-dict-damaged'],
  'the length of an ephemeral key': ['UPDATE sum SET ephemeral_key = substr(ephemeral_key, 2)', (store) => store.sumDict(), 'seed-dict-damaged'],
  'the length of a seed': ['UPDATE seed SET seed = substr(seed, 2)', (store) => store.seedDict(), 'seed-dict-damaged'],
  'the length of an update key': ['UPDATE seed SET update_participant = substr(update_participant, 2)', (store) => store.seedDict(), 'seed-dict-damaged'],
  'a report': ["INSERT INTO round_report VALUES (1, '{')", (store) => store.reports!(10), 'storage-damaged'],
  'a record': ["INSERT INTO round_record VALUES (1, '{')", (store) => store.records(10), 'storage-damaged'],
  'a secret': ["INSERT INTO secret VALUES ('identity seed', zeroblob(72))", (store) => store.identity(), 'storage-damaged'],
};

for (const [what, [sql, read, code]] of Object.entries(CHANGES)) {
  test(`${what} that changed is damage, not a failure to be waited out`, async () => {
    const folder = await whole();
    const before = open(folder);
    await read(before);
    await before.close();
    change(folder, sql);
    const store = await openEmbeddedStore(folder);
    const error: unknown = await read(store).catch((thrown: unknown) => thrown);
    assert.ok(isXaynetError(error) && error.code === code, String(error));
    assert.equal(isPassing(error), false);
    await store.ready();
    await store.close();
  });
}

test('a database of version 2 goes on: its models get their hashes', async () => {
  const folder = await whole();
  change(folder, 'ALTER TABLE model DROP COLUMN sha256', 'DROP TABLE round_report', 'UPDATE schema_version SET version = 2');
  for (let times = 0; times < 2; times++) {
    const store = open(folder);
    assert.deepEqual(await store.model('2_aa'), filled(500, 7));
    assert.equal((await store.counts()).updates, 2, 'the round goes on');
    await store.close();
  }
});

test('a page of the database that was wiped is found at the start', async () => {
  const folder = await whole();
  change(folder, 'VACUUM'); // no free pages, where it would not matter
  const file = join(folder, DATABASE_FILE);
  const bytes = readFileSync(file);
  for (let page = 1; page < bytes.length / 4096; page++) {
    writeFileSync(file, Buffer.from(bytes).fill(0, page * 4096, (page + 1) * 4096));
    assert.equal(refusal(folder), 'storage-damaged', `page ${page + 1}`);
  }
  writeFileSync(file, bytes);
  assert.equal(refusal(folder), 'opened');
});

test('a log that is gone or unreadable while the database is empty without it is a database lost', async () => {
  const folder = freshFolder();
  const store = await begun(folder);
  const damages: Record<string, (log: string) => void> = {
    removed: rmSync,
    'cut off': (log) => truncateSync(log, 0),
    'one bit of its header': (log) => writeFileSync(log, readFileSync(log).fill(1, 10, 11)),
  };
  for (const [name, damage] of Object.entries(damages)) {
    const copy = freshFolder();
    cpSync(folder, copy, { recursive: true });
    assert.equal(statSync(join(copy, DATABASE_FILE)).size, 4096, 'everything is in the log');
    damage(join(copy, `${DATABASE_FILE}-wal`));
    for (let times = 0; times < 2; times++) assert.equal(refusal(copy), 'storage-incomplete', name);
    assert.equal(existsSync(join(copy, `${DATABASE_FILE}-wal.damaged`)), name === 'one bit of its header', 'the log is kept');
    assert.equal(refusal(copy, { mayBeginAnew: true }), 'opened');
  }
  await store.close();
});

test('a log whose tail is gone: one update without a row can be of a crash, more of them were acknowledged', async () => {
  const folder = freshFolder();
  const store = await begun(folder);
  const log = `${DATABASE_FILE}-wal`;
  const sizes = [statSync(join(folder, log)).size];
  for (const byte of [10, 11, 12, 13]) {
    await store.admitUpdate(update(byte));
    sizes.push(statSync(join(folder, log)).size);
  }
  for (const [updates, expected] of [
    [4, 'opened'],
    [3, 'opened'],
    [2, 'storage-damaged'],
    [0, 'storage-damaged'],
  ] as const) {
    const copy = freshFolder();
    cpSync(folder, copy, { recursive: true });
    const [segment] = readdirSync(join(copy, CONTRIBUTIONS_FOLDER)).map((name) => join(copy, CONTRIBUTIONS_FOLDER, name));
    const bytes = readFileSync(segment!);
    truncateSync(join(copy, log), sizes[updates]);
    assert.equal(refusal(copy), expected, `${updates} of 4`);
    if (expected === 'opened') continue;
    assert.equal(refusal(copy), expected, 'again');
    assert.deepEqual(readFileSync(segment!), bytes, 'what shows it stays');
    assert.equal(statSync(join(copy, `${log}.damaged`)).size, sizes[updates], 'the log too');
    rmSync(segment!);
    const rest = open(copy);
    assert.equal((await rest.counts()).updates, updates, 'without it, it goes on from what there is');
    await rest.close();
  }
  await store.close();
});

test('records of commits that failed, of rounds that were erased and below a checkpoint show no loss', async () => {
  const segment = (folder: string, round: number, ...positions: number[]): void => {
    const files = new ContributionFiles(systemDisk, join(folder, CONTRIBUTIONS_FOLDER));
    files.recover(new Map([[8, 0]]), undefined); // numbers from 9 on
    for (const position of positions) files.append(round, { position, rest: key(position) }, mask(position));
    files.close();
  };
  const cases: [what: string, round: number, positions: number[], expected: string][] = [
    ['commits that failed', 3, [3, 3, 3], 'opened'],
    ['what a checkpoint has', 3, [1, 2], 'opened'],
    ['an older round', 2, [1, 2, 3, 4, 5], 'opened'],
    ['updates without rows', 3, [3, 4], 'storage-damaged'],
    ['a later round', 4, [1], 'storage-damaged'],
  ];
  for (const [what, round, positions, expected] of cases) {
    const folder = freshFolder();
    const store = await begun(folder);
    for (const byte of [10, 11]) await store.admitUpdate(update(byte));
    await store.setCheckpoint({ position: 2, count: 2, aggregate: mask(9) });
    await store.close();
    const checkpoint = readdirSync(join(folder, CONTRIBUTIONS_FOLDER)).map((name) => join(folder, CONTRIBUTIONS_FOLDER, name));
    const kept = checkpoint.map((path) => [path, readFileSync(path)] as const);
    segment(folder, round, ...positions);
    for (const [path, bytes] of kept) writeFileSync(path, bytes);
    assert.equal(refusal(folder), expected, what);
    assert.equal(refusal(folder, { mayBeginAnew: true }), 'opened');
  }
  const erased = freshFolder();
  const store = await begun(erased);
  await store.eraseAll();
  await store.close();
  segment(erased, 7, 1, 2, 3);
  assert.equal(refusal(erased), 'opened', 'killed between rows and files');
});

test('a data folder that is moved away or removed while in use: nothing is acknowledged any more, and moving it back heals', async () => {
  const folder = freshFolder();
  const store = await openEmbeddedStore(folder);
  await store.setProgress(progress);
  for (const sum of [1, 2]) await store.admitSum(key(sum), PublicEncryptKey(filled(32, sum)));
  await store.admitUpdate(update(10));
  renameSync(folder, `${folder}-moved`);
  const failed = { code: 'storage-failed', message: /bring the data folder back/ };
  await assert.rejects(store.admitUpdate(update(11)), failed);
  await assert.rejects(store.ready(), failed);
  assert.equal(existsSync(folder), false, 'nothing is made in its place');
  renameSync(`${folder}-moved`, folder);
  await store.ready();
  assert.equal((await store.admitUpdate(update(11))).verdict, 'ok');
  cpSync(folder, `${folder}-copy`, { recursive: true });
  rmSync(folder, { recursive: true });
  await assert.rejects(store.ready(), failed);
  renameSync(`${folder}-copy`, folder);
  await assert.rejects(store.admitSum2(key(1), mask(5)), failed, 'a copy is another file');
  await store.close();
  const again = open(folder);
  assert.equal((await again.counts()).updates, 2);
  await again.close();
});
