// Rounds recorded between an original coordinator and original participants, replayed: every message opens, verifies, parses and
// encodes to the same bytes; what the coordinator published is rebuilt from the messages and compared with what was recorded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  compareBytes,
  concatBytes,
  type EncryptedMaskSeed,
  equalBytes,
  fromBase64,
  fromHex,
  KeyMap,
  type PublicSigningKey,
  type RoundSeed,
  toHex,
} from '@xaynet/core/bytes';
import { openSealed } from '@xaynet/core/crypto';
import { isXaynetError } from '@xaynet/core/errors';
import { Aggregation, encodeMaskObject, equalMaskObjects, type MaskObject, rational, type UnmaskedModel } from '@xaynet/core/mask';
import {
  decodeChunk,
  decodePayload,
  encodeChunk,
  encodePayload,
  HEADER_LENGTH,
  type Message,
  type Payload,
  parseMessage,
  Reassembler,
  type Sum2Payload,
  type SumPayload,
  sum2PayloadSize,
  sumPayloadSize,
  type UpdatePayload,
  updatePayloadSize,
  verifyMessage,
} from '@xaynet/core/message';
import {
  type CoordinatorState,
  decodeCoordinatorState,
  decodeModel,
  decodeRoundParams,
  decodeSumDict,
  decodeUpdateSeedDict,
  encodeCoordinatorState,
  encodeModel,
  encodeRoundParams,
  encodeSumDict,
  encodeUpdateSeedDict,
  equalRoundParams,
  initialRoundSeed,
  isEligible,
  nextRoundSeed,
  verifyTask,
} from '@xaynet/core/round';
import { load } from './load.ts';

interface Exchange {
  method: 'GET' | 'POST';
  path: string;
  request_hex?: string;
  status: number;
  response_hex: string;
}
interface Recording {
  mask_config: Record<'group' | 'data' | 'bound' | 'model', string> & { length: number };
  coordinator_states: { hex: string }[];
  exchanges: Exchange[];
}
/** What is known of a recording beforehand: messages of each round (sum, update, sum2, chunks joined), posts, the model's digest. */
interface Expected {
  file: string;
  rounds: [sum: number, update: number, sum2: number][];
  posts: Record<'sum' | 'update' | 'sum2', number>;
  chunks: number;
  modelSha256: string;
}
const RECORDINGS: Expected[] = [
  {
    file: 'recorded-rounds-small.json',
    rounds: [
      [3, 8, 3],
      [2, 9, 2],
      [7, 5, 7],
      [2, 10, 2],
      [2, 8, 2],
      [4, 8, 4],
    ],
    posts: { sum: 20, update: 48, sum2: 20 },
    chunks: 0,
    modelSha256: '370192cb8213616138d859e979b5001030c8da154eff067bf9f27e1d426d5f8c',
  },
  {
    file: 'recorded-rounds-chunked.json',
    rounds: [
      [7, 3, 7],
      [3, 6, 3],
      [1, 0, 0],
    ],
    posts: { sum: 11, update: 27, sum2: 20 },
    chunks: 47,
    modelSha256: '0897afcaf546373fe57e5fb6fcc9cae8dd36dc428a8af59a9c258ce0c7b10ade',
  },
];

interface Round {
  readonly state: CoordinatorState;
  readonly exchanges: Exchange[];
  readonly posts: Message[];
  readonly sums: KeyMap<PublicSigningKey, SumPayload>;
  readonly updates: KeyMap<PublicSigningKey, UpdatePayload>;
  readonly sum2s: KeyMap<PublicSigningKey, Sum2Payload>;
}

/** The exchanges of each round: those from one answer of /params to the next, with the coordinator's state of that round. */
function roundsOf({ coordinator_states, exchanges }: Recording): Round[] {
  const rounds: Round[] = [];
  for (const exchange of exchanges) {
    if (exchange.path === '/params') {
      const state = decodeCoordinatorState(fromHex(coordinator_states[rounds.length]!.hex));
      assert.equal(toHex(encodeRoundParams(state.params)), exchange.response_hex);
      rounds.push({ state, exchanges: [], posts: [], sums: new KeyMap(), updates: new KeyMap(), sum2s: new KeyMap() });
    }
    rounds.at(-1)!.exchanges.push(exchange);
  }
  for (const round of rounds) collect(round);
  return rounds;
}

/** Opens, checks and joins the messages of a round, with the exact limits a coordinator would set. */
function collect(round: Round): void {
  const { params } = round.state;
  const reassembler = new Reassembler({
    maxBytes: 1e6,
    maxMessages: 20,
    maxBytesPerMessage: (tag) =>
      ({
        sum: sumPayloadSize(),
        update: updatePayloadSize(params.maskConfig, params.modelLength, round.sums.size),
        sum2: sum2PayloadSize(params.maskConfig, params.modelLength),
      })[tag],
  });
  for (const { method, path, request_hex, status, response_hex } of round.exchanges) {
    if (method !== 'POST') continue;
    assert.deepEqual([path, status, response_hex], ['/message', 200, '']);
    const sealed = fromHex(request_hex!);
    const plain = openSealed(sealed, round.state.keys);
    const message = parseMessage(plain);
    assert.ok(verifyMessage(message));
    assert.deepEqual(message.coordinator, params.publicKey);
    assert.equal(plain.length, HEADER_LENGTH + message.payload.length);
    round.posts.push(message);
    if (message.multipart) {
      assert.ok(sealed.length <= 3912);
      assert.deepEqual(encodeChunk(decodeChunk(message.payload)), message.payload);
    }
    const result = reassembler.add(message);
    assert.notEqual(result.status, 'refused');
    if (result.status === 'complete') accept(round, message, result.payload);
  }
  assert.deepEqual([reassembler.pending, reassembler.bytes, reassembler.evicted], [0, 0, 0]);
}

/** Parses a complete payload, holds its task signatures against the rule of wire 1.5 and files it. */
function accept(round: Round, { participant, tag }: Message, bytes: Uint8Array): void {
  const { params } = round.state;
  const payload = decodePayload(tag, bytes);
  assertSameBytes(payload, bytes);
  assert.ok(verifyTask(payload.sumSignature, params.seed, 'sum', participant));
  assert.equal(isEligible(payload.sumSignature, params.sum), payload.tag !== 'update');
  switch (payload.tag) {
    case 'sum':
      assert.ok(!round.sums.has(participant));
      round.sums.set(participant, payload);
      break;
    case 'update':
      assert.ok(verifyTask(payload.updateSignature, params.seed, 'update', participant));
      assert.ok(isEligible(payload.updateSignature, params.update));
      assert.ok(!round.updates.has(participant));
      assert.deepEqual(payload.localSeedDict.keys(), round.sums.keys());
      round.updates.set(participant, payload);
      break;
    case 'sum2':
      assert.ok(!round.sum2s.has(participant));
      assert.deepEqual(payload.sumSignature, round.sums.get(participant)?.sumSignature);
      round.sum2s.set(participant, payload);
      break;
  }
}

/** Encoding a payload gives the bytes it was parsed from; in a seed dictionary, whose order is free, entry for entry. */
function assertSameBytes(payload: Payload, bytes: Uint8Array): void {
  const entriesAt = bytes.length - (payload.tag === 'update' ? 112 * payload.localSeedDict.size : 0);
  const sorted = concatBytes(bytes.subarray(0, entriesAt), ...slices(bytes.subarray(entriesAt), 112));
  assert.deepEqual(encodePayload(payload), sorted);
}
/** Equal slices of a byte string, in ascending order. */
function slices(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size)).sort(compareBytes);
}
/** A recorded dictionary with its entries in ascending order. */
function sortedBody(body: Uint8Array, entry: number): Uint8Array {
  return concatBytes(body.subarray(0, 8), ...slices(body.subarray(8), entry));
}
function bodies(round: Round, path: string): { path: string; body: Uint8Array }[] {
  return round.exchanges
    .filter((exchange) => exchange.method === 'GET' && exchange.path.startsWith(path) && exchange.status === 200)
    .map((exchange) => ({ path: exchange.path, body: fromHex(exchange.response_hex) }));
}
/** The sum of the masked models of a round, less `mask`. */
function unmask(round: Round, mask: MaskObject): UnmaskedModel {
  const aggregation = new Aggregation(round.state.params.maskConfig, round.state.params.modelLength);
  for (const [, update] of round.updates) aggregation.add(update.maskedModel);
  return aggregation.unmask(mask);
}
function masksOf(round: Round): MaskObject[] {
  return [...round.sum2s].map(([, payload]) => payload.mask);
}

for (const { file, rounds: expectedRounds, posts, chunks, modelSha256 } of RECORDINGS) {
  const recording = load<Recording>(file);
  let rounds: Round[] = [];

  test(`${file}: every message opens, verifies, parses, is eligible, and encodes to the same bytes`, () => {
    rounds = roundsOf(recording);
    assert.equal(rounds.length, expectedRounds.length);
    assert.deepEqual(
      rounds.map((round) => [round.sums.size, round.updates.size, round.sum2s.size]),
      expectedRounds,
    );
    const all = rounds.flatMap((round) => round.posts);
    for (const tag of ['sum', 'update', 'sum2'] as const) assert.equal(all.filter((message) => message.tag === tag).length, posts[tag], tag);
    assert.equal(all.filter((message) => message.multipart).length, chunks);
  });

  test(`${file}: the stored states follow from one another, and their parameters are those published`, () => {
    let seed: RoundSeed = initialRoundSeed();
    for (const [i, { state, exchanges }] of rounds.entries()) {
      assert.equal(state.roundId, i + 1);
      assert.equal(toHex(encodeCoordinatorState(state)), recording.coordinator_states[i]!.hex);
      assert.deepEqual(state.keys.publicKey, state.params.publicKey);
      const body = fromHex(exchanges[0]!.response_hex);
      assert.ok(equalRoundParams(decodeRoundParams(body), state.params));
      assert.deepEqual(encodeRoundParams(decodeRoundParams(body)), body);
      seed = nextRoundSeed(seed, state.keys.secretKey, state.params.sum, state.params.update);
      assert.deepEqual(state.params.seed, seed);
      const { group, data, bound, model, length } = recording.mask_config;
      const { vect, unit } = state.params.maskConfig;
      assert.deepEqual([vect.name, unit.name, state.params.modelLength], [`${group}/${data}/${bound}/${model}`, vect.name, length]);
    }
    assert.equal(rounds.length, recording.coordinator_states.length);
  });

  test(`${file}: /sums is made of the sum messages`, () => {
    let compared = 0;
    for (const round of rounds) {
      const rebuilt = new KeyMap([...round.sums].map(([key, payload]) => [key, payload.ephemeralKey] as const));
      for (const { body } of bodies(round, '/sums')) {
        assert.deepEqual([...decodeSumDict(body)], [...rebuilt]);
        assert.deepEqual(encodeSumDict(rebuilt), sortedBody(body, 80));
        compared++;
      }
    }
    assert.equal(compared, expectedRounds.filter(([, update]) => update > 0).length);
  });

  test(`${file}: /seeds is made of the update messages`, () => {
    const asked = new Set<string>();
    for (const [i, round] of rounds.entries()) {
      for (const { path, body } of bodies(round, '/seeds')) {
        const key = fromBase64(decodeURIComponent(path.slice('/seeds?pk='.length)));
        const rebuilt = new KeyMap(
          [...round.updates].map(([updater, payload]): [PublicSigningKey, EncryptedMaskSeed] => [updater, payload.localSeedDict.get(key)!]),
        );
        assert.deepEqual([...decodeUpdateSeedDict(body)], [...rebuilt]);
        assert.deepEqual(encodeUpdateSeedDict(rebuilt), sortedBody(body, 128));
        asked.add(`${i} ${toHex(key)}`);
      }
    }
    assert.equal(
      asked.size,
      expectedRounds.reduce((sum, [, , sum2]) => sum + sum2, 0),
    );
  });

  test(`${file}: all masks of a round are equal, and the sum of the masked models less the mask is /model`, () => {
    const published = rounds.flatMap((round) => bodies(round, '/model'));
    assert.equal(published.length, 1, 'the model never changes: all participants hold the same weights');
    const { body } = published[0]!;
    assert.equal(createHash('sha256').update(body).digest('hex'), modelSha256);
    assert.deepEqual(encodeModel(decodeModel(body)), body);
    let computed = 0;
    for (const round of rounds.filter(({ sum2s }) => sum2s.size > 0)) {
      const masks = masksOf(round);
      assert.ok(masks.every((mask) => equalMaskObjects(mask, masks[0]!)));
      assert.ok(masks.every((mask) => equalBytes(encodeMaskObject(mask), encodeMaskObject(masks[0]!))));
      assert.deepEqual(round.sum2s.keys(), round.sums.keys());
      const model = unmask(round, masks[0]!);
      assert.ok(model.withinBound());
      assert.equal(model.count, round.updates.size);
      assert.deepEqual(encodeModel(model.toModel()), body);
      computed++;
    }
    assert.equal(computed, expectedRounds.filter(([, , sum2]) => sum2 > 0).length);
  });

  test(`${file}: the mask of another round gives garbage, and it is noticed`, () => {
    const [first, second] = rounds as [Round, Round];
    try {
      assert.equal(unmask(first, masksOf(second)[0]!).withinBound(), false);
    } catch (error) {
      assert.ok(isXaynetError(error, 'unmask-scalar-sum'), String(error));
    }
  });
}

test('the model recorded in the small file is floor((w + A)·E)/E - A of the weights that the participants held', () => {
  const [body] = roundsOf(load<Recording>('recorded-rounds-small.json')).flatMap((round) => bodies(round, '/model'));
  const f = Math.fround;
  const weights = Float32Array.from({ length: 10 }, (_, i) => f(f(Math.sin(f((i + 1) * f(0.37)))) * f(0.9)));
  const E = 10n ** 10n;
  const scaled = [...weights].map((weight) => {
    const numerator = BigInt(weight * 2 ** 60); // a binary32 of this size is a multiple of 2^-60
    return ((numerator + (1n << 60n)) * E) >> 60n;
  });
  assert.deepEqual(
    decodeModel(body!.body),
    scaled.map((y) => rational(y - E, E)),
  );
});
