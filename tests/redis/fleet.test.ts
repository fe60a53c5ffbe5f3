// Three coordinators at one Redis, over real HTTP: participants meet another one with each request. Every model is exactly the mean of the updates
// that any of them accepted, all serve the same bytes, one that stops in the midst of a round hands it on, and a Redis that forgets costs a round.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetCrowd, until } from './crowd.ts';
import { logs } from './rig.ts';
import { RedisServer } from './server.ts';

test('a fleet of three: every model is the mean of what any of them accepted, also of the round in which the leader stops', async (t) => {
  const fleet = new FleetCrowd(await RedisServer.start(t));
  for (let i = 0; i < 3; i++) await fleet.add();
  fleet.join(16);
  try {
    await until(() => fleet.events.some((event) => event.type === 'phase' && event.round === 2 && event.phase === 'update'));
    const leader = fleet.leader!;
    fleet.alive.splice(fleet.alive.indexOf(leader), 1);
    await leader.stop();
    await until(async () => (await fleet.records()).some(({ round }) => round >= 3));
    const records = await fleet.records();
    assert.deepEqual(new Set(records.map(({ outcome }) => outcome)), new Set(['model']));
    for (const record of records) await fleet.check(record);
    const { members } = fleet.alive[0]!.status().fleet!;
    assert.equal(members.length, 2);
    assert.ok(members.every(({ accepted }) => accepted > 0));
  } finally {
    await fleet.end();
  }
});

test('Redis has forgotten everything in the midst of a round: that is said, the round fails, and the next one has its model', async (t) => {
  const server = await RedisServer.start(t, { tcp: true });
  const fleet = new FleetCrowd(server);
  const { logger, text } = logs();
  for (let i = 0; i < 3; i++) await fleet.add(logger);
  fleet.join(16);
  try {
    await until(() => fleet.events.some((event) => event.type === 'accepted' && event.tag === 'update'));
    const before = fleet.events.length;
    await server.kill();
    await server.up();
    const models = () => fleet.events.slice(before).filter((event) => event.type === 'model');
    await until(() => models().length > 0 && fleet.leader !== undefined);
    assert.match(text(), /Redis has lost what it had acknowledged/);
    const [record] = await fleet.records();
    assert.equal(record!.outcome, 'model');
    await until(() => models().length > 1);
    const { round } = models()[1]!;
    await until(async () => (await fleet.records()).some((one) => one.round === round));
    await fleet.check((await fleet.records()).find((one) => one.round === round)!);
  } finally {
    await fleet.end();
  }
});

test('Redis has forgotten everything, and a coordinator joins just then: the others go on with what they know, and it with them', async (t) => {
  const server = await RedisServer.start(t, { tcp: true });
  const fleet = new FleetCrowd(server);
  for (let i = 0; i < 2; i++) await fleet.add();
  fleet.join(16);
  try {
    await until(() => fleet.events.some((event) => event.type === 'phase' && event.round === 2 && event.phase === 'update'));
    await server.command('FLUSHALL');
    const before = fleet.events.length;
    await fleet.add();
    const models = () => fleet.events.slice(before).flatMap((event) => (event.type === 'model' ? [event.round] : []));
    await until(() => models().length > 1);
    assert.deepEqual(
      fleet.events.slice(before).flatMap((event) => (event.type === 'round' && event.round < 2 ? [event.round] : [])),
      [],
      'no round has a number again that was over',
    );
    const round = models()[1]!;
    await until(async () => (await fleet.records()).some((one) => one.round === round));
    await fleet.check((await fleet.records()).find((one) => one.round === round)!);
  } finally {
    await fleet.end();
  }
});
