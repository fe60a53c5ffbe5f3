// The state in a file: whole or not at all, for the owner alone, and never written over by a process that did not read it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FakeCoordinator, keysFor } from '../fake-coordinator.test.ts';
import { Participant } from '../participant.ts';
import { runParticipant } from '../run.ts';
import { fileStore } from './file-store.node.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('what was saved is loaded, by this store and by another; nothing lies beside it', async () => {
  const path = join(folder, 'state');
  const store = fileStore(path);
  assert.equal(await store.load(), undefined);
  await store.save(Uint8Array.of(1, 2, 3));
  await store.save(Uint8Array.of(4));
  assert.deepEqual(await store.load(), Uint8Array.of(4));
  assert.deepEqual(await fileStore(path).load(), Uint8Array.of(4));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['state']);
  rmSync(path);
  await assert.rejects(store.save(Uint8Array.of(5)), { code: 'state-locked' }, 'somebody took it away');
});

test('what a killed process left half-written beside the state is removed at the next start, and nothing else is', async () => {
  const path = join(folder, 'killed.state');
  const kept = ['killed.state', 'killed.state.backup', 'killed.state.0123456789ab.tmp.txt', 'other.0123456789ab.tmp'];
  for (const name of [...kept, 'killed.state.0123456789ab.tmp', 'killed.state.ffffffffffff.tmp']) writeFileSync(join(folder, name), 'x');
  assert.deepEqual(await fileStore(path).load(), Uint8Array.of(120));
  assert.deepEqual(
    readdirSync(folder)
      .filter((name) => /killed|other/.test(name))
      .sort(),
    kept.sort(),
  );
  for (const name of kept) rmSync(join(folder, name));
  assert.equal(await fileStore(join(folder, 'no', 'folder')).load(), undefined);
});

test('a state that was not loaded is not written over, nor one that another process goes on with', async () => {
  const path = join(folder, 'shared');
  const first = fileStore(path);
  await first.save(Uint8Array.of(1));
  await assert.rejects(fileStore(path).save(Uint8Array.of(2)), { code: 'state-locked' });
  const second = fileStore(path);
  await second.load();
  await second.save(Uint8Array.of(3));
  await assert.rejects(first.save(Uint8Array.of(4)), { code: 'state-locked', message: /shared/ });
  assert.deepEqual(await second.load(), Uint8Array.of(3));
});

test('two processes that go on from one state: the one that finds out sends nothing more', async () => {
  const path = join(folder, 'twins');
  const coordinator = new FakeCoordinator();
  const origin = fileStore(path);
  await Participant.create({ transport: coordinator, store: origin, keys: keysFor('sum', coordinator.params_) }).then((p) => origin.save(p.snapshot()));
  const twins = await Promise.all(
    [1, 2].map(async () => {
      const store = fileStore(path);
      return Participant.restore((await store.load())!, { transport: coordinator, store });
    }),
  );
  for (const twin of twins) for (let i = 0; i < 8; i++) await twin.tick();
  assert.equal(coordinator.posts.length, 1);
  const { waitingFor, error } = await twins[1]!.tick();
  assert.deepEqual([waitingFor, error?.code], ['store', 'state-locked']);
});

test('a place that cannot be written is said with its name, and keeps a participant from sending', async () => {
  const coordinator = new FakeCoordinator({ sum: 1 });
  const path = join(folder, 'nowhere', 'state');
  const participant = await Participant.create({ transport: coordinator, store: fileStore(path) });
  for (let i = 0; i < 6; i++) await participant.tick();
  assert.equal(coordinator.posts.length, 0);
  const { error } = await participant.tick();
  assert.equal(error?.code, 'file-unwritable');
  assert.match(error!.message, /nowhere.*the folder does not exist/);
  mkdirSync(join(folder, 'taken'));
  await assert.rejects(fileStore(join(folder, 'taken')).load(), { code: 'file-unreadable' });
  writeFileSync(join(folder, 'garbage'), 'nonsense');
  await assert.rejects(runParticipant({ transport: coordinator, store: fileStore(join(folder, 'garbage')), train: () => new Float32Array(4) }).stop(), {
    code: 'snapshot-format',
  });
});
