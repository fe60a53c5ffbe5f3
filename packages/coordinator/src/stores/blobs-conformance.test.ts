// The contract of stores/blobs.ts as tests, run over every implementation.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { type BlobEntry, type BlobStore, MOST_KEY_LENGTH } from './blobs.ts';

/** How an implementation is made and made again. */
export interface BlobSetup {
  /** An empty one. */
  open(): Promise<BlobStore>;
  /** Closes `blobs` and opens what it left behind; undefined for one that leaves nothing. */
  reopen?: ((blobs: BlobStore) => Promise<BlobStore>) | undefined;
  /** Whether {@link BlobEntry.modified} is told. */
  readonly tellsModified: boolean;
  /** More blobs than it lists at a time; default more than a thousand. */
  readonly many?: number | undefined;
}

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

async function listed(blobs: BlobStore, prefix: string): Promise<BlobEntry[]> {
  const found: BlobEntry[] = [];
  for await (const entry of blobs.list(prefix)) found.push(entry);
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const sizes = async (blobs: BlobStore, prefix: string): Promise<Record<string, number>> =>
  Object.fromEntries((await listed(blobs, prefix)).map(({ key, bytes }) => [key, bytes]));

/** The suite; `name` stands in the title of each test. */
export function blobConformance(name: string, setup: BlobSetup): void {
  const opened: BlobStore[] = [];
  after(async () => {
    for (const blobs of opened) await blobs.close();
  });
  const check = (what: string, body: (blobs: BlobStore, reopen: (blobs: BlobStore) => Promise<BlobStore>) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      const blobs = await setup.open();
      opened.push(blobs);
      await body(blobs, async (before) => {
        if (setup.reopen === undefined) return before;
        const again = await setup.reopen(before);
        opened.push(again);
        return again;
      });
    });
  };

  check('nothing is there at first, and deleting it is no error', async (blobs) => {
    await blobs.ready();
    assert.equal(await blobs.get('a'), undefined);
    assert.deepEqual(await listed(blobs, ''), []);
    await blobs.delete([]);
    await blobs.delete(['a', 'b/c']);
  });

  check('what is put comes back, also after a restart: nothing, every byte, megabytes', async (blobs, reopen) => {
    const kinds: Record<string, Uint8Array> = {
      empty: new Uint8Array(),
      'every/byte': Uint8Array.from({ length: 512 }, (_, i) => i & 0xff),
      'text-like': Buffer.from('\r\n$-1\r\n:1\r\n*0\r\nChunked; aws-chunked\u0000'),
      large: randomBytes(3_000_001),
    };
    for (const [key, bytes] of Object.entries(kinds)) assert.equal(await blobs.put(key, bytes), 'ok');
    const again = await reopen(blobs);
    for (const [key, bytes] of Object.entries(kinds)) assert.ok(Buffer.from(bytes).equals((await again.get(key))!), key);
    assert.deepEqual(await sizes(again, ''), { empty: 0, 'every/byte': 512, large: 3_000_001, 'text-like': kinds['text-like']!.length });
  });

  check('present is replaced, and with ifAbsent stays', async (blobs) => {
    assert.equal(await blobs.put('a', filled(3, 1), { ifAbsent: true }), 'ok');
    assert.equal(await blobs.put('a', filled(4, 2), { ifAbsent: true }), 'already-exists');
    assert.deepEqual(new Uint8Array((await blobs.get('a'))!), filled(3, 1));
    assert.equal(await blobs.put('a', filled(5, 3), { ifAbsent: false }), 'ok');
    assert.equal(await blobs.put('a', filled(6, 4)), 'ok');
    assert.deepEqual(new Uint8Array((await blobs.get('a'))!), filled(6, 4));
    assert.equal(await blobs.put('empty', new Uint8Array(), { ifAbsent: true }), 'ok');
    assert.equal(await blobs.put('empty', filled(1, 1), { ifAbsent: true }), 'already-exists', 'an empty blob is one');
  });

  check('of many that put at the same time where nothing is, one does', async (blobs) => {
    const verdicts = await Promise.all(Array.from({ length: 16 }, (_, i) => blobs.put('a', filled(1000, i), { ifAbsent: true })));
    assert.equal(verdicts.filter((verdict) => verdict === 'ok').length, 1);
    assert.deepEqual(new Uint8Array((await blobs.get('a'))!), filled(1000, verdicts.indexOf('ok')));
  });

  check('deleted is gone, the others stay', async (blobs, reopen) => {
    for (const key of ['a', 'a/b', 'a/b/c', 'ab', 'b']) await blobs.put(key, filled(2, 1));
    await blobs.delete(['a/b', 'nobody', 'b', 'b']);
    const again = await reopen(blobs);
    assert.deepEqual(await sizes(again, ''), { a: 2, 'a/b/c': 2, ab: 2 });
    assert.equal(await again.get('b'), undefined);
    assert.equal(await again.put('b', filled(1, 1), { ifAbsent: true }), 'ok');
  });

  check('a list is by the beginning of keys, and a star or dot in it means nothing else', async (blobs) => {
    for (const key of ['rounds/1/a', 'rounds/1/b', 'rounds/10/a', 'models/1_aa', 'roundsx', 'rounds.1.a']) await blobs.put(key, filled(1, 1));
    assert.deepEqual(Object.keys(await sizes(blobs, 'rounds/1/')), ['rounds/1/a', 'rounds/1/b']);
    assert.deepEqual(Object.keys(await sizes(blobs, 'rounds/1')), ['rounds/1/a', 'rounds/1/b', 'rounds/10/a']);
    assert.deepEqual(Object.keys(await sizes(blobs, 'rounds.1')), ['rounds.1.a']);
    assert.deepEqual(Object.keys(await sizes(blobs, 'models/1_aa')), ['models/1_aa'], 'a whole key begins with itself');
    assert.deepEqual(await listed(blobs, 'nobody'), []);
    assert.equal((await listed(blobs, '')).length, 6);
  });

  check('more than are listed at a time are listed, once each, and deleted in one call', async (blobs) => {
    const keys = Array.from({ length: setup.many ?? 1103 }, (_, i) => `many/${i}`);
    for (let at = 0; at < keys.length; at += 64) await Promise.all(keys.slice(at, at + 64).map((key) => blobs.put(key, filled(1, 1))));
    await blobs.put('other', filled(1, 1));
    const found: string[] = [];
    for await (const { key } of blobs.list('many/')) found.push(key);
    assert.deepEqual(found.sort(), [...keys].sort());
    await blobs.delete(keys);
    assert.deepEqual(await sizes(blobs, ''), { other: 1 });
  });

  check('blobs that are listed may be deleted meanwhile', async (blobs) => {
    for (let i = 0; i < 20; i++) await blobs.put(`a/${i}`, filled(1, i));
    for await (const { key } of blobs.list('a/')) await blobs.delete([key]);
    assert.deepEqual(await listed(blobs, ''), []);
  });

  check('bytes that were passed in may be overwritten, bytes that came out too', async (blobs) => {
    const memory = filled(5000, 1);
    await blobs.put('a', memory.subarray(1000, 2000));
    memory.fill(9);
    const taken = (await blobs.get('a'))!;
    assert.deepEqual(new Uint8Array(taken), filled(1000, 1));
    taken.fill(7);
    assert.deepEqual(new Uint8Array((await blobs.get('a'))!), filled(1000, 1));
  });

  check('keys of every character and of the longest length are told apart, in upper and lower case too', async (blobs) => {
    const keys = ['A-Z_a.z/0-9', 'a-z_a.z/0-9', '.a', 'a./b', '...', '-', 'x'.repeat(MOST_KEY_LENGTH), `${'x'.repeat(MOST_KEY_LENGTH - 1)}y`];
    for (const [i, key] of keys.entries()) await blobs.put(key, filled(1, i));
    for (const [i, key] of keys.entries()) assert.deepEqual(new Uint8Array((await blobs.get(key))!), filled(1, i), key);
    assert.equal((await listed(blobs, '')).length, keys.length);
  });

  check('what is no key is refused', async (blobs) => {
    for (const key of ['', 'a b', 'a\n', 'é', 'a:b', 'a*', '/a', 'a/', 'a//b', '.', '..', './a', 'a/../b', 'a/.', 'x'.repeat(MOST_KEY_LENGTH + 1)]) {
      await assert.rejects(blobs.put(key, filled(1, 1)), { code: 'option-invalid' }, key);
      await assert.rejects(blobs.get(key), { code: 'option-invalid' }, key);
      await assert.rejects(blobs.delete(['a', key]), { code: 'option-invalid' }, key);
    }
    assert.deepEqual(await listed(blobs, ''), []);
  });

  check('when something was put is told, or not at all', async (blobs) => {
    await blobs.put('a', filled(1, 1));
    const [entry] = await listed(blobs, '');
    if (!setup.tellsModified) assert.equal(entry?.modified, undefined);
    else assert.ok(Math.abs(entry!.modified! - Date.now()) < 3_600_000, 'and on a clock that is about ours');
  });

  check('after closing every method throws, closing again does not', async (blobs) => {
    await blobs.close();
    await blobs.close();
    await assert.rejects(blobs.put('a', filled(1, 1)), { code: 'storage-failed' });
    await assert.rejects(blobs.get('a'), { code: 'storage-failed' });
    await assert.rejects(blobs.delete(['a']), { code: 'storage-failed' });
    await assert.rejects(listed(blobs, ''), { code: 'storage-failed' });
    await assert.rejects(blobs.ready(), { code: 'storage-failed' });
  });
}
