// Participants in real pages, in whole rounds of a real coordinator: from a script tag and from a bundle, under strict policies, in several
// tabs, closed and opened again, offline, hidden, frozen, with a worker that is killed; and what is found of their keys on the disk.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { IndexedDbStore } from '@xaynet/participant/browser';
import { type Chromium, launchHonestChromium } from './chromium.ts';
import { Pages } from './participant-page.ts';
import { Round } from './round.ts';

let browser: Chromium;
let pages: Pages;
let connect = '';

before(async () => {
  browser = await launchHonestChromium('--host-resolver-rules=MAP xaynet.test 127.0.0.1');
  pages = await Pages.serve(() => ({
    strict: `default-src 'self'; img-src data:; connect-src ${connect}`,
    wasm: `default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; connect-src ${connect}`,
    workerless: `default-src 'self'; img-src data:; worker-src 'none'; connect-src ${connect}`,
  }));
});

after(async () => {
  await browser?.close();
  await pages?.close();
});

test('a page from the script tag sums, one from a bundle updates, and the model is the mean', () =>
  Round.during([3], async (round) => {
    const [tag, bundle] = [await pages.open(browser.context, '/tag'), await pages.open(browser.context, '/bundle')];
    const [sum, update] = [round.keys('sum'), round.keys('update')];
    await tag.begin({ url: round.url, keys: sum, name: 'sum' });
    await bundle.begin({ url: round.url, keys: update, name: 'update', worker: '/engine.js', train: 0.75 });
    round.join('update', 2, 0.25);
    for (const tab of [tag, bundle]) {
      const { place, reason, kernel, store, oneTab } = await tab.until({ type: 'engine' });
      assert.deepEqual([place, reason, kernel, store, oneTab], ['worker', undefined, 'wasm', 'encrypted', true]);
    }
    const { model } = await round.until('model');
    const mean = Math.fround((0.75 + 0.25 + 0.25) / 3);
    for (const weight of model.toWeights('F64')) assert.ok(Math.abs(weight - mean) < 1e-6, `${weight}`);
    assert.deepEqual(round.fate(sum.publicKey), ['accepted sum', 'accepted sum2']);
    assert.deepEqual(round.fate(update.publicKey), ['accepted update']);
    assert.deepEqual([...tag.complaints, ...bundle.complaints], []);
    await tag.close();
    await bundle.close();
  }));

test('under strict policies it works: without WebAssembly, without workers, with a bundle that has no worker', () =>
  Round.during([6], async (round) => {
    connect = round.url;
    const tabs = [];
    for (const [path, place, kernel, reason, why] of [
      ['/policy-strict/tag', 'worker', 'plain', undefined, /Content Security Policy/i],
      ['/policy-strict-page/tag', 'worker', 'wasm', undefined, /keystream/], // only the page is sent with it: the worker has its own
      ['/policy-wasm/tag', 'worker', 'wasm', undefined, /keystream/],
      ['/policy-workerless/tag', 'page', 'plain', /./, /Content Security Policy/i],
      ['/no-wasm', 'worker', 'plain', undefined, /no-wasm/],
      ['/bundle', 'page', 'wasm', /./, /keystream/],
    ] as const) {
      const keys = round.keys('update');
      const tab = await pages.open(browser.context, path);
      await tab.begin({ url: round.url, keys, name: path });
      const told = await tab.until({ type: 'engine' });
      assert.deepEqual([told.place, told.kernel, told.store], [place, kernel, 'encrypted'], path);
      assert.match(String(told.kernelReason), why, path);
      if (reason !== undefined) assert.match(String(told.reason), reason, path);
      tabs.push({ tab, keys, path });
    }
    round.join('sum', 1);
    const { updates } = await round.until('model');
    assert.equal(updates, 6);
    for (const { tab, keys, path } of tabs) {
      assert.deepEqual(round.fate(keys.publicKey), ['accepted update'], path);
      assert.deepEqual(tab.complaints, [], path);
      await tab.close();
    }
  }));

test('a large sum is added by more workers of the same file', () =>
  Round.during([8, 600_000], async (round) => {
    const keys = round.keys('sum');
    const tab = await pages.open(browser.context, '/no-wasm'); // slow enough to be worth it
    pages.loads.length = 0;
    await tab.begin({ url: round.url, keys, name: 'large', threads: 3 });
    round.join('update', 8, 0.25);
    const { model } = await round.until('model');
    assert.ok(Math.abs(model.toWeights('F64')[599_999]! - 0.25) < 1e-6);
    assert.deepEqual(pages.loads, Array(3).fill('/xaynet.no-wasm.js'), 'the engine and two that add masks');
    assert.deepEqual(round.fate(keys.publicKey), ['accepted sum', 'accepted sum2']);
    assert.deepEqual(tab.complaints, []);
    await tab.close();
  }));

test('of two tabs one takes part; when it is closed in mid-round the other goes on as the same participant; after that, a tab that is opened', () =>
  Round.during([3], async (round) => {
    const keys = round.keys('sum');
    const name = 'two tabs';
    const first = await pages.open(browser.context);
    await first.begin({ url: round.url, keys, name });
    await first.until({ type: 'sent', tag: 'sum' });
    const second = await pages.open(browser.context, '/bundle'); // in the page itself: any tab takes over from any
    await second.begin({ url: round.url, name });
    await second.until({ type: 'waiting', waitingFor: 'tab' });
    await first.close();
    await second.until({ type: 'selected', task: 'sum' });
    await second.close(); // before it could answer
    round.join('update', 3);
    await round.until('phase', ({ phase }) => phase === 'sum2');
    const third = await pages.open(browser.context);
    await third.begin({ url: round.url, name });
    const { participant } = await third.until({ type: 'round' });
    assert.deepEqual(participant, [...keys.publicKey]);
    await third.until({ type: 'sent', tag: 'sum2' });
    await round.until('model');
    assert.deepEqual(round.fate(keys.publicKey), ['accepted sum', 'accepted sum2']);
    await third.close();
  }));

test('a worker that ends in mid-round is followed by another, which goes on', () =>
  Round.during([3], async (round) => {
    const keys = round.keys('sum');
    const tab = await pages.open(browser.context);
    await tab.begin({ url: round.url, keys, name: 'killed' });
    await tab.until({ type: 'sent', tag: 'sum' });
    const [worker] = tab.page.workers();
    await worker!.evaluate(() => (globalThis as unknown as { close(): void }).close()); // nobody is told
    await tab.until({ type: 'error', code: 'worker-lost', fatal: false });
    round.join('update', 3);
    await tab.until({ type: 'sent', tag: 'sum2' });
    await round.until('model');
    assert.deepEqual(round.fate(keys.publicKey), ['accepted sum', 'accepted sum2']);
    assert.deepEqual(tab.complaints, []);
    await tab.close();
  }));

test('it rests offline and while hidden, lets a tab that is seen go on, and lets go when frozen', () =>
  Round.during([3], async (round) => {
    const name = 'rests';
    const first = await pages.open(browser.context);
    await first.begin({ url: round.url, keys: round.keys('update'), name, hold: true, conditions: { hidden: 'pause', offline: 'pause' } });
    await first.until({ type: 'round' });
    try {
      await browser.context.setOffline(true);
      await first.until({ type: 'paused', reasons: ['offline'] });
    } finally {
      await browser.context.setOffline(false);
    }
    await first.until({ type: 'resumed' });
    const second = await pages.open(browser.context);
    await second.page.bringToFront();
    await first.until({ type: 'paused', reasons: ['hidden'] });
    await second.begin({ url: round.url, name });
    await second.until({ type: 'waiting', waitingFor: 'tab' });
    await second.until({ type: 'round' });
    // A frozen tab keeps nobody waiting, and goes on later.
    const control = await browser.context.newCDPSession(second.page);
    await control.send('Page.setWebLifecycleState', { state: 'frozen' });
    const third = await pages.open(browser.context);
    await third.begin({ url: round.url, name });
    await third.until({ type: 'round' });
    await control.send('Page.setWebLifecycleState', { state: 'active' });
    await third.close();
    await second.until({ type: 'round' }, 2);
    for (const tab of [first, second]) {
      assert.deepEqual(tab.complaints, []);
      await tab.close();
    }
  }));

/** Runs in a page: every byte array in every row of the database, and whether keys can be read out. */
async function dump(): Promise<{ bytes: number[][]; keys: string[] }> {
  const request = indexedDB.open('xaynet');
  const database = await new Promise<IDBDatabase>((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  const all = database.transaction('participants').objectStore('participants').getAll();
  const rows = await new Promise<Record<string, unknown>[]>((resolve) => {
    all.onsuccess = () => resolve(all.result);
  });
  database.close();
  const values = rows.flatMap((row) => Object.values(row));
  const keys = values.filter((value) => value instanceof CryptoKey);
  const exported = keys.map((key) => crypto.subtle.exportKey('raw', key).then(String, (error: Error) => error.name));
  return { bytes: values.filter((value) => value instanceof Uint8Array).map((value) => [...value]), keys: await Promise.all(exported) };
}

/** Whether the files in a folder hold these bytes. */
function onDisk(folder: string, bytes: Uint8Array): boolean {
  return globSync('**/*', { cwd: folder, withFileTypes: true }).some(
    (entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(Buffer.from(bytes)),
  );
}

test('T16: keys are not to be read in the database or on the disk; damage is told, nothing begins anew unasked, and a reset does', () =>
  Round.during([3], async (round) => {
    const keys = round.keys('sum');
    const name = 'secret';
    const tab = await pages.open(browser.context);
    await tab.begin({ url: round.url, keys, name });
    await tab.until({ type: 'sent', tag: 'sum' });
    const { bytes, keys: exported } = await tab.page.evaluate(dump);
    const seed = keys.secretKey.slice(0, 32);
    assert.ok(bytes.some((value) => value.length > 500) && exported.length > 0);
    for (const value of bytes) for (const half of [seed, keys.publicKey]) assert.ok(!Buffer.from(value).includes(Buffer.from(half)));
    assert.ok(
      exported.every((outcome) => outcome === 'InvalidAccessError'),
      exported.join(),
    );
    assert.ok(!onDisk(join(browser.profile, 'Default/IndexedDB'), seed));
    // What is stored in clear is found there: so the search above finds things.
    await tab.page.evaluate(
      async (clear) => {
        const request = indexedDB.open('control');
        request.onupgradeneeded = () => request.result.createObjectStore('rows');
        const database = await new Promise<IDBDatabase>((resolve) => {
          request.onsuccess = () => resolve(request.result);
        });
        const transaction = database.transaction('rows', 'readwrite', { durability: 'strict' });
        transaction.objectStore('rows').put(Uint8Array.from(clear), 'clear');
        await new Promise((resolve) => {
          transaction.oncomplete = resolve;
        });
      },
      [...seed.toReversed()],
    );
    assert.ok(onDisk(join(browser.profile, 'Default/IndexedDB'), seed.toReversed()));

    await tab.page.reload();
    await tab.page.waitForFunction(() => 'begin' in globalThis);
    await tab.page.evaluate(async (key) => {
      const request = indexedDB.open('xaynet');
      const database = await new Promise<IDBDatabase>((resolve) => {
        request.onsuccess = () => resolve(request.result);
      });
      const rows = database.transaction('participants', 'readwrite').objectStore('participants');
      const get = rows.get(key);
      get.onsuccess = () => {
        get.result.bytes[40] ^= 1;
        rows.put(get.result, key);
      };
      await new Promise((resolve) => {
        rows.transaction.oncomplete = resolve;
      });
      database.close();
    }, name);
    await tab.begin({ url: round.url, name });
    await tab.until({ type: 'error', code: 'store-unreadable', fatal: true });
    await tab.page.evaluate(
      (key) => (globalThis as unknown as { xaynet: { indexedDbStore(name: string): { reset(): Promise<void> } } }).xaynet.indexedDbStore(key).reset(),
      name,
    );
    await tab.begin({ url: round.url, name });
    const { participant } = await tab.until({ type: 'round' });
    assert.notDeepEqual(participant, [...keys.publicKey]);
    await tab.close();
  }));

test('a store refuses to replace what another has saved since', async () => {
  const tab = await pages.open(browser.context);
  const outcomes = await tab.page.evaluate(async () => {
    const { indexedDbStore } = (globalThis as unknown as { xaynet: { indexedDbStore(name: string): IndexedDbStore } }).xaynet;
    const [one, two] = [indexedDbStore('contested'), indexedDbStore('contested')];
    const tried = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        (value) => (value === undefined ? 'done' : [...(value as Uint8Array)]),
        (error) => error.code,
      );
    const save = (store: IndexedDbStore, byte: number): Promise<unknown> => tried(store.save(Uint8Array.of(byte, byte)));
    const outcome = [
      await tried(one.load()),
      await tried(two.load()),
      await save(one, 1),
      await save(two, 2),
      await tried(two.load()),
      await save(two, 3),
      await save(one, 4),
    ];
    await one.reset();
    outcome.push(await save(two, 5), await save(one, 6), await tried(indexedDbStore('contested').load()), await tried(indexedDbStore('another').load()));
    return [...outcome, one.wrapped];
  });
  assert.deepEqual(outcomes, ['done', 'done', 'done', 'store-conflict', [1, 1], 'done', 'store-conflict', 'store-conflict', 'done', [6, 6], 'done', true]);
  await tab.close();
});

test('a page in the back/forward cache keeps nobody waiting, and goes on when it is back', () =>
  Round.during([3], async (round) => {
    const name = 'cached';
    const tab = await pages.open(browser.context);
    await tab.begin({ url: round.url, keys: round.keys('update'), name, hold: true });
    await tab.until({ type: 'training' });
    await tab.page.evaluate(() => addEventListener('pageshow', ({ persisted }) => Object.assign(globalThis, { persisted })));
    await tab.page.goto(tab.page.url().replace('/tag', '/bundle'));
    const other = await pages.open(browser.context);
    // It holds, too: had it trained before it is closed, the first would have nothing left to train.
    await other.begin({ url: round.url, name, hold: true });
    // It may wait for a moment, until the page that is put away has let the lock go. A page that kept it would never let it go, or would be
    // thrown out of the cache, which `persisted` tells below.
    await other.until({ type: 'round' });
    await other.close();
    await tab.page.goBack({ waitUntil: 'commit' });
    await tab.page.waitForFunction(() => 'persisted' in globalThis);
    assert.equal(await tab.page.evaluate('persisted'), true);
    await tab.until({ type: 'training' }, 2);
    assert.deepEqual(tab.complaints, []);
    await tab.close();
  }));

test('where the quota is used up nothing is sent until there is room', () =>
  Round.during([3, 200_000], async (round) => {
    round.join('sum', 1);
    const keys = round.keys('update');
    // Another origin: Chromium remembers for a while how much room the one of the other tests had.
    const tab = await pages.open(browser.context, '/tag', 'localhost');
    const { origin } = new URL(tab.page.url());
    const control = await browser.context.newCDPSession(tab.page);
    await control.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 });
    await tab.begin({ url: round.url, keys, name: 'quota' });
    const { message } = await tab.until({ type: 'error', code: 'store-failed', fatal: false });
    assert.match(String(message), /Quota/);
    await tab.until({ type: 'waiting', waitingFor: 'store' });
    assert.deepEqual(round.fate(keys.publicKey), []);
    await control.send('Storage.overrideQuotaForOrigin', { origin });
    await tab.until({ type: 'sent', tag: 'update' });
    await tab.close();
  }));

test('in an insecure context, without locks and WebCrypto, it takes part and goes on after a reload; it says what is missing', () =>
  Round.during([3], async (round) => {
    const keys = round.keys('sum');
    const tab = await pages.open(browser.context, '/tag', 'xaynet.test');
    await tab.begin({ url: round.url, keys, name: 'insecure' });
    const { place, store, oneTab } = await tab.until({ type: 'engine' });
    assert.deepEqual([place, store, oneTab], ['worker', 'clear', false]);
    await tab.until({ type: 'sent', tag: 'sum' });
    await tab.page.reload();
    await tab.page.waitForFunction(() => 'begin' in globalThis);
    await tab.begin({ url: round.url, name: 'insecure' });
    round.join('update', 3);
    await round.until('model');
    assert.deepEqual(round.fate(keys.publicKey), ['accepted sum', 'accepted sum2']);
    assert.deepEqual(tab.complaints, []);
    await tab.close();
  }));
