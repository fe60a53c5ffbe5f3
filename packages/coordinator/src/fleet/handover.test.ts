// Who is asked about a chunk, for how long, and what is said of those who do not answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublicSigningKey } from '@xaynet/core/bytes';
import { FakeClock, settle } from '../clock.test.ts';
import type { Verdict } from '../http/port.ts';
import type { HandedChunk } from '../intake/fleet-chunks.ts';
import { type Logger, SILENT_LOGGER } from '../log.ts';
import type { Member } from '../stores/shared.ts';
import { Handover } from './handover.ts';
import { ownerOf } from './owner.ts';

const LEASE = 3000;
const TAKEN: Verdict = { accepted: true, complete: false };
const member = (id: string, url = `http://${id}`): Member => ({ id, url, version: '1', began: 0, accepted: 0, refused: 0 });
const participant = (n: number): PublicSigningKey => PublicSigningKey(new Uint8Array(32).fill(n));
/** A chunk of somebody of whom this holds. */
function chunkOf(holds: (who: PublicSigningKey) => boolean): HandedChunk {
  let n = 0;
  while (!holds(participant(n))) n++;
  return { round: 1, tag: 'update', participant: participant(n), payload: new Uint8Array(9), proven: true, address: undefined };
}
const chunkFor = (id: string, among: readonly Member[]): HandedChunk => chunkOf((who) => ownerOf(who, among)!.id === id);

/** The hand of member `a`; what others answer is up to the test. */
function rig(members: Member[]) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const said: string[] = [];
  const answers = new Map<string, () => Promise<Verdict | undefined>>();
  const logger: Logger = { ...SILENT_LOGGER, warn: (_, text) => said.push(`warn ${text}`), info: (_, text) => said.push(`info ${text}`) };
  const handover = new Handover({
    self: 'a',
    members: () => members,
    send: async ({ id }) => {
      asked.push(id);
      return await (answers.get(id) ?? (async () => TAKEN))();
    },
    leaseMs: LEASE,
    clock,
    logger,
  });
  return { clock, asked, said, answers, handover };
}

test("what is its own a member keeps; what is another's goes there; without anybody to be reached it keeps all", async () => {
  const members = [member('a'), member('b'), member('c')];
  const { handover, asked } = rig(members);
  assert.equal(await handover.hand(chunkFor('a', members)), undefined);
  assert.deepEqual(await handover.hand(chunkFor('b', members)), TAKEN);
  assert.deepEqual(asked, ['b']);
  const alone = rig([member('a', ''), member('b', '')]);
  for (const id of ['a', 'b']) assert.equal(await alone.handover.hand(chunkFor(id, members.slice(0, 2))), undefined);
  assert.deepEqual(alone.asked, []);
});

test('who fails is passed over for a lease, the next in line is asked; that is said once, and when it is well again', async () => {
  const members = [member('a'), member('b'), member('c')];
  const { handover, asked, said, answers, clock } = rig(members);
  const without = members.filter(({ id }) => id !== 'b');
  const chunk = chunkOf((who) => ownerOf(who, members)!.id === 'b' && ownerOf(who, without)!.id === 'c');
  answers.set('b', async () => {
    throw new Error('connection refused');
  });
  assert.deepEqual(await handover.hand(chunk), TAKEN);
  assert.deepEqual(await handover.hand(chunk), TAKEN);
  assert.deepEqual(asked, ['b', 'c', 'c']);
  await clock.advance(LEASE);
  answers.set('b', async () => undefined); // it takes nothing now, which is the same
  assert.deepEqual(await handover.hand(chunk), TAKEN);
  assert.deepEqual(asked.slice(3), ['b', 'c']);
  assert.equal(said.length, 1);
  await clock.advance(LEASE);
  answers.delete('b');
  assert.deepEqual(await handover.hand(chunk), TAKEN);
  assert.deepEqual(
    said.map((line) => line.split(' ', 1)[0]),
    ['warn', 'info'],
  );
});

test('who hangs is waited for two leases, and two members at most are asked', async () => {
  const members = [member('a'), member('b'), member('c'), member('d')];
  const { handover, asked, answers, clock } = rig(members);
  for (const id of ['b', 'c', 'd']) answers.set(id, () => new Promise(() => {}));
  const chunk = chunkOf((who) => {
    const first = ownerOf(who, members)!;
    return (
      first.id !== 'a' &&
      ownerOf(
        who,
        members.filter((one) => one !== first),
      )!.id !== 'a'
    );
  });
  let verdict: Verdict | undefined | 'none' = 'none';
  void handover.hand(chunk).then((found) => {
    verdict = found;
  });
  await clock.advance(2 * LEASE - 1);
  assert.equal(asked.length, 1);
  await clock.advance(2 * LEASE);
  await clock.advance(1);
  await settle();
  assert.deepEqual([asked.length, verdict], [2, undefined]);
  assert.equal(clock.timers, 0);
});

test('a member that comes or goes moves only its own share', () => {
  const members = ['a', 'b', 'c', 'd'].map((id) => member(id));
  const moved = { stayed: 0, toNew: 0, other: 0 };
  const counts = new Map<string, number>();
  for (let n = 0; n < 256; n++) {
    const before = ownerOf(participant(n), members.slice(0, 3))!.id;
    const after = ownerOf(participant(n), members)!.id;
    counts.set(after, (counts.get(after) ?? 0) + 1);
    moved[after === before ? 'stayed' : after === 'd' ? 'toNew' : 'other']++;
  }
  assert.equal(moved.other, 0);
  for (const [id, count] of counts) assert.ok(count > 30 && count < 110, `${id}: ${count}`);
});
