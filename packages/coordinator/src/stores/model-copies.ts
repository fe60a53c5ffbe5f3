// A store whose global models are put into blobs as well, where others read them: an evaluation, a content delivery network, an original's tools. The
// store itself stays whole: nothing is read back from the copies, and without them it only lacks them.

import { equalBytes } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { BlobStore } from './blobs.ts';
import type { Store } from './contract.ts';

/** Ids of models of rounds (coordinator 4.7). */
const MODEL_ID = /^\d+_[0-9a-f]+$/;

/**
 * `store`, which it closes with `blobs`. A model is copied before the store has it, so that there is a copy of every model that was ever the latest;
 * copies go when the store lets go of their models, and nothing else is deleted: objects of others stay. While blobs fail, so does what needs them.
 * `failed` is told of copies that could not be deleted; they stay for good.
 */
export function withModelCopies<S extends Store>(store: S, blobs: BlobStore, failed: (ids: readonly string[], error: unknown) => void): S {
  const own: Pick<Store, 'putModel' | 'setLatestModelId' | 'ready' | 'close'> = {
    async putModel(id, model) {
      const known = (await store.models()).some((entry) => entry.id === id);
      if (!known && MODEL_ID.test(id)) await copy(blobs, id, model);
      return await store.putModel(id, model);
    },
    async setLatestModelId(id) {
      const before = await store.models();
      await store.setLatestModelId(id);
      const kept = new Set((await store.models()).map((entry) => entry.id));
      const gone = before.flatMap((entry) => (kept.has(entry.id) || !MODEL_ID.test(entry.id) ? [] : [entry.id]));
      if (gone.length > 0) await blobs.delete(gone).catch((error: unknown) => failed(gone, error));
    },
    async ready() {
      await Promise.all([store.ready(), blobs.ready()]);
    },
    async close() {
      await Promise.all([store.close(), blobs.close()]);
    },
  };
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof typeof own];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Throws `storage-model-missing` where another model has this id. */
async function copy(blobs: BlobStore, id: string, model: Uint8Array): Promise<void> {
  if ((await blobs.put(id, model, { ifAbsent: true })) === 'ok') return;
  const there = await blobs.get(id);
  if (there !== undefined && !equalBytes(there, model))
    throw new XaynetError('storage-model-missing', `there is another model ${id} where models are copied to`);
}
