// A whole round whose measurements go to a real InfluxDB 1.x and are read back from it; and the same database dying in the middle.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Coordinator, type CoordinatorEvent, createLogger, parseSettings } from '@xaynet/coordinator';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import { runParticipant } from '@xaynet/participant';
import { InfluxDb, PASSWORD, USER } from './influxd.ts';

function settings(db: InfluxDb, password = PASSWORD) {
  return parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.5, max: 3 } },
      update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 0.5, max: 3 } },
      sum2: { count: { min: 1, max: 50 }, time: { min: 0.5, max: 3 } },
    },
    model: { length: 3 },
    store: { kind: 'memory' },
    metrics: { influxdb: { url: `http://${USER}:${encodeURIComponent(password)}@127.0.0.1:${db.port}`, db: 'metrics' } },
  });
}

/** Plays until a model is there, with twelve participants in this process; all events of it. */
async function play(coordinator: Coordinator): Promise<CoordinatorEvent[]> {
  const stop = new AbortController();
  const events: CoordinatorEvent[] = [];
  const model = new Promise<void>((resolve) => {
    coordinator.on((event) => {
      events.push(event);
      if (event.type === 'model') resolve();
    });
  });
  const runs = Array.from({ length: 12 }, () =>
    runParticipant({
      url: coordinator.url,
      keys: generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length))),
      signal: stop.signal,
      poll: { min: 20, max: 200 },
      train: async (_, { length }) => new Float32Array(length).fill(0.5),
    }),
  );
  await model;
  stop.abort();
  await Promise.all(runs.map((run) => run.done));
  await coordinator.stop();
  return events;
}

it('what a round measures can be read back from InfluxDB', async () => {
  const db = await InfluxDb.start();
  try {
    const events = await play(await Coordinator.start(settings(db)));
    const count = (type: string): number => events.filter((event) => event.type === type).length;
    const phases = (await db.query('SELECT value FROM phase')).map(({ value }) => value);
    assert.deepEqual(phases.slice(0, 2), [0, 1]);
    assert.ok(
      [2, 3, 4, 6].every((phase) => phases.includes(phase)),
      String(phases),
    );
    const accepted = await db.query('SELECT time, value, round_id, phase FROM message_accepted');
    assert.equal(accepted.length, count('accepted'), 'none lost, none taken for another');
    const wanted = events.flatMap((event) => (event.type === 'accepted' ? [`${event.round} ${{ sum: 1, update: 2, sum2: 3 }[event.tag]} 1`] : []));
    assert.deepEqual(accepted.map(({ round_id, phase, value }) => `${round_id} ${phase} ${value}`).sort(), wanted.sort());
    assert.equal(new Set(accepted.map(({ time }) => time)).size, accepted.length);
    assert.ok(
      accepted.every(({ time }) => Math.abs(Number(BigInt(time as string) / 1_000_000n) - Date.now()) < 60_000),
      'times of now',
    );
    const [first] = await db.query('SELECT value, round_id, phase FROM round_param_sum LIMIT 1');
    assert.deepEqual([first!.value, first!.round_id, first!.phase], [0.4, '1', '0']);
    assert.equal((await db.query('SELECT value FROM round_param_update LIMIT 1'))[0]!.value, 1);
    assert.equal((await db.query('SELECT value FROM round_total_number LIMIT 1'))[0]!.value, 1);
    const masks = await db.query('SELECT value, round_id, phase FROM masks_total_number');
    assert.deepEqual(masks.map(({ value, phase }) => [value, phase]).at(-1), [1, '4']);
    const types = await db.query('SHOW FIELD KEYS FROM phase');
    assert.deepEqual(types, [{ fieldKey: 'value', fieldType: 'integer' }]);
    const failures = await db.query('SELECT title, description FROM event');
    assert.deepEqual(
      failures.map(({ title, description }) => [title, description]),
      events.flatMap((event) => (event.type === 'failure' ? [['Phase error', event.message]] : [])),
    );
  } finally {
    await db.stop();
  }
});

it('a round does not notice a database that refuses or dies; the log says so, the password nowhere', async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', readable: false, output: { write: (line) => lines.push(line) } });
  const db = await InfluxDb.start();
  try {
    const coordinator = await Coordinator.start(settings(db, 'wrong-password'), { logger });
    while (!lines.some((line) => line.includes('points for InfluxDB are lost'))) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(lines.find((line) => line.includes('points for InfluxDB are lost'))!, /"status":401/);
    await db.stop();
    const events = await play(coordinator);
    assert.ok(events.some((event) => event.type === 'model'));
    assert.match(await coordinator.metrics.render(), /^xaynet_influxdb_points_total\{outcome="failed"\} [1-9]/m);
    assert.ok(lines.every((line) => !line.includes('wrong-password')));
  } finally {
    await db.stop();
  }
});
