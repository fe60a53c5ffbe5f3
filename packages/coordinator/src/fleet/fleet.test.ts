// Several coordinators, one round: whoever takes a message and whoever dies, the model is the one that a single coordinator would have made.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import { FakeClock } from '../clock.test.ts';
import {
  bodyOf,
  EXAMPLE_MODEL,
  EXAMPLE_UPDATES,
  maskOf,
  participants,
  playSum,
  playSum2,
  playUpdate,
  sum2Payload,
  sumPayload,
  testSettings,
  updatePayload,
} from '../rig.test.ts';
import { SharedMemory } from '../stores/shared-memory.ts';
import { MOST_SKEW } from './member.ts';
import { FleetRig, Node } from './rig.test.ts';

async function modelsOf(rig: FleetRig): Promise<Set<string>> {
  return new Set(await Promise.all(rig.alive.map(async (node) => toHex((await node.shown()).model() ?? new Uint8Array()))));
}
const failures = (rig: FleetRig): string[] => rig.nodes.flatMap(({ events }) => events.flatMap((event) => (event.type === 'failure' ? [event.code] : [])));

describe('a round of three', () => {
  test('messages go to all by turns; the model is the published example, at every member', async () => {
    const rig = await FleetRig.start(3);
    const sums = await playSum(rig, 3);
    await playUpdate(rig, EXAMPLE_UPDATES);
    assert.equal(rig.phase, 'sum2');
    await playSum2(rig, sums);
    assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
    assert.deepEqual(
      rig.alive.map(({ member }) => [member.state.round, member.state.phase]),
      Array(3).fill([2, 'sum']),
    );
    assert.ok(
      rig.alive.every(({ calls }) => calls.includes('update')),
      'each has admitted an update',
    );
    const [record] = await rig.alive[2]!.store.records(1);
    assert.deepEqual([record!.outcome, record!.updates, record!.sums], ['model', 3, 3]);
  });

  test('what one member shows holds at all others at once, before their next look by themselves', async () => {
    const rig = await FleetRig.start(3);
    const [one] = participants(rig.params, 'sum', 1);
    assert.equal(await rig.send(bodyOf(sumPayload(one!), one!), rig.nodes[0]), 'accepted');
    await rig.clock.advance(4000); // the leader has just ended sum, and nobody has looked since
    const leader = rig.leader;
    assert.equal(leader.member.bulletin.view.phase, 'update');
    for (const node of rig.alive) {
      const [sender] = participants(leader.member.bulletin.view.params, 'update', 1);
      const payload = updatePayload(sender!, leader.member.bulletin.view.sums!, EXAMPLE_UPDATES[0]!);
      assert.equal(await rig.send(bodyOf(payload, sender!), node), 'accepted');
    }
  });

  test('an update that takes longer to store than a lease lasts is accepted, once', async () => {
    const rig = await FleetRig.start(2, testSettings(), 10_000);
    const sums = await playSum(rig, 3);
    const follower = rig.nodes.find(({ member }) => !member.leads)!;
    follower.slow = { name: 'update', ms: 2.5 * rig.shared.leaseMs };
    const verdicts = EXAMPLE_UPDATES.map((update) => {
      const [sender] = participants(rig.params, 'update', 1);
      return rig.send(bodyOf(updatePayload(sender!, rig.sums, update), sender!), follower);
    });
    for (let i = 0; i < 3; i++) await rig.clock.advance(rig.shared.leaseMs);
    assert.deepEqual(await Promise.all(verdicts), Array(3).fill('accepted'));
    follower.slow = undefined;
    await rig.seconds(4);
    await playSum2(rig, sums);
    assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
  });

  test('seeds that take longer to read than several leases last are read once, and shown; meanwhile the member is in the fleet and shows nothing old', async () => {
    const rig = await FleetRig.start(2);
    const sums = await playSum(rig, 3);
    const follower = rig.nodes.find(({ member }) => !member.leads)!;
    for (const update of EXAMPLE_UPDATES) {
      const [sender] = participants(rig.params, 'update', 1);
      assert.equal(await rig.send(bodyOf(updatePayload(sender!, rig.sums, update), sender!)), 'accepted');
    }
    follower.slow = { name: 'seedDict', ms: 3.5 * rig.shared.leaseMs };
    await rig.clock.advance(4000 + rig.shared.leaseMs / 5);
    assert.equal(rig.leader.member.bulletin.view.phase, 'sum2');
    for (let lease = 0; lease < 3; lease++) {
      await rig.clock.advance(rig.shared.leaseMs);
      assert.equal(follower.member.unavailable?.code, 'storage-timeout', 'it says that it cannot answer yet');
      assert.equal(rig.leader.member.sight.members.length, 2, 'and is not taken for dead');
    }
    await rig.clock.advance(rig.shared.leaseMs);
    await rig.look();
    assert.equal(follower.member.unavailable, undefined);
    assert.equal(follower.member.bulletin.view.phase, 'sum2');
    assert.equal(follower.calls.filter((call) => call === 'seedDict').length, 1);
    follower.slow = undefined;
    await playSum2(rig, sums);
    assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
  });

  test('a message that came in before the time is up is counted, whoever took it: the end of window B asks the store', async () => {
    const rig = await FleetRig.start(2);
    await playSum(rig, 1);
    await rig.clock.advance(rig.leader.member.window!.latestEnd - rig.clock.now() - 300);
    rig.leader.loses = 'look'; // so that it does not hear of them before
    await rig.clock.advance(250);
    assert.equal(rig.leader.member.state.phase, 'update', 'waiting for three updates');
    const follower = rig.alive.find(({ member }) => !member.leads)!;
    for (const update of EXAMPLE_UPDATES) {
      const [sender] = participants(rig.params, 'update', 1);
      assert.equal(await rig.send(bodyOf(updatePayload(sender!, rig.sums, update), sender!), follower), 'accepted');
    }
    await rig.clock.advance(50);
    await rig.clock.advance(rig.shared.leaseMs + 400);
    assert.deepEqual(failures(rig), []);
    assert.equal(rig.leader.member.bulletin.view.phase, 'sum2');
  });

  test('nobody takes more than a phase takes, whoever is asked', async () => {
    const rig = await FleetRig.start(3, testSettings({ update: { count: { min: 3, max: 4 } } }));
    const sums = await playSum(rig, 1);
    const senders = participants(rig.params, 'update', 7);
    const bodies = senders.map((who) => bodyOf(updatePayload(who, rig.sums, { weights: [0.5, -0.5] }), who));
    const verdicts = await Promise.all(bodies.map((body) => rig.send(body)));
    assert.deepEqual(verdicts.sort(), [...Array(4).fill('accepted'), ...Array(3).fill('message-discarded')]);
    await rig.seconds(4);
    await playSum2(rig, sums);
    const [record] = await rig.alive[0]!.store.records(1);
    assert.equal(record!.updates, 4);
  });
});

/** Time for the others to notice, before the phase ends. */
const PATIENT = testSettings({ sum: { time: { min: 10, max: 40 } }, update: { time: { min: 10, max: 40 } }, sum2: { time: { min: 10, max: 40 } } });

/** Plays the example; `trouble` comes in the phase `at`, after half of its messages. */
async function playWith(rig: FleetRig, at: 'sum' | 'update' | 'sum2', trouble: () => Promise<void>): Promise<void> {
  const sums = participants(rig.params, 'sum', 3);
  const half = async (phase: string, index: number): Promise<void> => {
    if (phase === at && index === 1) await trouble();
  };
  for (const [i, who] of sums.entries()) {
    await half('sum', i);
    assert.equal(await rig.send(bodyOf(sumPayload(who), who)), 'accepted');
  }
  await until(rig, 'update');
  const senders = participants(rig.params, 'update', 3);
  for (const [i, who] of senders.entries()) {
    await half('update', i);
    assert.equal(await rig.send(bodyOf(updatePayload(who, rig.sums, EXAMPLE_UPDATES[i]!), who)), 'accepted');
  }
  await until(rig, 'sum2');
  for (const [i, who] of sums.entries()) {
    await half('sum2', i);
    assert.equal(await rig.send(bodyOf(sum2Payload(who, maskOf(who, rig)), who)), 'accepted');
  }
  for (let i = 0; i < 40 && (await rig.next().shown()).model() === undefined; i++) await rig.seconds(0.5);
}

async function until(rig: FleetRig, phase: string): Promise<void> {
  for (let i = 0; i < 40 && rig.phase !== phase; i++) await rig.seconds(0.5);
  assert.deepEqual(new Set(rig.alive.map(({ member }) => member.bulletin.view.phase)), new Set([phase]));
}

for (const phase of ['sum', 'update', 'sum2'] as const) {
  describe(`in ${phase}`, () => {
    test('the leader is killed: another goes on with the same round and the same deadlines within two leases', async () => {
      const rig = await FleetRig.start(3, PATIENT);
      const params = toHex((await rig.next().shown()).params());
      await playWith(rig, phase, async () => {
        const dead = rig.leader;
        const { window } = dead.member;
        dead.kill();
        await rig.seconds((2 * rig.shared.leaseMs) / 1000);
        assert.notEqual(rig.leader, dead);
        for (const { member } of rig.alive) {
          assert.equal(toHex(member.bulletin.params()), params, 'the same round');
          assert.deepEqual(member.window, window, 'the same deadlines');
        }
      });
      assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
      assert.deepEqual(failures(rig), []);
    });

    test('the leader is paused for so long that another leads; when it wakes up it can write nothing, and follows', async () => {
      const rig = await FleetRig.start(3, PATIENT);
      let paused: Node | undefined;
      await playWith(rig, phase, async () => {
        paused = rig.leader;
        paused.pause();
        await rig.seconds((2 * rig.shared.leaseMs) / 1000);
        assert.notEqual(rig.leader, paused);
        const version = rig.shared.version;
        await paused.wake();
        await rig.look();
        assert.equal(rig.shared.version, version, 'it has written nothing');
        assert.equal(paused.member.leads, false);
      });
      assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL], 'at the one that was paused as well');
      assert.deepEqual(failures(rig), []);
    });

    test('the leader stops: another leads at once', async () => {
      const rig = await FleetRig.start(3, PATIENT);
      await playWith(rig, phase, async () => {
        const { leader } = rig;
        const stopping = leader.member.stop();
        assert.deepEqual(leader.member.unavailable, { code: 'shutting-down', retryAfter: 1 }, 'the others are there at once');
        await stopping;
        leader.line = 'cut';
        await rig.look();
        assert.notEqual(rig.leader, leader);
      });
      assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
    });

    test('two of three are killed, and another joins', async () => {
      const rig = await FleetRig.start(3, PATIENT);
      await playWith(rig, phase, async () => {
        rig.leader.kill();
        rig.alive.at(-1)!.kill();
        const joining = rig.add();
        await rig.clock.advance(2 * rig.shared.leaseMs);
        await joining;
        await rig.look();
        assert.equal(rig.alive.length, 2);
      });
      assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
      assert.deepEqual(failures(rig), []);
    });
  });
}

describe('sums that processes make', () => {
  /** A round in update with one sum participant, and bodies of the three updates of the example. */
  async function inUpdate(size: number): Promise<{ rig: FleetRig; sums: Awaited<ReturnType<typeof playSum>>; bodies: Uint8Array[] }> {
    const rig = await FleetRig.start(size, PATIENT);
    const sums = participants(rig.params, 'sum', 3);
    for (const who of sums) assert.equal(await rig.send(bodyOf(sumPayload(who), who)), 'accepted');
    await until(rig, 'update');
    const senders = participants(rig.params, 'update', 3);
    return { rig, sums, bodies: senders.map((who, i) => bodyOf(updatePayload(who, rig.sums, EXAMPLE_UPDATES[i]!), who)) };
  }

  async function finish(rig: FleetRig, sums: Awaited<ReturnType<typeof playSum>>): Promise<void> {
    await until(rig, 'sum2');
    for (const who of sums) assert.equal(await rig.send(bodyOf(sum2Payload(who, maskOf(who, rig)), who)), 'accepted');
    for (let i = 0; i < 40 && (await rig.next().shown()).model() === undefined; i++) await rig.seconds(0.5);
    assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
    assert.deepEqual(failures(rig), []);
  }

  const owners = (rig: FleetRig): string[] => [...rig.shared.owners.values()].sort();

  test('nobody fetches what it has taken itself', async () => {
    const { rig, sums, bodies } = await inUpdate(3);
    for (const body of bodies) assert.equal(await rig.send(body), 'accepted');
    assert.deepEqual(owners(rig), ['a', 'b', 'c']);
    await finish(rig, sums);
    assert.ok(rig.nodes.every(({ calls }) => calls.includes('fold') && !calls.includes('contribution') && !calls.includes('contributions')));
  });

  test('a member that is gone when the door closes: the leader takes over what it had not stored', async () => {
    const { rig, sums, bodies } = await inUpdate(3);
    for (const [i, body] of bodies.entries()) assert.equal(await rig.send(body, rig.nodes[i]), 'accepted');
    const dead = rig.nodes.find(({ member }) => !member.leads)!;
    dead.kill();
    await finish(rig, sums);
    assert.ok(rig.leader.calls.includes('claim') && rig.leader.calls.includes('contribution'));
  });

  test('an admission whose answer is lost is in the sum all the same, of the member that it belongs to', async () => {
    const { rig, sums, bodies } = await inUpdate(2);
    const follower = rig.alive.find(({ member }) => !member.leads)!;
    follower.loses = 'update';
    const sending = rig.send(bodies[0]!, follower);
    await rig.clock.advance(rig.shared.leaseMs);
    assert.equal(await sending, 'storage-failed');
    for (const body of bodies.slice(1)) assert.equal(await rig.send(body, follower), 'accepted');
    assert.equal(rig.shared.owners.size, 3);
    await finish(rig, sums);
    assert.ok(follower.calls.includes('contribution'));
  });

  for (const stored of [true, false]) {
    test(`the answer to a stored sum is lost, and it was ${stored ? '' : 'not '}stored: each update is in one sum`, async () => {
      const { rig, sums, bodies } = await inUpdate(2);
      const follower = rig.alive.find(({ member }) => !member.leads)!;
      for (const body of bodies) assert.equal(await rig.send(body, follower), 'accepted');
      if (stored) follower.loses = 'fold';
      else follower.refuses = 'fold';
      await finish(rig, sums);
      assert.ok(follower.calls.filter((call) => call === 'fold').length >= (stored ? 1 : 2));
    });
  }

  /** What goes through the place of large bytes. */
  const LARGE = ['fold', 'contribution', 'partials', 'setCheckpoint', 'checkpoint', 'model', 'addModel', 'update', 'sum2'];

  test('a member that lives and cannot store its sum: the leader takes over what is in none, in the end', async () => {
    const { rig, sums, bodies } = await inUpdate(3);
    for (const [i, body] of bodies.entries()) assert.equal(await rig.send(body, rig.nodes[i]), 'accepted');
    const follower = rig.alive.find(({ member }) => !member.leads)!;
    follower.unable = ['fold', 'contribution', 'partials'];
    for (let i = 0; i < 60 && rig.leader.member.bulletin.view.phase !== 'sum2'; i++) await rig.seconds(0.5);
    assert.ok(rig.leader.calls.includes('claim') && rig.alive.includes(follower));
    await finish(rig, sums);
  });

  test('a leader that is cut off from large bytes only lets another lead: the same round goes on', async () => {
    const { rig, sums, bodies } = await inUpdate(3);
    for (const [i, body] of bodies.entries()) assert.equal(await rig.send(body, rig.nodes[i]), 'accepted');
    const { leader } = rig;
    leader.unable = LARGE;
    for (let i = 0; i < 120 && !leader.events.some(({ type }) => type === 'paused'); i++) await rig.seconds(0.5);
    for (let i = 0; i < 120 && rig.nodes.every(({ member }) => member.bulletin.view.phase !== 'sum2'); i++) await rig.seconds(0.5);
    assert.notEqual(rig.leader, leader);
    leader.unable = [];
    await finish(rig, sums);
  });

  test('a member that has the lease and cannot lead gives it to another, and stands back', async () => {
    const { rig } = await inUpdate(3);
    const followers = rig.alive.filter(({ member }) => !member.leads);
    const [unfit, fit] = followers as [Node, Node];
    fit.line = 'held';
    unfit.unable = ['coordinatorState'];
    rig.leader.kill();
    for (let i = 0; i < 20 && !unfit.calls.includes('leave'); i++) await rig.clock.advance(rig.shared.leaseMs / 4);
    await fit.wake();
    await rig.seconds((2 * rig.shared.leaseMs) / 1000);
    assert.equal(rig.leader, fit);
    assert.equal(unfit.member.state.round, fit.member.state.round);
  });

  test('a member that sleeps while its updates are taken over throws its own sum away when it wakes up', async () => {
    const { rig, sums, bodies } = await inUpdate(3);
    const follower = rig.alive.find(({ member }) => !member.leads)!;
    for (const body of bodies) assert.equal(await rig.send(body, follower), 'accepted');
    follower.pause();
    await until(rig, 'sum2');
    assert.equal(rig.shared.owners.size, 0);
    await follower.wake();
    await finish(rig, sums);
    assert.equal(follower.member.sight.counts.updates, 0, 'the next round has begun for it as well');
  });

  for (const stored of [false, true]) {
    test(`the leader dies when it has added everything up and ${stored ? 'stored it, but not the phase that follows' : 'not stored it'}: the next one goes on`, async () => {
      const { rig, sums, bodies } = await inUpdate(3);
      for (const body of bodies) assert.equal(await rig.send(body), 'accepted');
      const { leader } = rig;
      if (stored) leader.loses = 'setCheckpoint';
      else leader.refuses = 'setCheckpoint';
      for (let i = 0; i < 60 && !leader.calls.includes('setCheckpoint'); i++) await rig.clock.advance(500);
      assert.ok(leader.calls.includes('partials'));
      assert.equal((await rig.shared.store.checkpoint()) !== undefined, stored);
      leader.kill();
      await finish(rig, sums);
    });
  }
});

test('a member whose connection breaks takes nothing and says why; what it did not acknowledge can be sent to another', async () => {
  const rig = await FleetRig.start(2);
  const follower = rig.alive.find(({ member }) => !member.leads)!;
  const [one, two] = participants(rig.params, 'sum', 2);
  follower.line = 'broken';
  assert.equal(await rig.send(bodyOf(sumPayload(one!), one!), follower), 'storage-failed');
  assert.equal(follower.member.unavailable?.code, 'storage-failed');
  assert.equal(await rig.send(bodyOf(sumPayload(one!), one!), rig.leader), 'accepted');
  follower.line = 'works';
  assert.equal(await rig.send(bodyOf(sumPayload(two!), two!), follower), 'accepted');
  assert.equal(follower.member.unavailable, undefined);
  assert.deepEqual(
    follower.events.flatMap(({ type }) => (type === 'paused' || type === 'resumed' ? [type] : [])),
    ['paused', 'resumed'],
  );
});

test('an admission whose answer is lost counts once: sent again to another member, it is known there', async () => {
  const rig = await FleetRig.start(2);
  const [one] = participants(rig.params, 'sum', 1);
  const follower = rig.alive.find(({ member }) => !member.leads)!;
  const body = () => bodyOf(sumPayload(one!), one!);
  follower.loses = 'sum';
  const sending = rig.send(body(), follower);
  await rig.clock.advance(rig.shared.leaseMs);
  assert.equal(await sending, 'storage-failed', 'it may be stored or not: to be sent again');
  assert.equal(await rig.send(body(), rig.leader), 'sum-already-exists');
  assert.equal((await rig.shared.store.counts()).sums, 1);
});

test('who joins others does not erase their round, whatever its own settings say of restoring', async () => {
  const rig = await FleetRig.start(1);
  const [one] = participants(rig.params, 'sum', 1);
  assert.equal(await rig.send(bodyOf(sumPayload(one!), one!)), 'accepted');
  const second = await rig.add(testSettings({ restore: { enable: false } }));
  assert.match(second.warnings.join(), /^restore\.enable = false: nothing is erased, because other processes run this round/);
  rig.nodes[0]!.kill();
  await rig.seconds((2 * rig.shared.leaseMs) / 1000);
  assert.equal(rig.leader, second);
  assert.equal((await rig.shared.store.counts()).sums, 1);
  assert.equal(second.member.state.round, 1);
});

test('those who watch one member see how many messages all of them have taken', async () => {
  const rig = await FleetRig.start(3);
  const [one, two] = participants(rig.params, 'sum', 2);
  assert.equal(await rig.send(bodyOf(sumPayload(one!), one!), rig.nodes[0]), 'accepted');
  await rig.seconds(0);
  assert.equal(await rig.send(bodyOf(sumPayload(two!), two!), rig.nodes[1]), 'accepted');
  await rig.seconds(0);
  for (const { events } of rig.nodes) {
    const tallies = events.flatMap((event) => (event.type === 'tally' ? [[event.round, event.phase, event.accepted]] : []));
    assert.deepEqual(tallies, [
      [1, 'sum', 1],
      [1, 'sum', 2],
    ]);
  }
});

test('those who follow tell of every round that ended, once: its record', async () => {
  const rig = await FleetRig.start(3, testSettings({ sum: { count: { min: 1, max: 5 }, time: { min: 4, max: 8 } } }));
  const sums = await playSum(rig, 1);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  await rig.seconds(10); // nobody comes to the second round
  await rig.look();
  const ended = ({ events }: Node) =>
    events.flatMap((event) => (event.type === 'ended' ? [`${event.record.round} ${event.record.outcome} ${event.record.code ?? event.record.updates}`] : []));
  for (const node of rig.nodes) {
    assert.deepEqual(ended(node), node.member.leads ? [] : ['1 model 3', '2 failure phase-timeout'], node.id);
    assert.equal(node.member.fleet.members.length, 3);
    assert.equal(node.member.fleet.leader, rig.leader.id);
  }
});

test('a member whose connection breaks while it joins tries again; one that cannot join is told why', async () => {
  const rig = await FleetRig.start(1);
  const node = new Node('z', rig.shared, rig.clock, () => rig.nodes);
  node.refuses = 'look';
  const joining = node.join(rig.settings);
  await rig.clock.advance(rig.shared.leaseMs);
  assert.equal((await joining).member.state.phase, 'sum');
  const never = new Node('y', rig.shared, rig.clock, () => rig.nodes);
  never.line = 'broken';
  const failing = never.join(rig.settings);
  failing.catch(() => {});
  await rig.clock.advance(4 * rig.shared.leaseMs);
  await assert.rejects(failing, (error) => isXaynetError(error, 'storage-failed'));
});

test('another model or mask than the fleet has is refused at the door', async () => {
  const rig = await FleetRig.start(1);
  await assert.rejects(rig.add(testSettings({ model: { length: 3 } })), (error) => isXaynetError(error, 'storage-settings-changed'));
});

for (const first of ['the leader', 'a follower'] as const) {
  test(`the store forgets everything, and ${first} leads then: numbers and model go on as they are known, at every member`, async () => {
    const rig = await FleetRig.start(3);
    const sums = await playSum(rig, 3);
    await playUpdate(rig, EXAMPLE_UPDATES);
    await playSum2(rig, sums);
    await rig.look();
    const { round } = rig.next().member.state;
    assert.equal(round, 2);
    const { leader } = rig;
    const other = rig.alive.find(({ member }) => !member.leads)!;
    await rig.lose();
    const winner = first === 'the leader' ? leader : other;
    await rig.clock.advance(0.6 * rig.shared.leaseMs * (first === 'the leader' ? 1 : 0)); // until the leader is not sure any more
    for (let i = 0; i < 3; i++) await winner.member.fresh();
    for (let i = 0; i < 3; i++) await rig.look();
    await rig.seconds(1);
    assert.equal(rig.nodes.filter(({ member }) => member.leads).length, 1);
    if (first === 'a follower') assert.equal(rig.leader, other);
    assert.deepEqual(new Set(rig.nodes.map(({ member }) => member.state.round)), new Set([round + 1]));
    assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
  });
}

test('a process that joins right after the store forgot everything does not begin at round 1 while others know better', async () => {
  const rig = await FleetRig.start(2);
  const sums = await playSum(rig, 3);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  await rig.look();
  const id = await rig.shared.store.latestModelId();
  await rig.lose();
  rig.shared.members.clear();
  const node = new Node('z', rig.shared, rig.clock, () => rig.nodes);
  const joining = node.join(rig.settings); // before anybody has noticed
  for (const at of [0.2, 0.2, 0.7]) await rig.clock.advance(at * rig.shared.leaseMs);
  rig.nodes.push(await joining);
  await rig.seconds(1);
  assert.notEqual(rig.leader, node);
  assert.deepEqual(new Set(rig.nodes.map(({ member }) => member.state.round)), new Set([3]));
  assert.deepEqual([...(await modelsOf(rig))], [EXAMPLE_MODEL]);
  assert.equal(await rig.shared.store.latestModelId(), id, 'it is in the store again');
});

test('a process that joins an empty store leads after a lease, and one that joins while the store forgets everything does not end', async () => {
  const clock = new FakeClock();
  const shared = new SharedMemory(clock);
  const alone = new Node('a', shared, clock, () => []);
  alone.findsLoss = true;
  let isIn = false;
  const joining = alone.join(testSettings()).then(() => {
    isIn = true;
  });
  await clock.advance(0.9 * shared.leaseMs);
  assert.equal(isIn, false);
  await clock.advance(0.5 * shared.leaseMs);
  await joining;
  await clock.advance(shared.leaseMs / 5);
  assert.deepEqual([alone.member.leads, alone.member.state.round], [true, 1]);
});

test('the store forgets everything in sum2, and a follower leads then: nobody is shown the dictionaries of the lost round', async () => {
  const rig = await FleetRig.start(3);
  await playSum(rig, 3);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await rig.look();
  assert.equal(rig.phase, 'sum2');
  const other = rig.alive.find(({ member }) => !member.leads)!;
  await rig.lose();
  for (let i = 0; i < 3; i++) await other.member.fresh();
  for (let i = 0; i < 3; i++) await rig.look();
  await rig.seconds(1);
  assert.equal(rig.leader, other);
  for (const { member } of rig.nodes) {
    const { round, phase, sums, seeds } = member.bulletin.view;
    assert.deepEqual({ round, phase, sums, seeds }, { round: 2, phase: 'sum', sums: undefined, seeds: undefined });
  }
});

test('other settings of [pet] than the leader has are told at once, not only when the lease moves', async () => {
  const rig = await FleetRig.start(1, PATIENT);
  const other = await rig.add(
    testSettings({ sum: { time: { min: 10, max: 40 } }, update: { time: { min: 10, max: 50 } }, sum2: { time: { min: 10, max: 40 } } }),
  );
  const same = await rig.add();
  await rig.seconds(41); // the round fails, the next one begins
  assert.equal((await other.shown()).view.round, 2);
  assert.deepEqual(other.warnings, [
    'the settings of [pet.update] are not those of the process that leads: they apply when this one leads. Give all processes of the fleet the same',
  ]);
  assert.deepEqual(same.warnings, []);
});

test('another time.grace or redis.lease than other members have is told once, by all, until it is the same', async () => {
  const rig = await FleetRig.start(1, PATIENT);
  const graced = testSettings({ sum: { time: { min: 10, max: 40 } }, update: { time: { min: 10, max: 40, grace: 7 } }, sum2: { time: { min: 10, max: 40 } } });
  const text = (name: string): string =>
    `${name} is not the same for all processes of the fleet: each goes by its own. Give all processes of the fleet the same`;
  const member = (id: string, settings?: Record<string, number>) => ({
    id,
    url: '',
    version: '1',
    began: 0,
    accepted: 0,
    refused: 0,
    ...(settings && { settings }),
  });
  const come = (...given: Parameters<typeof member>): unknown => rig.shared.members.set(given[0], { member: member(...given), until: Number.MAX_VALUE });
  come('old');
  come('other', { 'redis.lease': 3, 'of.later': 1 });
  await rig.seconds(3);
  assert.deepEqual(rig.nodes[0]!.warnings, []);
  const other = await rig.add(graced);
  await rig.seconds(3);
  come('slow', { 'redis.lease': 10 });
  await rig.seconds(3);
  for (const { warnings } of [rig.nodes[0]!, other]) assert.deepEqual(warnings, [text('pet.update.time.grace'), text('redis.lease')]);
  come('slow', { 'redis.lease': 3 });
  await rig.seconds(1);
  come('slow', { 'redis.lease': 4 });
  await rig.seconds(1);
  assert.equal(other.warnings.length, 3);
});

test('a member whose clock is wrong does not lead, and leads when it is right again', async () => {
  const rig = await FleetRig.start(2);
  const follower = rig.alive.find(({ member }) => !member.leads)!;
  follower.clock.skew = MOST_SKEW + 1;
  await rig.look();
  rig.leader.kill();
  await rig.seconds((3 * rig.shared.leaseMs) / 1000);
  assert.equal(follower.member.leads, false);
  follower.clock.skew = 0;
  await rig.seconds(1);
  assert.equal(rig.leader, follower);
});

test('many questions share a look, and a leader that is sure of its lease needs none', async () => {
  const rig = await FleetRig.start(2);
  const follower = rig.alive.find(({ member }) => !member.leads)!;
  await rig.look();
  for (const [node, most] of [
    [follower, 2],
    [rig.leader, 0],
  ] as const) {
    node.calls.length = 0;
    await Promise.all(Array.from({ length: 100 }, () => node.member.fresh()));
    assert.ok(node.calls.length <= most, `${node.id}: ${node.calls.length} looks`);
  }
});
