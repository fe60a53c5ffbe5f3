// The store on Redis beside the one in memory, which is the readable statement of the contract: whatever calls come, in whatever order, both say
// and keep the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { encodeMaskObject } from '@xaynet/core/mask';
import { encodeCoordinatorState, encodeSeedDict, encodeSumDict } from '@xaynet/core/round';
import fc from 'fast-check';
import type { RoundProgress, Store } from '../../packages/coordinator/src/stores/contract.ts';
import { MemoryStore } from '../../packages/coordinator/src/stores/memory.ts';
import { thorough } from '../thorough.ts';
import { ephemeral, filled, key, mask, openAt, progress, record, state, update } from './rig.ts';
import { freshPrefix, sharedServer } from './server.ts';

const server = sharedServer();

/** A call, as plain data. Keys and bytes are small numbers, so that calls meet. */
type Call =
  | { what: 'state' | 'progress' | 'eraseRound' | 'eraseAll' | 'record' | 'report' | 'model' | 'latest'; n: number }
  | { what: 'noProgress' | 'eraseChunks' | 'reopen' }
  | { what: 'sum' | 'mask'; by: number; n: number }
  | { what: 'update'; by: number; sums: number[] | undefined } // undefined: of everybody who is there
  | { what: 'close'; sums: number[] | undefined; n: number }
  | { what: 'checkpoint'; position: number }
  | { what: 'chunk'; by: number; id: number; over: boolean };

const small = fc.integer({ min: 1, max: 4 });
const several = fc.uniqueArray(small, { maxLength: 4 });
const oneOf = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('state', 'progress', 'record', 'report'), n: small }) },
  { weight: 7, arbitrary: fc.record({ what: fc.constantFrom('model', 'model', 'latest'), n: small }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('eraseRound', 'eraseAll'), n: small }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('noProgress', 'eraseChunks', 'reopen') }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constantFrom('sum', 'mask'), by: small, n: small }) },
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('update'), by: fc.integer({ min: 1, max: 9 }), sums: fc.option(several, { nil: undefined, freq: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('close'), sums: fc.option(several, { nil: undefined }), n: small }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('checkpoint'), position: small }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('chunk'), by: small, id: small, over: fc.boolean() }) },
) as fc.Arbitrary<Call>;

/** Like a model of the contract: a checkpoint is of what there is. */
async function perform(store: Store, call: Call): Promise<unknown> {
  switch (call.what) {
    case 'state':
      return store.setCoordinatorState(state(call.n), call.n % 2 === 0 ? progress(call.n) : undefined);
    case 'progress':
      return store.setProgress({ ...progress(call.n, 'update'), gate: { most: call.n, excluded: ['aa'] } });
    case 'noProgress':
      return store.setProgress(undefined);
    case 'eraseRound':
      return store.eraseRound();
    case 'eraseAll':
      return store.eraseAll();
    case 'record':
      return store.putRecord(record(call.n));
    case 'report':
      return store.putReport!({ round: call.n, values: { loss: call.n } });
    case 'model':
      return store.putModel(`${call.n} é`, filled(call.n * 10, call.n));
    case 'latest':
      return store.setLatestModelId(`${call.n} é`);
    case 'sum':
      return store.admitSum(key(call.by), ephemeral(call.n));
    case 'mask':
      return store.admitSum2(key(call.by), mask(call.n));
    case 'update':
      return store.admitUpdate(update(call.by, ...(call.sums ?? (await store.sumDict())?.keys().map((sum) => sum[0]!) ?? [])));
    case 'close':
      return store.closeSum(call.sums?.map(key), progress(call.n, 'update'));
    case 'checkpoint': {
      const { updates } = await store.counts();
      const last = (await store.checkpoint())?.position ?? 0;
      const position = Math.min(updates, Math.max(last, call.position));
      return position === 0 ? undefined : store.setCheckpoint({ position, aggregate: mask(call.position), count: position });
    }
    case 'chunk': {
      const head = Uint8Array.of(0, 1, 0, call.id);
      return store.appendChunks([{ participant: key(call.by), tag: 'update', payload: call.over ? head : Uint8Array.of(...head, 0, 0, 0, 0, call.id) }]);
    }
    case 'eraseChunks':
      return store.eraseChunks();
    case 'reopen':
      return undefined;
  }
}

/** All that is stored, in a form that can be compared. */
async function seen(store: Store): Promise<unknown> {
  const [kept, sums, seeds, checkpoint] = [await store.coordinatorState(), await store.sumDict(), await store.seedDict(), await store.checkpoint()];
  const contributions: unknown[] = [];
  for await (const { position, participant, maskedModel } of store.contributions(checkpoint?.position ?? 0)) {
    contributions.push([position, hex(participant), hex(encodeMaskObject(maskedModel))]);
  }
  const chunks: string[] = [];
  for await (const { participant, payload } of store.chunks()) chunks.push(`${hex(participant)} ${hex(payload)}`);
  const masks = (await store.bestMasks()).map(({ mask: object, votes }) => `${votes} ${hex(encodeMaskObject(object))}`);
  const models = await store.models();
  return {
    state: kept && hex(encodeCoordinatorState(kept)),
    progress: await store.progress(),
    counts: await store.counts(),
    sums: sums && hex(encodeSumDict(sums)),
    seeds: seeds && hex(encodeSeedDict(seeds)),
    masks: masks.length === 2 && masks[0]![0] === masks[1]![0] ? masks.length : masks, // of equal ones any
    maskCount: await store.maskCount(),
    contributions,
    checkpoint: checkpoint && [checkpoint.position, checkpoint.count, hex(encodeMaskObject(checkpoint.aggregate))],
    records: await store.records(10),
    reports: await store.reports!(10),
    latest: await store.latestModelId(),
    models,
    bytes: await Promise.all(models.map(async ({ id }) => hex((await store.model(id))!))),
    chunks: withoutEnded(chunks),
  };
}

/** Less the messages that are over: a store may forget their chunks and signs, or keep them. */
function withoutEnded(chunks: readonly string[]): string[] {
  const message = (chunk: string): string => chunk.slice(0, 65 + 8);
  return chunks.filter((chunk, i) => chunk.length > 65 + 8 && !chunks.slice(i).some((later) => later === message(chunk)));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('random calls: the same answers and the same contents as the store in memory', async (t) => {
  const at = await server();
  await fc.assert(
    fc.asyncProperty(fc.array(oneOf, { minLength: 5, maxLength: 60, size: 'max' }), fc.boolean(), async (calls, keepsContributions) => {
      const options = { prefix: freshPrefix(), keepsContributions, keepModels: 2, keepRounds: 2 };
      const memory = new MemoryStore(options);
      let redis = await openAt(t, at, options);
      let leftOut: number[] = [];
      try {
        for (const [i, call] of calls.entries()) {
          // Whoever was left out does not come again in the same round: sum is over then, and a store may leave their seeds to be swept.
          if (call.what === 'sum' && leftOut.includes(call.by)) continue;
          if (call.what === 'close' && call.sums !== undefined) {
            const there = (await memory.sumDict())?.keys().map((sum) => sum[0]!) ?? [];
            leftOut.push(...there.filter((by) => !call.sums!.includes(by)));
          }
          if (call.what === 'eraseRound' || call.what === 'eraseAll') leftOut = [];
          if (call.what === 'reopen') {
            await redis.close();
            redis = await openAt(t, at, options);
            continue;
          }
          const [said, expected] = [await perform(redis, call), await perform(memory, call)];
          assert.deepEqual(said, expected, `call ${i}: ${JSON.stringify(call)}`);
        }
        assert.deepEqual(await seen(redis), await seen(memory));
      } finally {
        await redis.close();
      }
    }),
    { numRuns: thorough ? 100 : 20 },
  );
});

test('keys and seeds of every byte: fields are bytes, not text', async (t) => {
  const store = await openAt(t, await server(), { prefix: freshPrefix() });
  // Not UTF-8, with zeros, spaces, newlines, braces; and pairs that are the same when read as text.
  const keys = Array.from({ length: 256 }, (_, i) => PublicSigningKey(Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? i : (i * 7 + at * 13) & 0xff))));
  const odd = [0xc3, 0x28, 0xef, 0xbf, 0xbd, 0x0a, 0x0d, 0x00, 0x7b, 0x7d, 0x20, 0x2a];
  keys.push(
    PublicSigningKey(Uint8Array.from({ length: 32 }, (_, at) => odd[at % odd.length]!)),
    PublicSigningKey(filled(32, 0xff)),
    PublicSigningKey(filled(32, 0xfe)),
  );
  const last: RoundProgress = progress(1, 'update');
  for (const [i, participant] of keys.entries()) assert.equal(await store.admitSum(participant, PublicEncryptKey(filled(32, i & 0xff))), 'ok');
  const sums = (await store.sumDict())!;
  assert.equal(sums.size, keys.length);
  for (const [i, participant] of keys.entries()) assert.deepEqual(new Uint8Array(sums.get(participant)!), filled(32, i & 0xff));
  const chosen = keys.filter((_, i) => i % 3 === 0);
  await store.closeSum(chosen, last);
  assert.deepEqual((await store.sumDict())!.keys().map(hex), new KeyMap(chosen.map((participant) => [participant, true] as const)).keys().map(hex));
  for (const [i, participant] of keys.entries()) {
    const seeds = chosen.map((sum): [PublicSigningKey, EncryptedMaskSeed] => [
      sum,
      EncryptedMaskSeed(Uint8Array.from({ length: 80 }, (_, at) => (at * 3 + i) & 0xff)),
    ]);
    const verdict = await store.admitUpdate({ participant, localSeedDict: new KeyMap(seeds), maskedModel: mask(1) });
    assert.deepEqual(verdict, { verdict: 'ok', position: i + 1 });
  }
  const dict = (await store.seedDict())!;
  assert.equal(dict.size, chosen.length);
  for (const [, row] of dict) {
    assert.equal(row.size, keys.length);
    for (const [i, participant] of keys.entries())
      assert.deepEqual(
        new Uint8Array(row.get(participant)!),
        Uint8Array.from({ length: 80 }, (_, at) => (at * 3 + i) & 0xff),
      );
  }
  let position = 0;
  for await (const { participant } of store.contributions(0)) assert.deepEqual(hex(participant), hex(keys[position++]!));
  assert.equal(position, keys.length);
});
