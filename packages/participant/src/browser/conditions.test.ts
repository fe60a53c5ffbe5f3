// The rules by which a page rests, over what browsers tell: each rule alone, its default, what is not told, and what is heard.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConditionRules, rulesFor, watchConditions } from './conditions.ts';
import type { Scope } from './scope.ts';

/** Something that can be listened to, and how many do. */
class FakeTarget {
  readonly listeners = new Map<string, Set<(event: object) => void>>();
  addEventListener(type: string, listener: (event: object) => void): void {
    this.listeners.set(type, (this.listeners.get(type) ?? new Set()).add(listener));
  }
  removeEventListener(type: string, listener: (event: object) => void): void {
    this.listeners.get(type)?.delete(listener);
  }
  tell(type: string): void {
    for (const listener of this.listeners.get(type) ?? []) listener({});
  }
  get count(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

/** A page that tells everything, in which nothing speaks against working. */
function fakePage() {
  const document = Object.assign(new FakeTarget(), { visibilityState: 'visible' });
  const connection = Object.assign(new FakeTarget(), { type: 'wifi', saveData: false });
  const battery = Object.assign(new FakeTarget(), { level: 0.9, charging: false });
  const media = Object.assign(new FakeTarget(), { matches: false });
  const navigator = { onLine: true, connection, getBattery: async () => battery };
  const page = Object.assign(new FakeTarget(), { document, navigator, matchMedia: () => media });
  return { page, document, connection, battery, media, navigator, scope: page as unknown as Scope };
}

async function watching(rules: ConditionRules | undefined, scope: Scope) {
  let changes = 0;
  const conditions = watchConditions(rules, scope, () => changes++);
  assert.equal(changes, 0);
  await new Promise(setImmediate); // the battery comes later
  return { conditions, changes: () => changes };
}

test('by default it rests offline, to save data, on metered connections and on little battery, and not while hidden', async () => {
  const { page, document, connection, battery, media, navigator, scope } = fakePage();
  const { conditions, changes } = await watching(undefined, scope);
  assert.deepEqual(conditions.unseen, []);
  const steps: [() => void, FakeTarget, string, string[]][] = [
    [() => (navigator.onLine = false), page, 'offline', ['offline']],
    [() => (navigator.onLine = true), page, 'online', []],
    [() => (connection.saveData = true), connection, 'change', ['save-data']],
    [() => (media.matches = true), media, 'change', ['save-data']],
    [() => (connection.saveData = false), connection, 'change', ['save-data']],
    [() => (media.matches = false), media, 'change', []],
    [() => (connection.type = 'cellular'), connection, 'change', ['metered']],
    [() => (battery.level = 0.2), battery, 'levelchange', ['metered']],
    [() => (battery.level = 0.19), battery, 'levelchange', ['metered', 'battery-low']],
    [() => (connection.type = 'ethernet'), connection, 'change', ['battery-low']],
    [() => (battery.charging = true), battery, 'chargingchange', []],
  ];
  for (const [i, [change, target, type, reasons]] of steps.entries()) {
    change();
    const before = changes();
    target.tell(type);
    assert.equal(changes(), before + 1, `step ${i} is heard`);
    assert.deepEqual(conditions.reasons(), reasons, `step ${i}`);
  }
  document.visibilityState = 'hidden';
  assert.deepEqual(conditions.reasons(), []);
  conditions.stop();
  for (const target of [page, document, connection, battery, media]) assert.equal(target.count, 0, 'nobody listens any more');
});

test('each rule can be turned round', async () => {
  const { document, connection, battery, media, navigator, scope } = fakePage();
  Object.assign(navigator, { onLine: false });
  Object.assign(connection, { type: 'cellular', saveData: true });
  Object.assign(battery, { level: 0.01 });
  Object.assign(media, { matches: true });
  document.visibilityState = 'hidden';
  const off = await watching({ offline: 'run', saveData: 'run', metered: 'run', battery: { below: 0 } }, scope);
  assert.deepEqual(off.conditions.reasons(), []);
  const on = await watching({ hidden: 'pause', battery: { below: 0.005, charging: 'required' } }, scope);
  assert.deepEqual(on.conditions.reasons(), ['hidden', 'offline', 'save-data', 'metered', 'not-charging']);
  document.visibilityState = 'visible';
  document.tell('visibilitychange');
  assert.deepEqual([on.changes() >= 1, on.conditions.reasons().includes('hidden')], [true, false]);
  on.conditions.stop();
  off.conditions.stop();
});

test('a coordinator on this machine needs no network, unless the application says so', () => {
  for (const url of ['http://127.0.0.1:8081', 'HTTP://localhost', 'http://[::1]:1/pet'])
    for (const rules of [undefined, {}, { hidden: 'pause' as const }, { offline: undefined }]) assert.equal(rulesFor(url, rules)?.offline, 'run', url);
  assert.deepEqual(rulesFor('http://127.0.0.1:8081', { offline: 'pause', metered: 'run' }), { offline: 'pause', metered: 'run' });
  for (const url of ['https://127.0.0.1', 'https://coordinator.example', 'http://10.0.0.1', 'http://127.0.0.1.example', 'no URL'])
    assert.equal(rulesFor(url, undefined), undefined, url);
});

test('a connection that says metered is metered', async () => {
  const { connection, scope } = fakePage();
  Object.assign(connection, { type: undefined, metered: true });
  const { conditions } = await watching({}, scope);
  assert.deepEqual([conditions.reasons(), conditions.unseen], [['metered'], []]);
});

test('what is not told is no reason and is listed; a battery that is refused is none', async () => {
  const nothing = await watching({ hidden: 'pause' }, {});
  assert.deepEqual(nothing.conditions.reasons(), []);
  assert.deepEqual(nothing.conditions.unseen, ['hidden', 'offline', 'saveData', 'metered', 'battery']);
  const less = await watching({ saveData: 'run', metered: 'run', battery: { below: 0 }, offline: 'run' }, {});
  assert.deepEqual(less.conditions.unseen, []);
  const { navigator, scope } = fakePage();
  Object.assign(navigator, { getBattery: async () => Promise.reject(new Error('NotAllowedError')) });
  const refused = await watching({ battery: { charging: 'required' } }, scope);
  assert.deepEqual(refused.conditions.reasons(), []);
  for (const { conditions } of [nothing, less, refused]) conditions.stop();
});

test('stopped before the battery is known, nothing is heard of it', async () => {
  const { battery, scope } = fakePage();
  watchConditions({}, scope, () => assert.fail('heard')).stop();
  await new Promise(setImmediate);
  assert.equal(battery.count, 0);
});

test('what is no rule is refused', () => {
  for (const [rules, words] of [
    [{ hidden: 'stop' }, /conditions.hidden: a known rule, run or pause/],
    [{ offline: true }, /conditions.offline/],
    [{ hiden: 'run' }, /conditions.hiden: a known rule/],
    [{ battery: { below: 1.01 } }, /below: 0 to 1 expected, 1.01/],
    [{ battery: { below: Number.NaN } }, /below/],
    [{ battery: { charging: 'yes' } }, /charging: required or any/],
  ] as const) {
    assert.throws(() => watchConditions(rules as ConditionRules, {}, () => undefined), words);
  }
  watchConditions({ battery: { below: 1 }, hidden: undefined }, {}, () => undefined).stop();
});
