// The spool by itself: files come and go, and what is not over is never among what goes, whatever the order and wherever the process ends.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PublicSigningKey } from '@xaynet/core/bytes';
import fc from 'fast-check';
import type { SpooledChunk } from '../contract.ts';
import { ChunkSpool } from './chunk-spool.ts';
import { systemDisk } from './disk.ts';

const root = mkdtempSync(join(tmpdir(), 'xaynet-spool-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const freshFolder = (): string => {
  const folder = join(root, `${folders++}`);
  systemDisk.makeFolder(folder);
  return folder;
};

const SEGMENT = 1000;
const openSpool = (folder: string, epoch = 1): ChunkSpool => new ChunkSpool(systemDisk, join(folder, 'chunks.log'), epoch, SEGMENT);
const key = (byte: number): PublicSigningKey => PublicSigningKey(new Uint8Array(32).fill(byte));
const chunk = (who: number, message: number, id: number): SpooledChunk => ({
  participant: key(who),
  tag: 'update',
  payload: Uint8Array.of(0, id, 0, message, 0, 0, 0, 0, ...new Uint8Array(150).fill(id)),
});
const over = (who: number, message: number): SpooledChunk => ({ participant: key(who), tag: 'update', payload: Uint8Array.of(0, 0, 0, message) });
const all = (spool: ChunkSpool): SpooledChunk[] => {
  const found: SpooledChunk[] = [];
  for (let at = spool.read(); at !== undefined; at = spool.read(at.next)) found.push(at.chunk);
  return found;
};
const nameOf = ({ participant, payload }: SpooledChunk): string => `${participant[0]}/${payload[3]}`;
const textOf = (one: SpooledChunk): string => `${nameOf(one)}/${one.payload.length === 4 ? 'over' : one.payload[1]}`;

test('what is not over is there, in order, after anything that was appended and any restart; the rest goes file by file', () => {
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.record({ what: fc.constant('append' as const), who: fc.nat(3), message: fc.nat(1), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('over' as const), who: fc.nat(3), message: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.constant({ what: 'restart' as const }) },
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const folder = freshFolder();
      let spool = openSpool(folder);
      let expected: SpooledChunk[] = [];
      let id = 0;
      for (const one of acts) {
        if (one.what === 'append') {
          const chunks = Array.from({ length: one.count }, () => chunk(one.who, one.message, id++ & 255));
          spool.append(chunks);
          expected.push(...chunks);
        } else if (one.what === 'over') {
          const sign = over(one.who, one.message);
          spool.append([sign]);
          expected = expected.filter((other) => nameOf(other) !== nameOf(sign));
        } else {
          spool.close();
          spool = openSpool(folder);
        }
        const found = all(spool);
        // What is there of messages that are over is followed by the sign that they are: nobody takes it for more.
        const open = found.filter(
          (other, i) => other.payload.length > 4 && !found.slice(i).some((sign) => sign.payload.length === 4 && nameOf(sign) === nameOf(other)),
        );
        assert.deepEqual(open.map(textOf), expected.map(textOf));
      }
      spool.close();
    }),
    { numRuns: 60 },
  );
});

test('under load a few files are used, however much goes through them', () => {
  const folder = freshFolder();
  const spool = openSpool(folder);
  for (let i = 0; i < 300; i++) {
    for (let id = 0; id < 4; id++) spool.append([chunk(i % 3, i & 255, id)]);
    if (i >= 2) spool.append([over((i - 2) % 3, (i - 2) & 255)]);
    assert.ok(readdirSync(folder).length <= 5, `${readdirSync(folder)}`);
  }
  assert.ok(spool.usage() <= 6 * SEGMENT, `${spool.usage()}`);
  spool.erase();
  assert.deepEqual([all(spool), readdirSync(folder).length], [[], 1]);
  spool.append([chunk(1, 1, 1)]);
  assert.deepEqual(all(spool).map(textOf), ['1/1/1']);
  spool.begin(2);
  assert.deepEqual([all(spool), readdirSync(folder)], [[], []]);
  spool.close();
});

test('files of another epoch are nobody’s chunks, and go', () => {
  const folder = freshFolder();
  const before = openSpool(folder);
  for (let id = 0; id < 20; id++) before.append([chunk(1, 1, id)]);
  before.close();
  assert.ok(readdirSync(folder).length > 2);
  const later = openSpool(folder, 2);
  assert.deepEqual([all(later), readdirSync(folder)], [[], []]);
  later.append([chunk(2, 1, 0)]);
  assert.equal(all(later).length, 1);
  later.close();
});

test('what is damaged is dropped and told, what a death cut off is not told', () => {
  const written = (count: number): { folder: string; path: string } => {
    const folder = freshFolder();
    const spool = new ChunkSpool(systemDisk, join(folder, 'chunks.log'), 1);
    for (let id = 0; id < count; id++) spool.append([chunk(1, 1, id)]);
    spool.close();
    return { folder, path: join(folder, 'chunks.log') };
  };
  const record = 12 + 33 + 158;
  const opened = (path: string): [number, string | undefined] => {
    const spool = new ChunkSpool(systemDisk, path, 1);
    const found: [number, string | undefined] = [all(spool).length, spool.damage];
    spool.close();
    const again = new ChunkSpool(systemDisk, path, 1);
    assert.deepEqual([all(again).length, again.damage], [found[0], undefined], 'told once');
    again.close();
    return found;
  };
  const changed = (at: number, bytes: readonly number[] = [255]): string => {
    const { path } = written(4);
    const file = readFileSync(path);
    file.set(bytes, at);
    writeFileSync(path, file);
    return path;
  };
  const cut = (length: number): string => {
    const { path } = written(4);
    truncateSync(path, length);
    return path;
  };
  const whole = 24 + 4 * record;
  assert.equal(readFileSync(written(4).path).length, whole);
  assert.deepEqual(opened(written(4).path), [4, undefined]);
  for (const length of [whole - 1, whole - 100, whole - record + 12, whole - record + 3]) assert.deepEqual(opened(cut(length)), [3, undefined], `${length}`);
  assert.deepEqual(opened(cut(24)), [0, undefined]);
  assert.deepEqual(opened(cut(7)), [0, undefined]);
  const lost = `damaged at byte ${24 + record}, ${3 * record} bytes dropped`;
  assert.deepEqual(opened(changed(24 + record + 60)), [1, `chunks.log: ${lost}`], 'a byte of a chunk');
  assert.deepEqual(opened(changed(24 + record + 5, [9, 9, 9, 9, 9, 9])), [1, `chunks.log: ${lost}`], 'the lengths of one, with whole ones behind it');
  assert.deepEqual(
    opened(changed(whole - 3)),
    [3, `chunks.log: damaged at byte ${whole - record}, ${record} bytes dropped`],
    'the last one, which is all there',
  );
  assert.deepEqual(opened(changed(2)), [0, `chunks.log: its header is damaged, ${whole} bytes dropped`]);
  const { path } = written(4);
  const past = new ChunkSpool(systemDisk, path, 2);
  assert.equal(past.damage, undefined, 'another epoch is no damage');
  past.close();
});

test('who had not proved anything is still known not to have', () => {
  const folder = freshFolder();
  const before = openSpool(folder);
  before.append([{ ...chunk(1, 1, 1), unproven: true }, chunk(1, 1, 0)]);
  before.close();
  const spool = openSpool(folder);
  assert.deepEqual(
    all(spool).map(({ tag, unproven }) => [tag, unproven]),
    [
      ['update', true],
      ['update', undefined],
    ],
  );
  spool.close();
});
