// The live document: once as JSON, or as a stream that is complete each time, that is calm whatever happens, and that costs nothing when nobody reads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoordinatorEvent } from '../../events.ts';
import type { LiveJson } from './documents.ts';
import { EventReader, FakeApiPort, MODEL_EVENT, mistakesOf, problemOf, serving } from './rig.test.ts';
import { SCHEMAS } from './schemas.ts';

const STREAM = { accept: 'text/event-stream' };
const round: CoordinatorEvent = { type: 'round', round: 3, params: { sum: 0.25, update: 0.5 } as never };
const phase = (name: string): CoordinatorEvent => ({ type: 'phase', round: 3, phase: name as never });
const accepted: CoordinatorEvent = {
  type: 'accepted',
  round: 3,
  phase: 'update',
  tag: 'update',
  participant: new Uint8Array(32).fill(0xce) as never,
  bytes: 10,
};

async function next(reader: EventReader): Promise<LiveJson> {
  for (;;) {
    const { event, data } = (await reader.next())!;
    if (event === 'dropped') continue;
    assert.equal(event, 'live');
    assert.deepEqual(mistakesOf(data, SCHEMAS.Live), []);
    return data as never;
  }
}

test('once, for who asks for JSON: round, health, news; nobody is named', () =>
  serving(async (url, port) => {
    for (const event of [round, phase('sum'), phase('update'), accepted]) port.bus.emit(event);
    const response = await fetch(`${url}/live`);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const text = await response.text();
    const live = JSON.parse(text) as LiveJson;
    assert.deepEqual(mistakesOf(live, SCHEMAS.Live), []);
    assert.deepEqual([live.round!.round, live.round!.arrivals.update.at(-1), live.health.delay], [3, 1, null]);
    assert.ok(!text.includes('cece'));
    const begun = performance.now();
    for (let i = 0; i < 20; i++) await (await fetch(`${url}/live`)).arrayBuffer();
    assert.ok(port.looks <= 2 + (performance.now() - begun) / 1000, 'the process is looked at once a second at most');
  }));

test('a stream begins at once, tells every phase, ends with the coordinator', () =>
  serving(async (url, port) => {
    port.bus.emit(round);
    const reader = await EventReader.open(`${url}/live`, undefined, STREAM);
    const first = await next(reader);
    assert.deepEqual([first.round!.phases, first.news], [[], { models: 0, rounds: 0, masked: 0 }]);
    assert.equal(first.health.streams, 1);
    for (const name of ['sum', 'update']) {
      port.bus.emit(phase(name));
      assert.equal((await next(reader)).round!.phases.at(-1)!.phase, name);
    }
    port.bus.emit(MODEL_EVENT);
    port.bus.emit({ type: 'report', round: 3, values: { accuracy: 1 } });
    assert.deepEqual((await next(reader)).news, { models: 1, rounds: 2, masked: 2 });
    port.bus.emit(phase('shutdown'));
    assert.ok(await next(reader));
    assert.equal(await reader.next(), undefined);
  }));

test('thousands of events a second come as a few documents that have counted them all', () =>
  serving(async (url, port) => {
    port.bus.emit(round);
    port.bus.emit(phase('update'));
    const reader = await EventReader.open(`${url}/live`, undefined, STREAM);
    await next(reader);
    const begun = performance.now();
    let sent = 0;
    const flood = setInterval(() => {
      for (let i = 0; i < 100; i++, sent++) port.bus.emit(accepted);
      if (sent >= 5000) clearInterval(flood);
    }, 5);
    let documents = 0;
    let counted = 0;
    while (sent < 5000 || counted < sent) {
      const live = await next(reader);
      documents++;
      counted = live.round!.arrivals.update.reduce((sum, count) => sum + count, 0);
    }
    assert.equal(counted, sent);
    assert.ok(documents <= 2 + (performance.now() - begun) / 200, `${documents} documents`);
    reader.close();
  }));

test('readers who come and go have nothing sent to the others, and each begins with a document all the same', () =>
  serving(async (url, port) => {
    port.bus.emit(round);
    const reader = await EventReader.open(`${url}/live`, undefined, STREAM);
    await next(reader);
    const begun = performance.now();
    for (let i = 0; i < 200; i++) {
      const other = await EventReader.open(`${url}/live`, undefined, STREAM);
      assert.equal((await next(other)).round!.round, 3);
      other.close();
    }
    const most = 3 + (performance.now() - begun) / 200;
    port.bus.emit(phase('shutdown'));
    let documents = 0;
    while ((await reader.next()) !== undefined) documents++;
    assert.ok(documents <= most, `${documents} documents for who stayed, ${most} at most`);
  }));

test('there is a limit to who may read, and a client that goes gives its place back', () =>
  serving(
    async (url) => {
      const reader = await EventReader.open(`${url}/live`, undefined, STREAM);
      await next(reader);
      assert.equal((await problemOf(await fetch(`${url}/live`, { headers: STREAM }))).code, 'http-overloaded');
      reader.close();
      for (;;) {
        const again = await fetch(`${url}/live`, { headers: STREAM });
        await again.body!.cancel();
        if (again.status === 200) break;
      }
    },
    { api: { events: { clients: 1 } } },
  ));

test('readers of both streams are counted together', async () => {
  const counts: number[] = [];
  await serving(
    async (url) => {
      const live = await EventReader.open(`${url}/live`, undefined, STREAM);
      const events = await EventReader.open(`${url}/events`);
      assert.deepEqual(counts, [1, 2]);
      live.close();
      events.close();
    },
    { port: new FakeApiPort(), api: { onEventClients: (count) => counts.push(count) } },
  );
});
