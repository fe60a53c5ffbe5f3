// The chunks of one message at several members: whoever takes them, and whoever dies, sleeps, comes or goes between them, the message is complete when
// its last missing chunk has come, and is counted once.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import { encodeChunk, encodePayload, signMessage } from '@xaynet/core/message';
import {
  bodyOf,
  chunksOf,
  EXAMPLE_MODEL,
  EXAMPLE_UPDATES,
  maskOf,
  participants,
  playSum,
  playSum2,
  sealed,
  sum2Payload,
  sumPayload,
  type TestParticipant,
  testSettings,
  updatePayload,
} from '../rig.test.ts';
import type { Settings } from '../settings/settings.ts';
import { ownerOf } from './owner.ts';
import { FleetRig, type Node } from './rig.test.ts';

const PATIENT = testSettings({ sum: { time: { min: 4, max: 40 } }, update: { time: { min: 10, max: 60 } }, sum2: { time: { min: 10, max: 60 } } });

/** A fleet in the update phase, with one sum participant. */
async function updating(size = 3, settings: Settings = PATIENT): Promise<{ rig: FleetRig; sums: TestParticipant[] }> {
  const rig = await FleetRig.start(size, settings);
  const sums = await playSum(rig, 1);
  return { rig, sums };
}

/** The member that collects the chunks of a participant, among those that can be reached. */
const ownerIn = (rig: FleetRig, who: TestParticipant): Node => ownerOf(who.keys.publicKey, rig.alive)!;
const othersIn = (rig: FleetRig, who: TestParticipant): Node[] => rig.alive.filter((node) => node !== ownerIn(rig, who));

/** An update of one participant in chunks of so many bytes each. */
function update(rig: FleetRig, size = 400, messageId?: number): { who: TestParticipant; bodies: Uint8Array[] } {
  const [who] = participants(rig.params, 'update', 1);
  return { who: who!, bodies: again(rig, who!, size, messageId) };
}
function again(rig: FleetRig, who: TestParticipant, size = 400, messageId?: number, weights: readonly number[] = [0.5, 0.5]): Uint8Array[] {
  return chunksOf(updatePayload(who, rig.sums, { weights }), who, size, messageId);
}

async function sendAll(rig: FleetRig, bodies: readonly Uint8Array[], node?: Node): Promise<string[]> {
  const verdicts: string[] = [];
  for (const body of bodies) verdicts.push(await rig.send(body, node));
  return verdicts;
}

/** All were taken, and the last one completed the message. */
const whole = (count: number): string[] => [...Array<string>(count - 1).fill('incomplete'), 'accepted'];
const updatesOf = async (rig: FleetRig): Promise<number> => (await rig.shared.store.counts()).updates;

describe('by turns', () => {
  for (const size of [194, 400]) {
    test(`the messages of a round in chunks of ${size} bytes, interleaved, come to the published example`, async () => {
      const rig = await FleetRig.start(3);
      const sums = participants(rig.params, 'sum', 3);
      const send = async (messages: readonly Uint8Array[][]): Promise<void> => {
        const verdicts = messages.map(() => [] as string[]);
        const longest = Math.max(...messages.map(({ length }) => length));
        for (let i = 0; i < longest; i++) {
          for (const [of, bodies] of messages.entries()) if (bodies[i] !== undefined) verdicts[of]!.push(await rig.send(bodies[i]!));
          rig.next(); // so that the next chunk of a message goes to another one
        }
        assert.deepEqual(
          verdicts,
          messages.map(({ length }) => whole(length)),
        );
        await rig.seconds(4);
      };
      await send(sums.map((who) => chunksOf(sumPayload(who), who, size)));
      const senders = participants(rig.params, 'update', 3);
      await send(senders.map((who, i) => chunksOf(updatePayload(who, rig.sums, EXAMPLE_UPDATES[i]!), who, size)));
      assert.ok(
        rig.nodes.every(({ handed }) => handed.length > 0),
        'each has handed some on',
      );
      await send(sums.map((who) => chunksOf(sum2Payload(who, maskOf(who, rig)), who, size)));
      assert.equal(toHex((await rig.next().shown()).model()!), EXAMPLE_MODEL);
      assert.deepEqual(new Set(rig.nodes.map(({ intake }) => intake.chunkBytes)), new Set([0]));
    });
  }

  test('messages of three participants in chunks of 64 KiB, interleaved', async () => {
    const { rig } = await updating(3, testSettings({ model: { length: 25_000 }, update: { time: { min: 10, max: 60 } } }));
    const senders = participants(rig.params, 'update', 3);
    const weights = Array<number>(25_000).fill(0.5);
    const messages = senders.map((who) => chunksOf(updatePayload(who, rig.sums, { weights }), who, 65_536));
    assert.deepEqual(new Set(messages.map(({ length }) => length)), new Set([3]));
    for (const id of [1, 0, 2]) {
      const verdicts = await Promise.all(messages.map((bodies) => rig.send(bodies[id]!)));
      assert.deepEqual(new Set(verdicts), new Set([id === 2 ? 'accepted' : 'incomplete']));
      rig.next();
    }
    assert.equal(await updatesOf(rig), 3);
    assert.deepEqual(new Set(rig.nodes.map(({ intake }) => intake.chunkBytes)), new Set([0]));
  });

  test('all chunks at once, each to another member', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig, 230);
    assert.ok(bodies.length > 3);
    const verdicts = await Promise.all(bodies.map((body) => rig.send(body)));
    assert.deepEqual(verdicts.sort(), whole(bodies.length).sort());
    assert.equal(await updatesOf(rig), 1);
    const reads = rig.nodes.map(({ calls }) => calls.filter((name) => name === 'chunksOf').length);
    assert.deepEqual(
      reads,
      rig.nodes.map((node) => (node === ownerIn(rig, who) ? 1 : 0)),
      'only the owner reads, and once',
    );
  });

  test('backwards: what waits for the proof of its sender waits at the owner, and is stored as unproven', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig, 230);
    assert.deepEqual(await sendAll(rig, bodies.slice(2).reverse()), Array(bodies.length - 2).fill('incomplete'));
    const { chunks } = await rig.next().store.chunksOf(1, 'update', who.keys.publicKey, 0);
    assert.ok(chunks.length === bodies.length - 2 && chunks.every(({ unproven }) => unproven === true));
    assert.deepEqual(await sendAll(rig, [bodies[1]!, bodies[0]!]), ['incomplete', 'accepted']);
  });
});

describe('an owner', () => {
  for (const [what, size] of [
    ['proven', 400],
    ['unproven', 230],
  ] as const) {
    test(`is killed between chunks (${what}): the next one that comes completes the message at another member`, async () => {
      const { rig } = await updating();
      const { who, bodies } = update(rig, size);
      const order = what === 'proven' ? bodies : [...bodies.slice(1), bodies[0]!];
      await sendAll(rig, order.slice(0, -1));
      const dead = ownerIn(rig, who);
      dead.kill();
      assert.equal(await rig.send(order.at(-1)!), 'accepted', 'nobody has noticed yet but the one that handed it on');
      assert.equal(await updatesOf(rig), 1);
    });
  }

  test('is killed, and its death is noticed by nobody but those who ask it: they agree on the next one', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig, 230);
    await sendAll(rig, bodies.slice(0, 2));
    ownerIn(rig, who).kill();
    const next = ownerIn(rig, who);
    for (const node of rig.alive) node.handed.length = 0;
    const rest = bodies.slice(2);
    assert.deepEqual((await sendAll(rig, rest)).at(-1), 'accepted');
    const [other] = rig.alive.filter((node) => node !== next);
    assert.ok(other!.handed.filter((id) => id === next.id).length > 1, `${other!.handed}`);
    const asked = rig.alive.flatMap(({ handed }) => handed.filter((id) => id !== next.id));
    assert.ok(asked.length <= 2, 'each asks the dead one once');
    assert.equal(next.calls.filter((name) => name === 'chunksOf').length, 1);
  });

  test('sleeps: whoever asked it keeps the chunk after two leases; when it wakes up it takes in what it missed', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig, 300);
    const owner = ownerIn(rig, who);
    const [one] = othersIn(rig, who);
    assert.equal(await rig.send(bodies[0]!, one), 'incomplete');
    owner.pause();
    const sending = rig.send(bodies[1]!, one);
    await rig.clock.advance(2 * rig.shared.leaseMs);
    assert.equal(await sending, 'incomplete');
    await owner.wake();
    await rig.look();
    const rest = bodies.slice(2);
    assert.deepEqual(await sendAll(rig, rest, owner), whole(rest.length));
    assert.equal(await updatesOf(rig), 1);
  });

  test('sleeps with the chunk that completes the message: it is counted once, and the sender is told that it counts', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig);
    const owner = ownerIn(rig, who);
    const [one] = othersIn(rig, who);
    await sendAll(rig, bodies.slice(0, -1), one);
    owner.pause();
    const sending = rig.send(bodies.at(-1)!, one);
    await rig.clock.advance(2 * rig.shared.leaseMs);
    assert.equal(await sending, 'accepted');
    await owner.wake();
    assert.equal(await updatesOf(rig), 1);
  });

  test('stops answering its store: others collect', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig);
    const owner = ownerIn(rig, who);
    const [one] = othersIn(rig, who);
    await sendAll(rig, bodies.slice(0, -1), one);
    owner.line = 'broken';
    assert.equal(await rig.send(bodies.at(-1)!, one), 'accepted');
  });
});

describe('members', () => {
  test('come and go while a message is under way', async () => {
    const { rig } = await updating(2);
    const { bodies } = update(rig, 200);
    assert.ok(bodies.length > 20);
    const verdicts: string[] = [];
    for (const [i, body] of bodies.entries()) {
      if (i === 4 || i === 8) await rig.add();
      if (i === 12) {
        const { leader } = rig;
        await leader.member.stop();
        leader.line = 'cut';
      }
      if (i === 16) rig.alive[0]!.kill();
      if (i % 4 === 0) await rig.look();
      verdicts.push(await rig.send(body));
    }
    assert.deepEqual(verdicts, whole(bodies.length));
    assert.equal(await updatesOf(rig), 1);
  });

  test('that cannot be reached collect nothing; where nobody can be, everybody keeps what comes, and the last chunk completes the message all the same', async () => {
    const rig = await FleetRig.start(0, PATIENT);
    for (let i = 0; i < 3; i++) await rig.add(PATIENT, '');
    await playSum(rig, 1);
    const { bodies } = update(rig, 230);
    assert.deepEqual(await sendAll(rig, bodies), whole(bodies.length));
    const known = await rig.add();
    await rig.look();
    const other = update(rig, 230);
    assert.deepEqual(await sendAll(rig, other.bodies), whole(other.bodies.length));
    assert.ok(rig.nodes.flatMap(({ handed }) => handed).every((id) => id === known.id));
    assert.equal(await updatesOf(rig), 2);
  });

  test('see a phase begin one after another: what the first has stored of it is there for the last', async () => {
    const rig = await FleetRig.start(3, PATIENT);
    const [one] = participants(rig.params, 'sum', 1);
    const begun = chunksOf(sumPayload(one!), one!, 232);
    assert.equal(await rig.send(begun[0]!), 'incomplete');
    assert.equal(await rig.send(bodyOf(sumPayload(one!), one!)), 'accepted');
    await rig.clock.advance(4000);
    const { leader } = rig;
    assert.equal(leader.member.bulletin.view.phase, 'update');
    const [who] = participants(leader.member.bulletin.view.params, 'update', 1);
    const bodies = chunksOf(updatePayload(who!, leader.member.bulletin.view.sums!, { weights: [0.5, 0.5] }), who!, 300);
    assert.equal(await rig.send(bodies[0]!, leader), 'incomplete');
    await rig.look();
    await rig.seconds(1);
    assert.equal((await leader.store.chunksOf(1, 'update', who!.keys.publicKey, 0)).chunks.length, 1);
    assert.equal((await leader.store.chunksOf(1, 'sum', one!.keys.publicKey, 0)).chunks.length, 0, 'what was of the phase before is gone');
    const rest = bodies.slice(1);
    assert.deepEqual(await sendAll(rig, rest), whole(rest.length));
  });
});

describe('what is said', () => {
  test('a chunk that comes again, to another member, changes nothing; after the end it is told what became of the message', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig);
    const verdicts: string[] = [];
    for (const body of bodies) for (const node of rig.alive) verdicts.push(await rig.send(body.slice(), node));
    assert.deepEqual(verdicts, [...Array(3 * bodies.length - 3).fill('incomplete'), ...Array(3).fill('accepted')]);
    const { stored } = await rig.next().store.chunksOf(1, 'update', who.keys.publicKey, 0);
    assert.equal(stored, bodies.length, 'all but the last, and that the message is over');
  });

  test('a chunk that contradicts what another member took is refused, also where that one is dead', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig, 400, 9);
    assert.equal(await rig.send(bodies[0]!), 'incomplete');
    const payload = encodePayload(updatePayload(who, rig.sums, { weights: [0.1, 0.1] }));
    const other = (): Uint8Array => {
      const chunk = encodeChunk({ id: 0, messageId: 9, last: false, data: payload.subarray(0, 140) });
      return sealed(signMessage({ coordinator: who.params.publicKey, tag: 'update', multipart: true }, chunk, who.keys), who);
    };
    for (const node of rig.alive) assert.equal(await rig.send(other(), node), 'chunk-conflict');
    ownerIn(rig, who).kill();
    for (const node of rig.alive) assert.equal(await rig.send(other(), node), 'chunk-conflict');
    const rest = bodies.slice(1);
    assert.deepEqual(await sendAll(rig, rest), whole(rest.length));
  });

  test('a second update, and one that is too large, are refused with the same words wherever their chunks come in, and counted once', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig);
    await sendAll(rig, bodies);
    assert.equal((await sendAll(rig, again(rig, who))).at(-1), 'update-already-submitted');
    const [large] = participants(rig.params, 'update', 1);
    const payload = encodePayload(updatePayload(large!, rig.sums, { weights: [0.1, 0.1] }));
    const data = (id: number) => (id === 0 ? payload : payload.subarray(0, 200));
    const body = (id: number): Uint8Array =>
      sealed(
        signMessage(
          { coordinator: large!.params.publicKey, tag: 'update', multipart: true },
          encodeChunk({ id, messageId: 3, last: false, data: data(id).subarray(0, 200) }),
          large!.keys,
        ),
        large!,
      );
    const verdicts: string[] = [];
    for (let id = 0; id < 3; id++) verdicts.push(await rig.send(body(id)));
    assert.deepEqual(verdicts, ['incomplete', 'message-too-large', 'message-too-large']);
    const refused = rig.nodes.flatMap(({ events }) => events.flatMap((event) => (event.type === 'refused' ? [event.code] : [])));
    assert.deepEqual(refused, ['message-too-large', 'message-too-large']);
  });

  test('the budget of an address holds at the owner, whoever took the chunks', async () => {
    const settings = { ...PATIENT, limits: { ...PATIENT.limits, participantsPerAddress: 1, exemptAddresses: [] } };
    const { rig } = await updating(3, settings);
    const first = update(rig);
    const owner = ownerIn(rig, first.who);
    for (const body of first.bodies) await rig.send(body, undefined, '203.0.113.7');
    let second = update(rig);
    while (ownerIn(rig, second.who) !== owner) second = update(rig);
    assert.equal(await rig.send(second.bodies[0]!, othersIn(rig, second.who)[0], '203.0.113.7'), 'rate-limited');
    assert.equal(await rig.send(second.bodies[0]!, othersIn(rig, second.who)[1], '203.0.113.8'), 'incomplete');
  });

  test('an owner that has not heard yet that the phase is over is told so by the store', async () => {
    const { rig } = await updating();
    const [who] = participants(rig.params, 'update', 1);
    const owner = ownerIn(rig, who!);
    const data = encodePayload(updatePayload(who!, rig.sums, { weights: [0.5, 0.5] })).subarray(0, 200);
    const payload = encodeChunk({ id: 0, messageId: 1, last: false, data });
    const handed = { round: 1, tag: 'update', participant: who!.keys.publicKey, payload, proven: true, address: undefined } as const;
    await rig.leader.store.closeAdmissions();
    assert.deepEqual(await owner.intake.collect(handed), { accepted: false, code: 'message-discarded' });
    assert.deepEqual(await owner.intake.collect({ ...handed, round: 2 }), { accepted: false, code: 'message-unexpected' });
  });

  test('a chunk whose phase ends while it is on its way is not taken', async () => {
    const { rig } = await updating();
    const { who, bodies } = update(rig);
    const [one] = othersIn(rig, who);
    await rig.seconds(58);
    ownerIn(rig, who).pause();
    const sending = rig.send(bodies[0]!, one);
    await rig.seconds(7);
    assert.equal(one!.member.state.round, 2, 'nobody updated in time');
    assert.equal(await sending, 'message-unexpected');
  });
});

test('the whole round goes on to the model when its last update comes in chunks over a change of leaders', async () => {
  const { rig, sums } = await updating();
  const senders = participants(rig.params, 'update', 3);
  for (const [i, who] of senders.entries()) {
    const bodies = chunksOf(updatePayload(who, rig.sums, EXAMPLE_UPDATES[i]!), who, 300);
    assert.equal((await sendAll(rig, bodies.slice(0, -1))).at(-1), 'incomplete');
    if (i === 1) rig.leader.kill();
    assert.equal(await rig.send(bodies.at(-1)!), 'accepted');
    await rig.seconds(4);
  }
  for (let i = 0; i < 40 && rig.phase !== 'sum2'; i++) await rig.seconds(0.5);
  await playSum2(rig, sums);
  for (let i = 0; i < 40 && (await rig.next().shown()).model() === undefined; i++) await rig.seconds(0.5);
  assert.equal(toHex((await rig.next().shown()).model()!), EXAMPLE_MODEL);
});
