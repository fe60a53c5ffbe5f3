// The line to the chunk spool on a disk that fails or hangs while it writes: those chunks are answered "not stored, come again", nothing half
// written is ever read, and the next ones are stored.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PublicSigningKey } from '@xaynet/core/bytes';
import { chunksOf, participants, Rig, sumPayload } from '../rig.test.ts';
import type { SpooledChunk } from './contract.ts';
import { type Disk, systemDisk } from './files/disk.ts';
import { MemoryStore } from './memory.ts';
import { SpoolLine } from './spool-line.ts';

const root = mkdtempSync(join(tmpdir(), 'xaynet-spool-line-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const freshFolder = (): string => {
  const folder = join(root, `${folders++}`);
  systemDisk.makeFolder(folder);
  return folder;
};

const chunk = (id: number): SpooledChunk => {
  const payload = Uint8Array.of(0, id, 0, 1, 0, 0, 0, 0, ...new Uint8Array(200).fill(id));
  return { participant: PublicSigningKey(new Uint8Array(32).fill(1)), tag: 'update', payload, memory: { buffer: payload.buffer } };
};

/** A disk that does what `write` says in place of writing, after half of it has been written. */
function badDisk(write: () => Promise<void> | undefined): Disk {
  return {
    ...systemDisk,
    async writeLater(file, pieces, at) {
      const bad = write();
      if (bad === undefined) return systemDisk.writeLater(file, pieces, at);
      const all = Buffer.concat(pieces);
      systemDisk.write(file, [all.subarray(0, all.length / 2)], at);
      await bad;
    },
  };
}

async function ids(line: SpoolLine): Promise<number[]> {
  const found: number[] = [];
  for (let next = await line.read(); next !== undefined; next = await line.read(next.next)) found.push(next.chunk.payload[1]!);
  return found;
}

const fault = (): Promise<void> => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));

test('a write that fails: storage-failed, nothing of it is read, the memory comes back, the next write works, also over a restart', async () => {
  const folder = freshFolder();
  let isBad = false;
  const line = new SpoolLine(
    folder,
    1,
    10_000,
    badDisk(() => (isBad ? fault() : undefined)),
  );
  await line.append([chunk(1)]);
  isBad = true;
  const lost = [chunk(2), chunk(3)];
  const behind = line.append(lost);
  await assert.rejects(behind, { code: 'storage-failed' });
  assert.ok(lost.every(({ memory }) => memory!.buffer !== undefined));
  assert.deepEqual(await ids(line), [1]);
  isBad = false;
  await Promise.all([line.append([chunk(4)]), line.append([chunk(5)])]);
  assert.deepEqual(await ids(line), [1, 4, 5]);
  await line.close();
  const again = new SpoolLine(folder, 1, 10_000);
  assert.deepEqual([await ids(again), again.damage], [[1, 4, 5], undefined]);
  await again.close();
});

test('a write that hangs: storage-timeout, its memory is lost, and what comes behind it waits its turn', async () => {
  let goOn = (): void => {};
  let isBad = true;
  const hung = new Promise<void>((resolve) => (goOn = resolve)).then(fault);
  const line = new SpoolLine(
    freshFolder(),
    1,
    30,
    badDisk(() => (isBad ? hung : undefined)),
  );
  const first = chunk(1);
  await assert.rejects(line.append([first]), { code: 'storage-timeout' });
  assert.equal(first.memory!.buffer, undefined, 'it may still be read');
  await assert.rejects(line.append([chunk(2)]), { code: 'storage-timeout' });
  isBad = false;
  goOn();
  await line.append([chunk(3)]);
  assert.deepEqual(await ids(line), [2, 3], 'what was given up may have happened');
  await line.close();
});

test('through the intake: chunks whose write fails are answered storage-failed with a time to come again, and are stored then', async () => {
  let isBad = false;
  const line = new SpoolLine(
    freshFolder(),
    1,
    10_000,
    badDisk(() => (isBad ? fault() : undefined)),
  );
  class LineStore extends MemoryStore {
    override appendChunks(chunks: readonly SpooledChunk[]): Promise<void> {
      return line.append(chunks);
    }
  }
  const rig = await Rig.start({ store: new LineStore({ keepsContributions: true }) });
  const [who] = participants(rig.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 222);
  isBad = true;
  const verdicts = await Promise.all(bodies.slice(0, 3).map((body) => rig.intake.receive(body.slice())));
  for (const verdict of verdicts) assert.deepEqual(verdict, { accepted: false, code: 'storage-failed', retryAfter: 5 });
  isBad = false;
  for (const [i, body] of bodies.entries()) assert.equal(await rig.send(body), i === bodies.length - 1 ? 'accepted' : 'incomplete');
  assert.deepEqual((await ids(line)).slice(0, bodies.length - 1), [...bodies.keys()].slice(0, -1));
  await line.close();
});
