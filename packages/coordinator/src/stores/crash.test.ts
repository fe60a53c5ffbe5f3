// The embedded store after the worst: killed at random moments, files cut off, changed, missing, left over.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey } from '@xaynet/core/bytes';
import type { MaskObject } from '@xaynet/core/mask';
import type { Contribution, SpooledChunk, Store, Update } from './contract.ts';
import { filled, folders, key, maskOf } from './rig.test.ts';
import { SqliteStore } from './sqlite.ts';

const freshFolder = folders('crash');
const mask = (byte: number, length = 100): MaskObject => maskOf(byte, length);
const update = (byte: number): Update => ({
  participant: key(byte),
  localSeedDict: new KeyMap([[key(1), EncryptedMaskSeed(filled(80, byte))]]),
  maskedModel: mask(byte),
});
const chunk = (byte: number, length = 500): SpooledChunk => ({ participant: key(byte), tag: 'sum2', payload: filled(length, byte) });
const open = (folder: string): SqliteStore => SqliteStore.open(folder, { keepsContributions: true });

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const participants = async (store: Store): Promise<(number | undefined)[]> =>
  (await collect<Contribution>(store.contributions(0))).map(({ participant, maskedModel }) => {
    assert.deepEqual(maskedModel, mask(participant[0]!));
    return participant[0];
  });

/** A store with the updates 10, 11, 12, closed; the path of its one segment. */
async function used(folder: string): Promise<string> {
  const store = open(folder);
  await store.admitSum(key(1), PublicEncryptKey(filled(32, 1)));
  for (const byte of [10, 11, 12]) await store.admitUpdate(update(byte));
  await store.close();
  const [segment, ...others] = readdirSync(join(folder, 'contributions'));
  assert.deepEqual(others, []);
  return join(folder, 'contributions', segment!);
}

test('killed at random moments: all that was acknowledged is there exactly once, and nothing is there by halves', async () => {
  const folder = freshFolder();
  // Updates with a number for a participant and a model of 120 kB, a checkpoint every seventh; a line for each answer.
  const script = `const { SqliteStore } = await import(${JSON.stringify(fileURLToPath(new URL('./sqlite.ts', import.meta.url)))});
    const { KeyMap } = await import('@xaynet/core/bytes');
    const { parseMaskConfig } = await import('@xaynet/core/mask');
    const { writeSync } = await import('node:fs');
    const vect = parseMaskConfig('Prime/F32/B0/M3');
    const model = (n) => ({ config: { vect, unit: vect }, length: 20000, vect: new Uint8Array(120000).fill(n), unit: new Uint8Array(6) });
    const key = (n) => { const bytes = new Uint8Array(32); new DataView(bytes.buffer).setUint32(0, n); return bytes; };
    const store = SqliteStore.open(${JSON.stringify(folder)}, { keepsContributions: true });
    await store.admitSum(key(0), key(0));
    for (let n = (await store.counts()).updates + 1; ; n++) {
      const { verdict, position } = await store.admitUpdate({ participant: key(n), localSeedDict: new KeyMap([[key(0), new Uint8Array(80).fill(n)]]), maskedModel: model(n) });
      if (verdict !== 'ok' || position !== n) throw new Error(verdict + ' ' + position);
      writeSync(1, n + '\\n');
      await store.appendChunks([{ participant: key(n), tag: 'sum', payload: new Uint8Array(9000).fill(n) }]);
      if (n % 7 === 0) await store.setCheckpoint({ position: n, count: n, aggregate: model(n) });
      await new Promise(setImmediate);
    }`;
  let acknowledged = 0;
  for (let kill = 0; kill < 6; kill++) {
    const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
    const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), Math.random() * 60);
      output += text;
    });
    const [, signal] = (await once(child, 'close')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL');
    acknowledged = Math.max(acknowledged, ...output.split('\n').slice(0, -1).map(Number));
    const store = open(folder);
    const { updates } = await store.counts();
    assert.ok(updates === acknowledged || updates === acknowledged + 1, `${acknowledged} acknowledged, ${updates} stored`);
    assert.equal([...(await store.seedDict())!][0]![1].size, updates);
    const checkpoint = await store.checkpoint();
    if (checkpoint !== undefined) assert.equal(checkpoint.aggregate.vect[0], checkpoint.position % 256);
    let position = checkpoint?.position ?? 0;
    for (const one of await collect(store.contributions(position))) {
      assert.equal(one.position, ++position);
      assert.deepEqual(
        [new DataView(one.participant.buffer, one.participant.byteOffset).getUint32(0), one.maskedModel.vect[119_999]],
        [position, position % 256],
      );
    }
    assert.equal(position, updates, 'checkpoint and contributions make up all updates');
    const chunks = await collect(store.chunks());
    assert.ok(chunks.length >= acknowledged - kill - 2, 'chunks of a process that was killed are there');
    await store.close();
  }
});

test('a torn tail, a record that was never acknowledged, and leftover files are cut off and collected', async () => {
  const folder = freshFolder();
  const segment = await used(folder);
  const whole = readFileSync(segment);
  const place = (name: string): string => join(folder, 'contributions', name);
  for (const tail of [filled(1, 7), filled(5000, 0), whole.subarray(24, 300), whole.subarray(24)]) {
    appendFileSync(segment, tail);
    for (const name of ['segment-0000000999', 'checkpoint-0000000998', 'checkpoint-0000000997.tmp', 'rubbish']) copyFileSync(segment, place(name));
    const store = open(folder);
    assert.deepEqual(await participants(store), [10, 11, 12]);
    assert.equal(statSync(segment).size, whole.length);
    assert.equal(readdirSync(join(folder, 'contributions')).length, 1);
    await store.close();
  }
  const store = open(folder);
  assert.deepEqual(await store.admitUpdate(update(13)), { verdict: 'ok', position: 4 });
  assert.deepEqual(await participants(store), [10, 11, 12, 13]);
  await store.close();
});

test('a contribution that was cut off, changed or removed is noticed when it is read, and the others are served', async () => {
  const damages: Record<string, (segment: string) => void> = {
    'cut off': (segment) => truncateSync(segment, statSync(segment).size - 1),
    'one bit': (segment) => {
      const bytes = readFileSync(segment);
      bytes[bytes.length - 100]! ^= 1;
      writeFileSync(segment, bytes);
    },
    'another file header': (segment) => {
      const bytes = readFileSync(segment);
      bytes[5]! ^= 1;
      writeFileSync(segment, bytes);
    },
    removed: (segment) => rmSync(segment),
  };
  for (const [name, damage] of Object.entries(damages)) {
    const folder = freshFolder();
    damage(await used(folder));
    const store = open(folder);
    const found: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { participant } of store.contributions(0)) found.push(participant[0]!);
    };
    await assert.rejects(read(), { code: 'contribution-damaged' }, name);
    assert.deepEqual(found, name === 'cut off' || name === 'one bit' ? [10, 11] : [], name);
    assert.deepEqual(await store.admitUpdate(update(13)), { verdict: 'ok', position: 4 });
    await store.eraseRound();
    assert.deepEqual(await participants(store), []);
    assert.deepEqual(readdirSync(join(folder, 'contributions')), [], 'erasing takes the damaged file along');
    await store.close();
  }
});

test('a checkpoint that was changed or removed is noticed', async () => {
  for (const isChanged of [true, false]) {
    const folder = freshFolder();
    await used(folder);
    const store = open(folder);
    await store.setCheckpoint({ position: 3, count: 3, aggregate: mask(9) });
    const [file, ...others] = readdirSync(join(folder, 'contributions'));
    assert.deepEqual(others, [], 'the segment that it sums up is gone');
    const path = join(folder, 'contributions', file!);
    if (isChanged) writeFileSync(path, readFileSync(path).fill(1, 300, 301));
    else rmSync(path);
    await assert.rejects(store.checkpoint(), { code: 'contribution-damaged' });
    await store.close();
  }
});

test('chunks: a torn tail is cut off wherever it is torn, and new chunks follow what is left', async () => {
  const folder = freshFolder();
  const file = join(folder, 'chunks.log');
  const first = open(folder);
  await first.appendChunks([chunk(1), chunk(2)]);
  const two = statSync(file).size;
  await first.appendChunks([chunk(3)]);
  await first.close();
  const whole = readFileSync(file);
  for (let size = two; size < whole.length; size += 40) {
    writeFileSync(file, whole.subarray(0, size));
    const store = open(folder);
    assert.equal(statSync(file).size, two);
    await store.appendChunks([chunk(4, size)]);
    assert.deepEqual(
      (await collect(store.chunks())).map(({ participant, payload }) => [participant[0], payload.length]),
      [
        [1, 500],
        [2, 500],
        [4, size],
      ],
    );
    await store.close();
  }
  for (const rubbish of [new Uint8Array(), filled(10, 1), filled(1000, 1)]) {
    writeFileSync(file, rubbish);
    const store = open(folder);
    assert.deepEqual(await collect(store.chunks()), []);
    await store.appendChunks([chunk(4)]);
    assert.equal((await collect(store.chunks())).length, 1);
    await store.close();
  }
});

test('chunks of an erased round do not come back with their file', async () => {
  const folder = freshFolder();
  const file = join(folder, 'chunks.log');
  const store = open(folder);
  await store.appendChunks([chunk(1)]);
  copyFileSync(file, `${file}.copy`);
  await store.eraseRound();
  await store.close();
  copyFileSync(`${file}.copy`, file); // as if the process had been killed between the rows and the file
  const again = open(folder);
  assert.deepEqual(await collect(again.chunks()), []);
  await again.close();
});
