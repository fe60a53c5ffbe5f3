import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, PublicEncryptKey, PublicSigningKey, Signature } from '../bytes/index.ts';
import { CHUNK_COST, encodeChunk, type Message, type MessageTag, PENDING_COST, Reassembler, type ReassemblerLimits, type ReassemblyResult } from './index.ts';

// Signatures are checked before reassembly, so these messages carry none.
interface Part {
  readonly id: number;
  readonly data?: readonly number[];
  readonly last?: boolean;
  readonly from?: number;
  readonly messageId?: number;
  readonly tag?: MessageTag;
  readonly coordinator?: number;
}
function message({ id, data = [id], last = false, from = 1, messageId = 7, tag = 'update', coordinator = 9 }: Part): Message {
  return {
    participant: PublicSigningKey(new Uint8Array(32).fill(from)),
    coordinator: PublicEncryptKey(new Uint8Array(32).fill(coordinator)),
    tag,
    multipart: true,
    signature: Signature(new Uint8Array(64)),
    payload: encodeChunk({ id, messageId, last, data: Uint8Array.from(data) }),
    signed: new Uint8Array(0),
  };
}
function reassembler(limits: Partial<ReassemblerLimits> = {}): Reassembler {
  return new Reassembler({ maxBytes: 1e6, maxMessages: 100, maxBytesPerMessage: () => 1000, ...limits });
}
function bytes(result: ReassemblyResult): number[] {
  assert.equal(result.status, 'complete', JSON.stringify(result));
  return result.status === 'complete' ? [...result.payload] : [];
}
const refusedFor = (reason: string): ReassemblyResult => ({ status: 'refused', reason }) as ReassemblyResult;
const INCOMPLETE: ReassemblyResult = { status: 'incomplete' };

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

test('chunks complete a message in every order, and leave nothing behind', () => {
  const parts = [
    { id: 0, data: [1, 2] },
    { id: 1, data: [3, 4] },
    { id: 2, data: [5, 6] },
    { id: 3, data: [7], last: true },
  ];
  const together = reassembler();
  for (const order of permutations(parts)) {
    for (const part of order.slice(0, -1)) assert.deepEqual(together.add(message(part)), INCOMPLETE);
    assert.equal(together.pending, 1);
    assert.deepEqual(bytes(together.add(message(order.at(-1)!))), [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual([together.pending, together.bytes], [0, 0]);
  }
});

test('an ordinary message is complete as it is, and so is a single chunk that is the last', () => {
  const ordinary = { ...message({ id: 0 }), multipart: false, payload: Uint8Array.of(1, 2, 3) };
  assert.deepEqual(bytes(reassembler().add(ordinary)), [1, 2, 3]);
  assert.deepEqual(bytes(reassembler().add(message({ id: 0, data: [4, 5], last: true }))), [4, 5]);
});

test('a repeated chunk replaces the earlier one', () => {
  const together = reassembler();
  together.add(message({ id: 0, data: [1, 1, 1] }));
  together.add(message({ id: 0, data: [2] }));
  assert.equal(together.bytes, PENDING_COST + CHUNK_COST + 1);
  together.add(message({ id: 2, data: [4], last: true }));
  together.add(message({ id: 2, data: [5], last: true }));
  assert.deepEqual(bytes(together.add(message({ id: 1, data: [3] }))), [2, 3, 5]);
});

test('as many chunks as there should be are not enough: a gap keeps the message waiting', () => {
  const together = reassembler();
  together.add(message({ id: 3, last: true }));
  together.add(message({ id: 0 }));
  together.add(message({ id: 2 }));
  assert.deepEqual(together.add(message({ id: 2 })), INCOMPLETE);
  assert.deepEqual(together.add(message({ id: 4 })), refusedFor('chunk-conflict'));
  assert.deepEqual(together.add(message({ id: 65535 })), refusedFor('chunk-conflict'));
  assert.deepEqual(bytes(together.add(message({ id: 1 }))), [0, 1, 2, 3]);
});

test('contradictions about the last chunk are refused, and what was there stays', () => {
  const together = reassembler();
  together.add(message({ id: 2, last: true }));
  for (const part of [{ id: 1, last: true }, { id: 3, last: true }, { id: 2 }, { id: 3 }]) {
    assert.deepEqual(together.add(message(part)), refusedFor('chunk-conflict'), JSON.stringify(part));
  }
  together.add(message({ id: 0 }));
  assert.deepEqual(bytes(together.add(message({ id: 1 }))), [0, 1, 2]);

  together.add(message({ id: 5 }));
  together.add(message({ id: 1 }));
  assert.deepEqual(together.add(message({ id: 4, last: true })), refusedFor('chunk-conflict'));
  assert.deepEqual(together.add(message({ id: 5, last: true })), refusedFor('chunk-conflict'));
  assert.deepEqual(together.add(message({ id: 6, last: true })), INCOMPLETE);
});

test('participants, tags and coordinator keys with the same message id do not mix', () => {
  const together = reassembler({ maxMessagesPerParticipant: 3 });
  const senders: Partial<Part>[] = [{ from: 1 }, { from: 2 }, { from: 1, tag: 'sum2' }, { from: 1, coordinator: 8 }, { from: 1, messageId: 8 }];
  for (const [i, sender] of senders.entries()) assert.deepEqual(together.add(message({ id: 0, data: [i], ...sender })), INCOMPLETE);
  assert.equal(together.pending, 4, 'the fourth of participant 1 pushed out its first');
  assert.equal(together.evicted, 1);
  const wide = reassembler();
  for (const [i, sender] of senders.entries()) wide.add(message({ id: 0, data: [i], ...sender }));
  assert.equal(wide.pending, 5);
  for (const [i, sender] of senders.entries()) assert.deepEqual(bytes(wide.add(message({ id: 1, data: [9], last: true, ...sender }))), [i, 9]);
});

test('malformed chunks are refused by value', () => {
  const broken = (payload: Uint8Array) => ({ ...message({ id: 0 }), payload });
  assert.deepEqual(reassembler().add(broken(new Uint8Array(7))), refusedFor('decode-truncated'));
  assert.deepEqual(reassembler().add(broken(new Uint8Array(8))), refusedFor('decode-chunk'));
});

test('a message may be as large as its tag allows, not one byte larger', () => {
  const limits = { maxBytesPerMessage: (tag: MessageTag) => (tag === 'sum' ? 4 : 6) };
  const together = reassembler(limits);
  together.add(message({ id: 0, data: [1, 2, 3], tag: 'sum' }));
  assert.deepEqual(bytes(together.add(message({ id: 1, data: [4], last: true, tag: 'sum' }))), [1, 2, 3, 4]);
  together.add(message({ id: 0, data: [1, 2, 3], tag: 'sum' }));
  assert.deepEqual(together.add(message({ id: 1, data: [4, 5], last: true, tag: 'sum' })), refusedFor('message-too-large'));
  assert.deepEqual([together.pending, together.bytes], [0, 0]);
  assert.deepEqual(together.add(message({ id: 0, data: [1, 2, 3, 4, 5], tag: 'sum' })), refusedFor('message-too-large'));
  together.add(message({ id: 0, data: [1, 2, 3] }));
  assert.deepEqual(together.add(message({ id: 0, data: [1, 2, 3, 4, 5, 6] })), INCOMPLETE, 'the replaced data do not count');
});

test('when the budget is full, the message that waited longest goes', () => {
  const one = PENDING_COST + CHUNK_COST + 1;
  const together = reassembler({ maxBytes: 3 * one + CHUNK_COST + 1 });
  for (const from of [1, 2, 3]) together.add(message({ id: 0, from }));
  together.add(message({ id: 1, from: 1 })); // participant 1 is now the most recent
  assert.deepEqual([together.pending, together.evicted, together.bytes], [3, 0, 3 * one + CHUNK_COST + 1]);
  together.add(message({ id: 0, from: 4 }));
  assert.deepEqual([together.pending, together.evicted], [3, 1]);
  assert.deepEqual(bytes(together.add(message({ id: 2, from: 1, last: true }))), [0, 1, 2]);
  assert.deepEqual(bytes(together.add(message({ id: 1, from: 3, last: true }))), [0, 1]);
  assert.deepEqual(bytes(together.add(message({ id: 1, from: 4, last: true }))), [0, 1]);
  assert.deepEqual(together.add(message({ id: 1, from: 2, last: true })), INCOMPLETE, 'the first chunk of participant 2 is gone');
});

test('a chunk that completes its message needs no room, and one message beyond the whole budget does not push out the others', () => {
  const one = PENDING_COST + CHUNK_COST + 1;
  const together = reassembler({ maxBytes: 2 * one });
  together.add(message({ id: 0, from: 1 }));
  together.add(message({ id: 0, from: 2 }));
  assert.deepEqual(bytes(together.add(message({ id: 0, data: new Array(1000).fill(1), last: true, from: 3 }))).length, 1000);
  assert.equal(together.pending, 2);
  assert.deepEqual(together.add(message({ id: 0, data: new Array(1000).fill(1), from: 3 })), INCOMPLETE);
  assert.equal(together.pending, 1);
  const tight = reassembler({ maxBytes: one });
  tight.add(message({ id: 0, from: 1 }));
  assert.deepEqual(tight.add(message({ id: 0, data: [1, 2], from: 2 })), refusedFor('chunk-budget'));
  assert.deepEqual([tight.pending, tight.evicted], [1, 0]);
});

test('a participant that starts too many messages loses its own oldest, never that of another', () => {
  const together = reassembler({ maxMessagesPerParticipant: 2 });
  together.add(message({ id: 0, from: 1 }));
  for (const messageId of [1, 2, 3]) together.add(message({ id: 0, from: 2, messageId }));
  assert.deepEqual([together.pending, together.evicted], [3, 1]);
  assert.deepEqual(bytes(together.add(message({ id: 1, from: 1, last: true }))), [0, 1]);
  assert.deepEqual(bytes(together.add(message({ id: 1, from: 2, messageId: 2, last: true }))), [0, 1]);
  assert.deepEqual(bytes(together.add(message({ id: 1, from: 2, messageId: 3, last: true }))), [0, 1]);
  assert.deepEqual(together.add(message({ id: 1, from: 2, messageId: 1, last: true })), INCOMPLETE);
});

test('the number of pending messages is bounded', () => {
  const together = reassembler({ maxMessages: 3 });
  for (let from = 1; from <= 10; from++) together.add(message({ id: 0, from }));
  assert.deepEqual([together.pending, together.evicted], [3, 7]);
  assert.deepEqual(bytes(together.add(message({ id: 1, from: 8, last: true }))), [0, 1]);
});

test('tiny chunks are counted with their overhead, so that they cannot fill the memory', () => {
  const maxBytes = 64 * 1024;
  const together = reassembler({ maxBytes, maxBytesPerMessage: () => 1e9 });
  let refusals = 0;
  for (let id = 0; id < 2000; id++) {
    if (together.add(message({ id })).status === 'refused') refusals++;
    assert.ok(together.bytes <= maxBytes);
    assert.ok(together.bytes >= together.pending * (PENDING_COST + 64));
  }
  assert.ok(CHUNK_COST >= 64);
  assert.equal(refusals, Math.floor(2000 / Math.floor((maxBytes - PENDING_COST) / (CHUNK_COST + 1) + 1)));
});

test('the most chunks there can be, ids 0 to 65535, complete a message', () => {
  const together = new Reassembler({ maxBytes: 1e8, maxMessages: 1, maxBytesPerMessage: () => 65536 });
  let result: ReassemblyResult = INCOMPLETE;
  for (let id = 65535; id >= 0; id--) result = together.add(message({ id, data: [id & 255], last: id === 65535 }));
  const joined = bytes(result);
  assert.equal(joined.length, 65536);
  assert.ok(joined.every((byte, id) => byte === (id & 255)));
});

test('clear drops everything', () => {
  const together = reassembler();
  together.add(message({ id: 0 }));
  together.clear();
  assert.deepEqual([together.pending, together.bytes], [0, 0]);
  assert.deepEqual(together.add(message({ id: 1, last: true })), INCOMPLETE);
  for (let i = 0; i < 4; i++) together.add(message({ id: 0, messageId: i }));
  assert.equal(together.pending, 4);
});

test('kept data do not change when the buffer they came in is used again', () => {
  const together = reassembler();
  const first = message({ id: 0, data: [1, 2, 3] });
  together.add(first);
  first.payload.fill(0);
  assert.deepEqual(bytes(together.add(message({ id: 1, data: [4], last: true }))), [1, 2, 3, 4]);
});

test('whatever comes in which order, the limits hold and the counts agree', () => {
  const part = fc.record({
    id: fc.nat(6),
    last: fc.boolean(),
    from: fc.integer({ min: 1, max: 4 }),
    messageId: fc.nat(3),
    tag: fc.constantFrom<MessageTag>('sum', 'update'),
    data: fc.array(fc.nat(255), { minLength: 1, maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 120 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 12_000 }), (parts, maxMessages, maxBytes) => {
      const together = reassembler({ maxMessages, maxBytes, maxMessagesPerParticipant: 2, maxBytesPerMessage: () => 150 });
      for (const one of parts) {
        const before = together.bytes;
        const result = together.add(message(one));
        if (result.status === 'complete') assert.ok(result.payload.length <= 150);
        if (result.status === 'refused') assert.ok(together.bytes <= before);
        assert.ok(together.bytes <= maxBytes);
        assert.ok(together.pending <= maxMessages);
        assert.ok(together.pending <= 4 * 2);
        assert.ok(together.bytes >= together.pending * PENDING_COST);
        assert.equal(together.pending === 0, together.bytes === 0);
      }
    }),
    { numRuns: 200 },
  );
});

test('shuffled chunks of any payload give the payload', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 30 }), fc.infiniteStream(fc.nat()), (slices, keysOf) => {
      const order = slices.map((data, id) => ({ data, id, key: keysOf.next().value as number })).sort((a, b) => a.key - b.key);
      const together = reassembler();
      const results = order.map(({ id, data }) => together.add(message({ id, data: [...data], last: id === slices.length - 1 })));
      assert.deepEqual(bytes(results.pop()!), [...concatBytes(...slices)]);
      assert.ok(results.every((result) => result.status === 'incomplete'));
    }),
    { numRuns: 50 },
  );
});
