// T13: messages that say one thing and are another. The parser takes exactly what the protocol says, nothing less, nothing left over; the
// switch that makes it lenient still reads nothing that is not signed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@xaynet/core/bytes';
import { encodePayload, signMessage } from '@xaynet/core/message';
import { bodyOf, participants, playSum, Rig, sealed, sumPayload, type TestParticipant, testSettings, updatePayload } from '../rig.test.ts';

/** A sum message whose plain bytes are changed by `change` before it is sealed; `signed`: before it is signed, too. */
function sumMessage(who: TestParticipant, more: Uint8Array, change: (plain: Uint8Array) => Uint8Array = (plain) => plain): Uint8Array {
  const payload = concatBytes(encodePayload(sumPayload(who)), more);
  return sealed(change(signMessage({ coordinator: who.params.publicKey, tag: 'sum', multipart: false }, payload, who.keys)), who);
}

const NOTHING = new Uint8Array();

test('T13: signed bytes behind the content are refused, and taken with compat.trailing_bytes', async () => {
  for (const [compat, verdict] of [
    [{}, 'message-unexpected'],
    [{ trailing_bytes: true }, 'accepted'],
  ] as const) {
    const rig = await Rig.start({ settings: testSettings({ compat }) });
    const who = participants(rig.params, 'sum', 1)[0]!;
    assert.equal(await rig.send(sumMessage(who, Uint8Array.of(1, 2, 3))), verdict);
  }
});

test('T13: unsigned bytes behind the message never become payload, lenient or not (W-03)', async () => {
  for (const compat of [{}, { trailing_bytes: true }]) {
    const rig = await Rig.start({ settings: testSettings({ compat }) });
    const [who, other] = participants(rig.params, 'sum', 2);
    // The length in the header says 136: an empty signed payload, with somebody's good payload unsigned behind it.
    const plain = concatBytes(
      signMessage({ coordinator: who!.params.publicKey, tag: 'sum', multipart: false }, NOTHING, who!.keys),
      encodePayload(sumPayload(who!)),
    );
    assert.notEqual(await rig.send(sealed(plain, who!)), 'accepted');
    assert.equal(await rig.send(bodyOf(sumPayload(other!), other!)), 'accepted');
  }
});

test('T13: every other length in the header than that of the message is refused (W-01)', async () => {
  const rig = await Rig.start();
  const who = participants(rig.params, 'sum', 1)[0]!;
  for (const length of [0, 63, 64, 135, 136, 231, 233, 0x7fff_ffff, 0xffff_ffff]) {
    const lying = (plain: Uint8Array): Uint8Array => {
      const changed = Uint8Array.from(plain);
      new DataView(changed.buffer).setUint32(128, length);
      return changed;
    };
    assert.equal(await rig.send(sumMessage(who, NOTHING, lying)), 'decode-length', `length ${length}`);
  }
  assert.equal(await rig.send(sumMessage(who, NOTHING)), 'accepted');
});

test('T13: an update named a sum message, and the other way round', async () => {
  const rig = await Rig.start();
  await playSum(rig);
  const who = participants(rig.params, 'update', 1)[0]!;
  const payload = encodePayload(updatePayload(who, rig.sums, { weights: [0, 0] }));
  const send = (tag: 'sum' | 'update' | 'sum2'): Promise<string> =>
    rig.send(sealed(signMessage({ coordinator: rig.params.publicKey, tag, multipart: false }, payload, who.keys), who));
  assert.equal(await send('sum'), 'message-unexpected');
  assert.equal(await send('sum2'), 'message-unexpected');
  assert.equal(await send('update'), 'accepted');
});
