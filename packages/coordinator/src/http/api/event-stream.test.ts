// The event stream over real HTTP: what is told and what never is, resuming, filters, readers that are too slow, the number of clients, the end.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { rational } from '@xaynet/core/mask';
import { readModel } from '@xaynet/core/round';
import type { CoordinatorEvent } from '../../events.ts';
import { EventReader, MODEL, problemOf, SAMPLE, type SentEvent, serving } from './rig.test.ts';

const participant = PublicSigningKey(new Uint8Array(32).map((_, i) => i + 1));
const about = { round: 3, phase: 'update', tag: 'update', participant, bytes: 500 } as const;
const accepted: CoordinatorEvent = { type: 'accepted', ...about };
const phase = (round: number): CoordinatorEvent => ({ type: 'phase', round, phase: 'sum', earliestEnd: 1000, latestEnd: 2000 });

const told = ({ event, data }: SentEvent): unknown[] => [event, data];
const rounds = (events: readonly SentEvent[]): unknown[] => events.map(({ data }) => data.round ?? data.count);

/** Opens a stream for `use`; it has begun when its headers are here. */
async function withReader(url: string, use: (reader: EventReader) => Promise<void>, lastId?: string): Promise<void> {
  const reader = await EventReader.open(url, lastId);
  try {
    await use(reader);
  } finally {
    reader.close();
  }
}

test('every event, as plain data; no participants (T15), no weights, no words of errors', () =>
  serving(async (url, port) => {
    await withReader(`${url}/events`, async (reader) => {
      const params = {
        sum: 0.5,
        update: 0.9,
        modelLength: 2,
        maskConfig: { vect: port.task.mask, unit: port.task.mask },
        seed: new Uint8Array(32),
        publicKey: new Uint8Array(32),
      };
      port.bus.emit({ type: 'round', round: 3, params: params as never });
      port.bus.emit(phase(3));
      port.bus.emit(accepted);
      port.bus.emit({ type: 'rejected', code: 'update-already-submitted', ...about });
      port.bus.emit({ type: 'discarded', code: 'message-discarded', ...about });
      port.bus.emit({ type: 'refused', round: 3, phase: 'update', code: 'signature-invalid', bytes: 17 });
      port.bus.emit({ type: 'model', round: 3, model: readModel(MODEL), weights: 7, updates: 3, scalarSum: rational(1, 3), masked: SAMPLE });
      port.bus.emit({ type: 'failure', round: 4, phase: 'sum', code: 'storage-failed', message: 'cannot write /secret/path' });
      const message = { round: 3, phase: 'update', tag: 'update', bytes: 500 };
      assert.deepEqual((await reader.take(8)).map(told), [
        ['round', { round: 3, sum: 0.5, update: 0.9, modelLength: 2, mask: 'Prime/F32/B0/M3' }],
        ['phase', { round: 3, phase: 'sum', earliestEnd: 1000, latestEnd: 2000 }],
        ['accepted', message],
        ['rejected', { ...message, code: 'update-already-submitted' }],
        ['discarded', { ...message, code: 'message-discarded' }],
        ['refused', { round: 3, phase: 'update', bytes: 17, code: 'signature-invalid' }],
        ['model', { round: 3, weights: 7, updates: 3 }],
        ['failure', { round: 4, phase: 'sum', code: 'storage-failed', title: 'The store could not read or write.' }],
      ]);
    });
  }));

test('nobody hears a key', () =>
  serving(async (url, port) => {
    const response = await fetch(`${url}/events`);
    port.bus.emit(accepted);
    const { value } = await (async () => {
      const reader = response.body!.getReader();
      let text = '';
      while (!text.includes('accepted')) text += Buffer.from((await reader.read()).value!).toString();
      await reader.cancel();
      return { value: text };
    })();

    assert.ok(!value.includes(toHex(participant).slice(0, 8)));
  }));

test('who comes back goes on after the last event it had', () =>
  serving(
    async (url, port) => {
      let last = '';
      await withReader(`${url}/events`, async (reader) => {
        for (let round = 1; round <= 3; round++) port.bus.emit(phase(round));
        const events = await reader.take(2);
        last = events[1]!.id!;
        assert.deepEqual(rounds(events), [1, 2]);
      });
      port.bus.emit(phase(4));
      await withReader(`${url}/events`, async (reader) => assert.deepEqual(rounds(await reader.take(2)), [3, 4]), last);
      for (let round = 5; round <= 20; round++) port.bus.emit(phase(round)); // the ring holds 10 of them: 3 to 10 are gone
      await withReader(
        `${url}/events`,
        async (reader) => {
          const events = await reader.take(11);
          assert.deepEqual(told(events[0]!), ['dropped', { count: 8 }]);
          assert.deepEqual(rounds(events.slice(1)), [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
        },
        last,
      );
      for (const stranger of ['zzz-7', last.replace(/\d+$/, '999'), 'nonsense']) {
        await withReader(
          `${url}/events`,
          async (reader) => {
            const events = await reader.take(2);
            assert.deepEqual(told(events[0]!), ['dropped', { count: null }], stranger);
            assert.deepEqual(rounds(events.slice(1)), [11]);
          },
          stranger,
        );
      }
    },
    { api: { events: { events: 10 } } },
  ));

test('only the types that are asked for', () =>
  serving(async (url, port) => {
    await withReader(`${url}/events?types=phase,failure`, async (reader) => {
      port.bus.emit(accepted);
      port.bus.emit(phase(7));
      assert.deepEqual(rounds(await reader.take(1)), [7]);
    });
    const { code, detail } = await problemOf(await fetch(`${url}/events?types=phase,nonsense`));
    assert.equal(code, 'http-query-invalid');
    assert.match(detail, /^types: some of .* "nonsense" given\./);
  }));

test('a client that reads nothing costs a bounded amount and hears how much it missed', () =>
  serving(
    async (_, port, server) => {
      const socket = connect(server.portNumber, server.host);
      socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
      await new Promise<void>((resolve) => {
        socket.once('readable', () => resolve()); // it has begun; from here on nothing is read
      });
      const before = process.memoryUsage().arrayBuffers;
      // Far more than the buffers of two sockets hold.
      for (let i = 0; i < 60; i++) {
        for (let j = 0; j < 2000; j++) port.bus.emit(phase(i * 2000 + j));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.ok(process.memoryUsage().arrayBuffers - before < 8_000_000);
      let text = '';
      socket.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      while (!text.includes('"round":119999')) await new Promise((resolve) => setTimeout(resolve, 5));
      const counted = [...text.matchAll(/event: phase/g)].length;
      const missed = [...text.matchAll(/"count":(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
      assert.ok(missed > 0);
      assert.equal(counted + missed, 120_000);
      socket.destroy();
    },
    { api: { events: { bytes: 4096, events: 100 } } },
  ));

test('a client that takes nothing for too long is let go; its place is free again', () =>
  serving(
    async (url, port, server) => {
      const socket = connect(server.portNumber, server.host);
      socket.on('error', () => {}).write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
      await new Promise<void>((resolve) => {
        socket.once('readable', () => resolve());
      });
      assert.equal((await fetch(`${url}/events`)).status, 503);
      for (let again = 503; again === 503; ) {
        for (let j = 0; j < 5000; j++) port.bus.emit(phase(j));
        const response = await fetch(`${url}/events`);
        again = response.status;
        await response.body!.cancel();
      }
      socket.destroy();
    },
    { api: { events: { clients: 1, heartbeatMs: 10, stallMs: 50, events: 5000 } } },
  ));

test('heartbeats say that the connection lives', () =>
  serving(
    async (url, port) => {
      await withReader(`${url}/events`, async (reader) => {
        const next = reader.next();
        while (!reader.comments.includes('')) await new Promise((resolve) => setTimeout(resolve, 5));
        port.bus.emit({ type: 'paused', since: 5, code: 'storage-failed', message: '/secret/path', retryAfter: 3 });
        port.bus.emit({ type: 'resumed' });
        const title = 'The store could not read or write.';
        assert.deepEqual(told((await next)!), ['paused', { since: 5, retryAfter: 3, code: 'storage-failed', title }]);
        assert.deepEqual(told((await reader.next())!), ['resumed', {}]);
      });
    },
    { api: { events: { heartbeatMs: 10 } } },
  ));

test('so many clients and no more', () =>
  serving(
    async (url) => {
      const first = await EventReader.open(`${url}/events`);
      const second = await EventReader.open(`${url}/events`);
      const third = await fetch(`${url}/events`);
      assert.equal(third.headers.get('retry-after'), '5');
      assert.equal((await problemOf(third)).code, 'http-overloaded');
      assert.equal((await fetch(`${url}/events`, { method: 'HEAD' })).status, 200);
      first.close();
      let again: Response;
      do again = await fetch(`${url}/events`);
      while (again.status === 503);
      await again.body!.cancel();
      second.close();
    },
    { api: { events: { clients: 2 } } },
  ));

test('the stream ends with the coordinator, after the last event', () =>
  serving(async (url, port) => {
    const reader = await EventReader.open(`${url}/events`);
    port.bus.emit({ type: 'phase', round: 3, phase: 'shutdown' });
    assert.deepEqual((await reader.next())!.data, { round: 3, phase: 'shutdown' });
    assert.equal(await reader.next(), undefined);
  }));

test('closing the server ends streams', async () => {
  let reader!: EventReader;
  await serving(async (url) => {
    reader = await EventReader.open(`${url}/events`);
  });
  assert.equal(await reader.next(), undefined);
});
