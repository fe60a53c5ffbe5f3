// The contract of shared.ts as tests, run over every implementation: two or three processes at one store, with time that the test moves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import { encodeChunk, type MessageTag } from '@xaynet/core/message';
import type { RoundProgress, SpooledChunk, Store } from './contract.ts';
import { filled, key, maskOf, state } from './rig.test.ts';
import type { Member, SharedStore } from './shared.ts';

/** How processes come to a shared store, and how a lease's time passes. */
export interface SharedSetup {
  /** A new, empty fleet. */
  fleet(): Promise<{
    connect(): Promise<SharedStore>;
    /** More than `leases` times the time of a lease goes by, in which nobody looks but those of `awake`, often. */
    pass(leases: number, awake?: () => Promise<unknown>): Promise<void>;
  }>;
}

const member = (id: string): Member => ({
  id,
  url: `http://${id}`,
  version: '1',
  began: 1_700_000_000_000,
  accepted: 1,
  refused: 2,
  ...(id === 'b' ? { settings: { 'redis.lease': 3 } } : {}), // older versions tell none
});
const progress = (round: number, phase: RoundProgress['phase'], most = 100): RoundProgress => ({
  round,
  phase,
  since: 1_700_000_000_000,
  failures: 0,
  gate: { most, excluded: ['ab'] },
});

const update = (byte: number, ...sums: number[]) => ({
  participant: key(byte),
  localSeedDict: new KeyMap(sums.map((sum) => [key(sum), EncryptedMaskSeed(filled(80, sum))] as const)),
  maskedModel: maskOf(byte, 2),
});
const ephemeral = (byte: number) => PublicEncryptKey(filled(32, byte));
const chunk = (byte: number, tag: MessageTag, messageId: number, data: number): SpooledChunk => ({
  participant: key(byte),
  tag,
  payload: encodeChunk({ id: data, messageId, last: false, data: filled(40, data) }),
});
const over = (byte: number, tag: MessageTag, messageId: number): SpooledChunk => ({ participant: key(byte), tag, payload: Uint8Array.of(0, 0, 0, messageId) });
const isFenced = (error: unknown): boolean => isXaynetError(error, 'storage-fenced');

async function positions(store: Store): Promise<number[]> {
  const found: number[] = [];
  for await (const { position } of store.contributions(0)) found.push(position);
  return found;
}

/** All that only the leader may do. */
const LEADERS: Readonly<Record<string, (store: SharedStore) => Promise<unknown>>> = {
  setCoordinatorState: (store) => store.setCoordinatorState(state(9), progress(9, 'sum')),
  setProgress: (store) => store.setProgress(progress(9, 'sum')),
  closeAdmissions: (store) => store.closeAdmissions(),
  closeSum: (store) => store.closeSum([], progress(9, 'update')),
  eraseRound: (store) => store.eraseRound(),
  eraseAll: (store) => store.eraseAll(),
  setLatestModelId: (store) => store.setLatestModelId('stray'),
  setCheckpoint: (store) => store.setCheckpoint({ position: 1, aggregate: maskOf(1, 2), count: 1 }),
  putRecord: (store) =>
    store.putRecord({ round: 9, outcome: 'failure', began: 1, ended: 2, sums: 0, updates: 0, masks: 0, hashes: {}, signer: 'a', signature: 'b' }),
};

/** Runs the cases; `name` names the implementation. */
export function sharedConformance(name: string, setup: SharedSetup): void {
  const begun = async () => {
    const fleet = await setup.fleet();
    const leader = await fleet.connect();
    const other = await fleet.connect();
    assert.equal((await leader.look(member('a'), true)).leads, true);
    const sight = await other.look(member('b'), true);
    assert.deepEqual([sight.leads, sight.leader, sight.members.map(({ id }) => id)], [false, 'a', ['a', 'b']]);
    await leader.setCoordinatorState(state(1), progress(1, 'sum', 3));
    return { fleet, leader, other };
  };

  test(`${name}: one leads; whoever does not is refused in everything that is the leader's, and has changed nothing`, async () => {
    const { leader, other } = await begun();
    await leader.admissions.sum(1, key(1), ephemeral(1));
    const before = await leader.look(member('a'), true);
    for (const [what, call] of Object.entries(LEADERS)) await assert.rejects(call(other), isFenced, what);
    const { now: _, ...after } = await leader.look(member('a'), true);
    assert.deepEqual({ ...after, now: before.now }, before);
    assert.deepEqual(after.members[1], member('b'));
    assert.deepEqual([after.progress, after.counts, after.open], [progress(1, 'sum', 3), { sums: 1, updates: 0, masks: 0, leading: 0 }, true]);
    await Promise.all([leader.close(), other.close()]);
  });

  test(`${name}: a leader that sleeps for longer than its lease is followed by another, and refused when it wakes up`, async () => {
    const { fleet, leader, other } = await begun();
    await fleet.pass(2, () => leader.look(member('a'), true));
    assert.equal((await other.look(member('b'), true)).leads, false, 'a renewed lease lasts');
    await fleet.pass(1);
    assert.equal((await other.look(member('b'), false)).leader, undefined, 'nobody leads, and this one may not');
    const sight = await other.look(member('b'), true);
    assert.deepEqual([sight.leads, sight.members.map(({ id }) => id)], [true, ['b']]);
    for (const [what, call] of Object.entries(LEADERS)) await assert.rejects(call(leader), isFenced, what);
    const woken = await leader.look(member('a'), true);
    assert.deepEqual([woken.leads, woken.leader], [false, 'b']);
    await other.setProgress(progress(1, 'sum', 4));
    await Promise.all([leader.close(), other.close()]);
  });

  test(`${name}: a leader that leaves gives its lease back at once; one that follows takes nothing along`, async () => {
    const { leader, other } = await begun();
    await leader.leave('a');
    await assert.rejects(leader.setProgress(undefined), isFenced);
    assert.equal((await other.look(member('b'), true)).leads, true);
    await leader.leave('a');
    assert.deepEqual((await other.look(member('b'), true)).members, [member('b')]);
    await other.setProgress(progress(1, 'sum', 4));
    await Promise.all([leader.close(), other.close()]);
  });

  test(`${name}: a peek tells the version of what is published and whether anybody leads, and renews nothing`, async () => {
    const { fleet, leader, other } = await begun();
    const { version } = await other.look(member('b'), true);
    assert.deepEqual(await other.peek(), { version, isLed: true });
    await leader.setProgress(progress(1, 'update', 3));
    const { version: next } = await leader.look(member('a'), true);
    assert.notEqual(next, version);
    assert.deepEqual([await other.peek(), await leader.peek()], Array(2).fill({ version: next, isLed: true }));
    await fleet.pass(2, async () => void (await leader.peek()));
    assert.deepEqual(await other.peek(), { version: next, isLed: false });
    assert.deepEqual((await other.look(member('b'), true)).members, [member('b')]);
    await other.leave('b');
    assert.equal((await leader.peek()).isLed, false, 'at once when the leader leaves');
    await Promise.all([leader.close(), other.close()]);
  });

  test(`${name}: a new life of a process does not take over the lease of the old one`, async () => {
    const { fleet, leader, other } = await begun();
    const again = await fleet.connect();
    assert.equal((await again.look(member('a2'), true)).leads, false);
    await assert.rejects(again.setProgress(undefined), isFenced);
    await Promise.all([leader.close(), other.close(), again.close()]);
  });

  test(`${name}: anybody admits, to the round and phase that the store holds and up to what it takes, and to nothing else`, async () => {
    const { leader, other } = await begun();
    const version = (await other.look(member('b'), true)).version;
    assert.equal(await other.admissions.sum(1, key(1), ephemeral(1)), 'ok');
    assert.equal(await leader.admissions.sum(1, key(1), ephemeral(2)), 'already-exists');
    assert.equal(await leader.admissions.sum(2, key(2), ephemeral(2)), 'phase-over');
    assert.deepEqual(await other.admissions.update(1, update(7, 1)), { verdict: 'phase-over' });
    assert.deepEqual(await other.admissions.sum2(1, key(1), maskOf(1, 2)), { verdict: 'phase-over' });
    for (const one of [2, 3]) assert.equal(await other.admissions.sum(1, key(one), ephemeral(one)), 'ok');
    assert.equal(await other.admissions.sum(1, key(4), ephemeral(4)), 'phase-full');
    assert.equal((await other.look(member('b'), true)).version, version, 'admissions publish nothing');

    await leader.closeAdmissions();
    assert.equal((await other.look(member('b'), true)).open, false);
    assert.equal(await other.admissions.sum(1, key(5), ephemeral(5)), 'phase-over');
    await leader.closeSum([key(1), key(2)], progress(1, 'update', 2));
    assert.notEqual((await other.look(member('b'), true)).version, version);
    assert.deepEqual(await other.admissions.update(1, update(7, 1, 3)), { verdict: 'unknown-sum-participant' });
    assert.deepEqual(await other.admissions.update(1, update(7, 1, 2)), { verdict: 'ok', position: 1 });
    assert.deepEqual(await leader.admissions.update(1, update(7, 1, 2)), { verdict: 'already-submitted' });
    assert.deepEqual(await leader.admissions.update(1, update(8, 1, 2)), { verdict: 'ok', position: 2 });
    assert.deepEqual(await leader.admissions.update(1, update(9, 1, 2)), { verdict: 'phase-full' });
    assert.deepEqual(await positions(leader), [1, 2]);
    assert.deepEqual(await positions(other), [1, 2]);

    await leader.setProgress(progress(1, 'sum2', 2));
    assert.deepEqual(await other.admissions.sum2(1, key(1), maskOf(1, 2)), { verdict: 'ok', votes: 1 });
    assert.deepEqual(await leader.admissions.sum2(1, key(2), maskOf(1, 2)), { verdict: 'ok', votes: 2 });
    assert.deepEqual((await other.look(member('b'), true)).counts, { sums: 2, updates: 2, masks: 2, leading: 2 });
    await leader.setProgress(undefined);
    assert.deepEqual(await other.admissions.sum2(1, key(1), maskOf(1, 2)), { verdict: 'phase-over' });
    await Promise.all([leader.close(), other.close()]);
  });

  test(`${name}: of a hundred admissions from three processes while the phase closes, exactly those that were told "ok" are stored`, async () => {
    const { fleet, leader, other } = await begun();
    const third = await fleet.connect();
    await leader.admissions.sum(1, key(1), ephemeral(1));
    await leader.closeSum(undefined, progress(1, 'update', 60));
    const stores = [leader, other, third];
    const closing = (async () => {
      while ((await leader.counts()).updates < 30);
      await leader.closeAdmissions();
      return (await leader.counts()).updates;
    })();
    const verdicts = await Promise.all(Array.from({ length: 100 }, (_, i) => stores[i % 3]!.admissions.update(1, update(100 + i, 1))));
    const told = verdicts.flatMap((verdict) => (verdict.verdict === 'ok' ? [verdict.position] : [])).sort((a, b) => a - b);
    assert.equal(await closing, told.length, 'nothing came after the door was closed');
    assert.deepEqual(told, await positions(other));
    assert.ok(told.length <= 60);
    assert.ok(verdicts.every(({ verdict }) => verdict === 'ok' || verdict === 'phase-over' || verdict === 'phase-full'));
    await Promise.all([leader.close(), other.close(), third.close()]);
  });

  test(`${name}: a contribution belongs to who admitted it until it is in a stored sum, and is in exactly one`, async () => {
    const { leader, other } = await begun();
    await leader.admissions.sum(1, key(1), ephemeral(1));
    await leader.closeSum(undefined, progress(1, 'update'));
    for (const byte of [11, 12, 13]) await other.admissions.update(1, update(byte, 1));
    await leader.admissions.update(1, update(14, 1));
    const partials = async () => {
      const found: [string, number, number][] = [];
      for await (const { name: sum, aggregate, count } of leader.sums.partials()) found.push([sum, aggregate.vect[0]!, count]);
      return found.sort();
    };
    assert.deepEqual(
      await leader.sums.outstanding(),
      new Map([
        ['b', 3],
        ['a', 1],
      ]),
    );
    assert.deepEqual([await other.sums.pending(1, 'b'), await other.sums.pending(1, 'c'), await other.sums.pending(2, 'b')], [[1, 2, 3], [], []]);
    const { participant, maskedModel, position } = await leader.sums.contribution(2);
    assert.deepEqual([participant, maskedModel.vect, position], [key(12), maskOf(12, 2).vect, 2]);
    const sum = (of: string, byte: number, count: number) => ({ name: of, aggregate: maskOf(byte, 2), count });

    assert.equal(await other.sums.fold(1, 'b', sum('b0', 1, 2), [1, 3]), 'ok');
    assert.deepEqual([await other.sums.pending(1, 'b'), (await leader.look(member('a'), true)).unfolded], [[2], 2]);
    await assert.rejects(leader.sums.contribution(1), (error) => isXaynetError(error, 'contribution-damaged'));
    for (const [round, whose, positions] of [
      [1, 'b', [1]],
      [1, 'b', [2, 4]],
      [1, 'c', [2]],
      [2, 'b', [2]],
    ] as const) {
      assert.equal(await other.sums.fold(round, whose, sum('b0', 2, 9), positions), 'lost', `${round} ${whose} ${positions}`);
    }
    assert.deepEqual(await partials(), [['b0', 1, 2]]);
    assert.equal(await leader.sums.claim('a', 'b'), 1);
    assert.equal(await leader.sums.claim('a', 'b'), 0);
    assert.equal(await other.sums.fold(1, 'b', sum('b0', 2, 3), [2]), 'lost', 'it was claimed');
    assert.equal(await leader.sums.fold(1, 'a', sum('a0', 3, 2), [2, 4]), 'ok');
    assert.deepEqual(
      [(await leader.sums.outstanding()).size, await partials()],
      [
        0,
        [
          ['a0', 3, 2],
          ['b0', 1, 2],
        ],
      ],
    );
    await leader.setCheckpoint({ position: 4, aggregate: maskOf(9, 2), count: 4 });
    assert.deepEqual(await partials(), [], 'the checkpoint has them');
    assert.equal((await leader.checkpoint())!.count, 4);
    await leader.eraseRound();
    assert.equal(await other.sums.fold(1, 'b', sum('b0', 2, 1), [1]), 'lost');
    await Promise.all([leader.close(), other.close()]);
  });

  test(`${name}: chunks of anybody are stored for the round and phase that are on, counted for each participant, and go with their message or the phase`, async () => {
    const { leader, other } = await begun();
    const [a, b, c] = [chunk(1, 'sum', 7, 0), chunk(1, 'sum', 7, 1), { ...chunk(2, 'sum', 7, 5), unproven: true }];
    assert.deepEqual(await other.chunksOf(1, 'sum', key(1), 0), { chunks: [], stored: 0 });
    assert.deepEqual(await other.admissions.chunks(1, [a]), { verdict: 'ok', stored: [1] });
    assert.deepEqual(await leader.admissions.chunks(1, [b, c, chunk(1, 'sum', 8, 0)]), { verdict: 'ok', stored: [2, 1, 3] });
    assert.deepEqual(await other.chunksOf(1, 'sum', key(1), 0), { chunks: [a, b, chunk(1, 'sum', 8, 0)], stored: 3 });
    assert.deepEqual(await other.chunksOf(1, 'sum', key(1), 2), { chunks: [chunk(1, 'sum', 8, 0)], stored: 3 });
    assert.deepEqual(await leader.chunksOf(1, 'sum', key(2), 0), { chunks: [c], stored: 1 });
    for (const [round, one] of [
      [2, a],
      [1, chunk(1, 'update', 7, 0)],
    ] as const) {
      assert.deepEqual(await leader.admissions.chunks(round, [one]), { verdict: 'phase-over' });
      assert.deepEqual(await leader.chunksOf(round, one.tag, key(1), 0), { chunks: [], stored: 0 });
    }

    assert.deepEqual(await leader.admissions.chunks(1, [over(1, 'sum', 7), chunk(1, 'sum', 7, 9)]), { verdict: 'ok', stored: [4, 5] });
    assert.deepEqual(await other.chunksOf(1, 'sum', key(1), 0), { chunks: [chunk(1, 'sum', 8, 0), chunk(1, 'sum', 7, 9)], stored: 5 });
    assert.deepEqual(await other.chunksOf(1, 'sum', key(1), 5), { chunks: [], stored: 5 });
    assert.deepEqual(await other.chunksOf(1, 'sum', key(2), 0), { chunks: [c], stored: 1 }, 'the message of somebody else with the same number');
    await leader.setProgress(progress(1, 'sum', 9));
    assert.equal((await other.chunksOf(1, 'sum', key(1), 0)).stored, 5, 'it is the same phase');

    await leader.closeAdmissions();
    assert.deepEqual(await other.admissions.chunks(1, [a]), { verdict: 'phase-over' });
    await leader.closeSum(undefined, progress(1, 'update'));
    assert.deepEqual(await other.admissions.chunks(1, [chunk(1, 'update', 7, 3)]), { verdict: 'ok', stored: [1] });
    assert.deepEqual(await other.chunksOf(1, 'update', key(1), 0), { chunks: [chunk(1, 'update', 7, 3)], stored: 1 });
    await leader.eraseRound();
    assert.deepEqual(await other.admissions.chunks(1, [chunk(1, 'update', 7, 3)]), { verdict: 'phase-over' });
    await leader.setCoordinatorState(state(2), progress(2, 'sum'));
    assert.deepEqual(await other.chunksOf(2, 'sum', key(1), 0), { chunks: [], stored: 0 });
    await Promise.all([leader.close(), other.close()]);
  });

  test(`${name}: of chunks that three processes store at the same time each has a number of its own`, async () => {
    const { fleet, leader, other } = await begun();
    const stores = [leader, other, await fleet.connect()];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => stores[i % 3]!.admissions.chunks(1, [chunk(1, 'sum', 1, i), chunk(2, 'sum', 1, i)])),
    );
    for (const place of [0, 1]) {
      const numbers = answers.map((answer) => (answer.verdict === 'ok' ? answer.stored[place]! : 0));
      assert.deepEqual(
        numbers.sort((one, two) => one - two),
        Array.from({ length: 60 }, (_, i) => i + 1),
      );
    }
    assert.equal((await leader.chunksOf(1, 'sum', key(1), 0)).chunks.length, 60);
    await Promise.all(stores.map((store) => store.close()));
  });

  test(`${name}: all have the same secret, whoever asks first, and it stays when everything else is erased`, async () => {
    const { fleet, leader, other } = await begun();
    const third = await fleet.connect();
    const secrets = await Promise.all([other, leader, third].map((store) => store.fleetSecret()));
    await leader.eraseAll();
    secrets.push(await other.fleetSecret());
    assert.deepEqual([secrets[0]!.length, new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size], [32, 1]);
    const another = await (await setup.fleet()).connect();
    assert.notDeepEqual(await another.fleetSecret(), secrets[0], 'another fleet has another one');
    await Promise.all([leader, other, third, another].map((store) => store.close()));
  });

  test(`${name}: the version tells of every change of what is published`, async () => {
    const { leader, other } = await begun();
    const versions = new Set<number>();
    const see = async (): Promise<void> => {
      const { version } = await other.look(member('b'), true);
      assert.ok(!versions.has(version));
      versions.add(version);
    };
    await see();
    for (const change of [
      () => leader.setProgress(progress(1, 'update')),
      () => leader.closeSum(undefined, progress(1, 'sum2')),
      () => leader.setProgress(undefined),
      () => leader.setLatestModelId('1_aa'),
      () => leader.eraseRound(),
      () => leader.setCoordinatorState(state(2), progress(2, 'sum')),
      () => leader.eraseAll(),
    ]) {
      await change();
      await see();
    }
    await Promise.all([leader.close(), other.close()]);
  });
}
