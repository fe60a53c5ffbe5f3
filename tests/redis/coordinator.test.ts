// A coordinator over HTTP whose Redis forgets, hangs, or is restarted in mid-round.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Coordinator, type CoordinatorEvent, parseSettings } from '@xaynet/coordinator';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import { runParticipant } from '@xaynet/participant';
import { logs, until } from './rig.ts';
import { freshPrefix, KEY, RedisServer } from './server.ts';

const PASSWORD = 'p@ss/word:1';

/** A coordinator with participants who come as long as the test lasts. */
async function playing(t: TestContext, url: string, phases: object, timeout = 30) {
  const { logger, text } = logs();
  const time = { min: 0, max: 300 };
  const settings = parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.3, max: 300 } },
      update: { prob: 1, count: { min: 3, max: 50 }, time },
      sum2: { count: { min: 1, max: 50 }, time },
      ...phases,
    },
    model: { length: 3 },
    store: { kind: 'redis', key: KEY, timeout },
    redis: { url, prefix: freshPrefix() },
    limits: { exempt_addresses: ['127.0.0.1'] },
    intake: { workers: 0 },
  });
  const coordinator = await Coordinator.start(settings, { logger });
  const events: CoordinatorEvent[] = [];
  coordinator.on((event) => events.push(event));
  const stop = new AbortController();
  let runs: { done: Promise<unknown> }[] = [];
  t.after(async () => {
    stop.abort();
    await Promise.all(runs.map((run) => run.done));
    await coordinator.stop();
  });
  const come = (count: number): void => {
    runs = [
      ...runs,
      ...Array.from({ length: count }, () =>
        runParticipant({
          url: coordinator.url,
          keys: generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length))),
          signal: stop.signal,
          poll: { min: 20, max: 200 },
          train: async (_, { length }) => new Float32Array(length).fill(0.5),
        }),
      ),
    ];
  };
  const count = (type: CoordinatorEvent['type']): number => events.filter((event) => event.type === type).length;
  return { coordinator, events, come, count, text };
}

test('Redis loses everything in mid-round: the round fails and says why, and the next one gives a model', async (t) => {
  const server = await RedisServer.start(t, { tcp: true, args: ['--requirepass', PASSWORD] });
  const url = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`;
  // Fewer than the round needs, until more come; about four in ten become sum participants.
  const { coordinator, events, come, count, text } = await playing(t, url, { update: { prob: 1, count: { min: 14, max: 50 }, time: { min: 0, max: 300 } } });
  come(12);
  await until(() => coordinator.status().phase === 'update' && (coordinator.status().counts?.accepted ?? 0) > 1);
  const { round } = coordinator.status();
  await server.commandAs(PASSWORD, 'FLUSHALL');
  come(30);
  await until(() => count('failure') > 0);
  const failure = events.find((event) => event.type === 'failure');
  assert.ok(failure?.type === 'failure');
  assert.deepEqual([failure.round, failure.code], [round, 'storage-lost']);
  await until(() => count('model') > 0);
  const model = events.find((event) => event.type === 'model');
  assert.ok(model !== undefined && 'round' in model && model.round > round);
  assert.match(text(), /Redis has lost what it had acknowledged/);
  const records = (await (await fetch(`${coordinator.url}/rounds`)).json()) as { rounds?: { round: number; outcome: string; code?: string }[] };
  const listed = records.rounds ?? (records as unknown as { round: number; outcome: string; code?: string }[]);
  assert.ok(
    listed.some((record) => record.round === round && record.outcome === 'failure' && record.code === 'storage-lost'),
    JSON.stringify(records),
  );
  assert.ok(!text().includes(PASSWORD) && !text().includes(encodeURIComponent(PASSWORD)));
});

test('Redis hangs, and is killed and started again, in mid-round: the coordinator is paused meanwhile, and the same round gives a model', async (t) => {
  const server = await RedisServer.start(t, { aof: 'always' });
  const { coordinator, events, come, count } = await playing(
    t,
    server.url,
    { update: { prob: 1, count: { min: 25, max: 50 }, time: { min: 0, max: 300 } } },
    1,
  );
  come(12);
  await until(() => coordinator.status().phase === 'update' && (coordinator.status().counts?.accepted ?? 0) > 1);
  const { round } = coordinator.status();
  server.pause();
  come(6);
  await until(() => coordinator.status().paused !== undefined);
  const answer = await fetch(`${coordinator.url}/message`, { method: 'POST', body: new Uint8Array(300) });
  assert.equal(answer.status, 503);
  server.resume();
  await until(() => coordinator.status().paused === undefined);
  await server.kill();
  come(6);
  await until(() => coordinator.status().paused !== undefined);
  await server.up();
  come(60);
  await until(() => count('model') > 0);
  const model = events.find((event) => event.type === 'model');
  assert.ok(model !== undefined && 'round' in model);
  assert.equal(model.round, round);
  assert.equal(count('failure'), 0);
});
