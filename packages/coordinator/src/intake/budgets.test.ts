// What one key and one address may have of a phase (T5, T14): a number of messages, a number of keys, counted when they have passed, forgotten
// with the phase.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, chunksOf, participants, playSum, Rig, sumPayload, testSettings, updatePayload, verdictText } from '../rig.test.ts';
import { type BudgetLimits, Budgets } from './budgets.ts';

const limits = (changes: Partial<BudgetLimits> = {}): BudgetLimits => ({
  messagesPerKey: 4,
  participantsPerAddress: 2,
  exemptAddresses: ['127.0.0.0/8', '::1'],
  ...changes,
});
const LIMITED = { accepted: false, code: 'rate-limited', retryAfter: 60 };

test('a key hands in four messages a phase: an answer that was lost can be asked for again, the fifth is refused (T14)', async () => {
  const rig = await Rig.start({ intake: { budgets: limits() } });
  const [who, other] = participants(rig.params, 'sum', 2);
  const body = bodyOf(sumPayload(who!), who!);
  const verdicts: string[] = [];
  for (let i = 0; i < 5; i++) verdicts.push(await rig.send(body));
  assert.deepEqual(verdicts, ['accepted', 'sum-already-exists', 'sum-already-exists', 'sum-already-exists', 'rate-limited']);
  assert.deepEqual(await rig.intake.receive(body), LIMITED);
  assert.equal(await rig.send(chunksOf(sumPayload(who!), who!, 262)[0]!), 'rate-limited', 'nor in chunks');
  assert.equal(await rig.send(bodyOf(sumPayload(other!), other!)), 'accepted');
  assert.equal('counts' in rig.driver.state && rig.driver.state.counts.rejected, 3, 'the round did not see the others');
});

test('a message in chunks that comes when the share is used up is over, and holds no room', async () => {
  const rig = await Rig.start({ intake: { budgets: limits({ messagesPerKey: 1 }) } });
  const [who] = participants(rig.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 232);
  for (const body of bodies.slice(0, -1)) assert.equal(await rig.send(body), 'incomplete');
  assert.equal(await rig.send(bodyOf(sumPayload(who!), who!)), 'accepted');
  assert.equal(await rig.send(bodies.at(-1)!), 'rate-limited');
  assert.equal(rig.intake.chunkBytes, 0);
  assert.deepEqual(await rig.intake.receive(bodies[0]!), LIMITED);
});

test('what the round could not take does not count', async () => {
  const rig = await Rig.start({ intake: { budgets: limits({ messagesPerKey: 1 }) } });
  const [who] = participants(rig.params, 'sum', 1);
  const body = bodyOf(sumPayload(who!), who!);
  const { submit } = rig.driver;
  rig.driver.submit = async () => ({ kind: 'discarded', code: 'queue-full' });
  for (let i = 0; i < 3; i++) assert.deepEqual(await rig.intake.receive(body), { accepted: false, code: 'queue-full', retryAfter: 1 });
  rig.driver.submit = submit;
  assert.equal(await rig.send(body), 'accepted');
  assert.equal(await rig.send(body), 'rate-limited');
});

test('T5: an address brings two keys a phase, in one piece or in chunks; others are refused before the round sees them', async () => {
  const rig = await Rig.start({ settings: testSettings({ sum: { count: { min: 1, max: 5 } } }), intake: { budgets: limits() } });
  const [a, b, c] = participants(rig.params, 'sum', 3);
  const from = (address: string, body: Uint8Array): Promise<string> => rig.intake.receive(body, address).then(verdictText);
  const [first, ...rest] = chunksOf(sumPayload(b!), b!, 262);
  assert.equal(await from('198.51.100.7', bodyOf(sumPayload(a!), a!)), 'accepted');
  assert.equal(await from('198.51.100.7', first!), 'incomplete');
  assert.equal(await from('::ffff:198.51.100.7', bodyOf(sumPayload(c!), c!)), 'rate-limited', 'the same address in other clothes');
  assert.equal(await from('198.51.100.7', chunksOf(sumPayload(c!), c!, 262)[0]!), 'rate-limited');
  for (const body of rest) assert.equal(await from('198.51.100.7', body), 'accepted');
  assert.equal(await from('198.51.100.7', bodyOf(sumPayload(a!), a!)), 'sum-already-exists', 'known keys go on');
  assert.equal(await from('198.51.100.8', bodyOf(sumPayload(c!), c!)), 'accepted');
  await rig.seconds(4);
  const updaters = participants(rig.params, 'update', 2);
  for (const who of updaters) {
    assert.equal(await from('198.51.100.7', bodyOf(updatePayload(who, rig.sums, { weights: [0, 0] }), who)), 'accepted', 'another phase');
  }
});

test('who is not selected uses up nobody’s budget', async () => {
  const rig = await Rig.start({ intake: { budgets: limits({ participantsPerAddress: 1 }) } });
  const [who] = participants(rig.params, 'sum', 1);
  for (const stranger of participants(rig.params, 'update', 3)) {
    const body = bodyOf(sumPayload(who!), stranger);
    assert.equal(verdictText(await rig.intake.receive(body, '198.51.100.7')), 'not-sum-eligible');
  }
  assert.equal(verdictText(await rig.intake.receive(bodyOf(sumPayload(who!), who!), '198.51.100.7')), 'accepted');
});

test('exempt addresses and texts that are none have no budget; the /64 of an IPv6 address has one', () => {
  const budgets = new Budgets(() => limits());
  for (const exempt of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '', 'unix']) assert.equal(budgets.addressOf(exempt), undefined, exempt);
  assert.equal(budgets.addressOf('2001:db8::1'), budgets.addressOf('2001:db8:0:0:ffff::2'));
  assert.notEqual(budgets.addressOf('2001:db8::1'), budgets.addressOf('2001:db8:0:1::1'));
});

test('limits of 0 are none, and new limits hold from the next message on', async () => {
  let current = limits({ messagesPerKey: 0, participantsPerAddress: 0 });
  const rig = await Rig.start({
    intake: {
      get budgets() {
        return current;
      },
    },
  });
  assert.ok(rig);
  const budgets = new Budgets(() => current);
  const keys = participants(rig.params, 'sum', 3).map(({ keys: { publicKey } }) => publicKey);
  const admit = (key: (typeof keys)[number]): boolean => budgets.admit(key, budgets.addressOf('198.51.100.7'));
  assert.deepEqual(keys.map(admit), [true, true, true]);
  current = limits({ participantsPerAddress: 1 });
  assert.deepEqual(keys.map(admit), [true, false, false]);
});

test('what is remembered is bounded', () => {
  const budgets = new Budgets(() => limits({ participantsPerAddress: 1, messagesPerKey: 1 }));
  const key = (n: number) => Uint8Array.of(n >> 16, n >> 8, n) as never;
  for (let n = 0; n < 70_000; n++) {
    assert.ok(budgets.admit(key(n), budgets.addressOf(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)));
    budgets.take(key(n));
  }
  assert.ok(budgets.remembered <= 2 * 65_536);
  budgets.clear();
  assert.equal(budgets.remembered, 0);
});

test('the update phase is reached with budgets as without', async () => {
  const rig = await Rig.start({ intake: { budgets: limits() } });
  await playSum(rig, 3);
});
