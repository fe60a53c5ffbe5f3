// T14: whoever sends more than there is room for. Keys are free, so what a key can have that has proved nothing is little and shared by all of
// them; what a selected key can have is bounded and given back. Sockets that are held open: http/attacks.test.ts; sizes and budgets one by one:
// intake/*.test.ts; here whole attacks on a coordinator, the last of them all at once over HTTP.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SigningKeySeed, toBase64, toHex } from '@xaynet/core/bytes';
import { generateEncryptKeyPair, openMaskSeed, sha256, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { Aggregation } from '@xaynet/core/mask';
import { encodeChunk, encodePayload, signMessage } from '@xaynet/core/message';
import { decodeRoundParams, decodeSumDict, decodeUpdateSeedDict, type RoundParams } from '@xaynet/core/round';
import { Coordinator } from '../coordinator.ts';
import { Raw } from '../http/raw-client.test.ts';
import { chunkBudget } from '../intake/limits.ts';
import { ROOM_BYTES } from '../intake/waiting-room.ts';
import {
  bodyOf,
  chunksOf,
  EXAMPLE_MODEL,
  EXAMPLE_UPDATES,
  participants,
  playSum,
  Rig,
  sealed,
  seededRandom,
  sum2Payload,
  sumPayload,
  type TestParticipant,
  testSettings,
  updatePayload,
} from '../rig.test.ts';
import { MemoryStore } from '../stores/memory.ts';

const random = seededRandom('t14');

/** Somebody with a fresh key, who has not looked whether it is selected. */
function throwAway(params: RoundParams): TestParticipant {
  return { keys: signingKeyPairFromSeed(SigningKeySeed(sha256(random(32)))), params, ephemeral: generateEncryptKeyPair(random) };
}

/** A chunk of an update, made by hand. */
function chunk(who: TestParticipant, id: number, data: Uint8Array, messageId = 1): Uint8Array {
  const payload = encodeChunk({ id, messageId, last: false, data });
  return sealed(signMessage({ coordinator: who.params.publicKey, tag: 'update', multipart: true }, payload, who.keys), who);
}

const LARGE = 10_000;
const longer = { min: 4, max: 600 };

test('T14: chunks of throw-away keys, which prove nothing: a fixed room for all of them, and honest uploads go on beside it', async () => {
  const rig = await Rig.start({ settings: testSettings({ model: { length: LARGE }, update: { time: longer } }) });
  await playSum(rig);
  const [early, late] = participants(rig.params, 'update', 2);
  const weights = new Array(LARGE).fill(0.25);
  const upload = (who: TestParticipant): Uint8Array[] => chunksOf(updatePayload(who, rig.sums, { weights }), who, 20_000);
  const [ofEarly, ofLate] = [upload(early!), upload(late!)];
  assert.equal(await rig.send(ofEarly[0]!), 'incomplete');
  const honest = rig.intake.chunkBytes;
  let sent = 0;
  for (let i = 0; i < 120; i++) {
    const who = throwAway(rig.params);
    const data = new Uint8Array(50_000);
    const verdict = await rig.send(chunk(who, 1, data));
    assert.equal(verdict, sent + 51_024 <= ROOM_BYTES - i * 1024 ? 'incomplete' : 'chunk-budget', 'chunk 0, which would prove something, never comes');
    sent += data.length;
    assert.ok(rig.intake.chunkBytes - honest <= ROOM_BYTES);
  }
  assert.ok(sent > ROOM_BYTES, 'it was more than there is room for');
  for (const body of ofEarly.slice(1)) await rig.send(body);
  for (const body of ofLate) await rig.send(body);
  assert.equal(rig.driver.updates, 2);
  assert.ok(rig.intake.chunkBytes <= ROOM_BYTES);
});

test('T14: chunk 0 of a key that is not selected leaves nothing behind', async () => {
  const rig = await Rig.start({ settings: testSettings({ model: { length: LARGE }, update: { time: longer } }) });
  await playSum(rig);
  for (const who of participants(rig.params, 'none', 20)) {
    assert.equal(await rig.send(chunk(who, 0, random(20_000))), 'not-update-eligible');
    assert.equal(await rig.send(chunk(who, 0, random(100))), 'incomplete', 'too short to tell');
    assert.equal(await rig.send(chunk(who, 1, random(100))), 'not-update-eligible');
  }
  assert.equal(rig.intake.chunkBytes, 0);
});

test('T14: selected keys that begin and never go on: nobody who goes on is dropped, those who come wait, and idle ones make way', async () => {
  const length = 300_000;
  const rig = await Rig.start({ settings: testSettings({ model: { length }, update: { time: longer, count: { min: 3, max: 500 } } }) });
  const most = chunkBudget(7 * length);
  await playSum(rig);
  const [honest, newcomer, whole, ...attackers] = participants(rig.params, 'update', 75);
  const uploads = [honest!, newcomer!, whole!].map((who) => updatePayload(who, rig.sums, { weights: new Array(length).fill(0) }));
  const ofHonest = chunksOf(uploads[0]!, honest!, 400_000);
  assert.equal(await rig.send(ofHonest[0]!), 'incomplete');
  let turnedAway = 0;
  for (const who of attackers) {
    const head = encodePayload(updatePayload({ ...who }, rig.sums, { weights: [0] })).subarray(0, 200);
    const verdict = await rig.send(chunk(who, 0, head));
    if (verdict === 'chunk-budget') turnedAway++;
    else assert.equal(verdict, 'incomplete');
    assert.ok(rig.intake.chunkBytes <= most);
  }
  assert.ok(turnedAway > 0, 'they had all the room');
  const ofNewcomer = chunksOf(uploads[1]!, newcomer!, 400_000);
  assert.deepEqual(await rig.intake.receive(Uint8Array.from(ofNewcomer[0]!)), { accepted: false, code: 'chunk-budget', retryAfter: 10 });
  assert.equal(await rig.send(bodyOf(uploads[2]!, whole!)), 'accepted', 'a message in one piece needs no room');

  // The honest one is slow, but goes on; a minute later the others have done nothing.
  for (const body of ofHonest.slice(1, -1)) {
    await rig.seconds(40);
    assert.equal(await rig.send(body), 'incomplete');
  }
  assert.ok(ofHonest.length >= 4, 'more than a minute has passed');
  assert.equal(await rig.send(ofNewcomer[0]!), 'incomplete');
  assert.equal(await rig.send(ofHonest.at(-1)!), 'accepted');
  for (const body of ofNewcomer.slice(1)) await rig.send(body);
  assert.equal(rig.driver.updates, 3);
});

test('T14: one key that sends again and again is looked at so many times in a phase, and costs the round nothing more', async () => {
  const given = testSettings();
  const rig = await Rig.start({ settings: given, intake: { budgets: given.limits } });
  await playSum(rig);
  const [attacker, honest] = participants(rig.params, 'update', 2);
  const body = bodyOf(updatePayload(attacker!, rig.sums, { weights: [1, 1] }), attacker!);
  const verdicts: string[] = [];
  for (let i = 0; i < 20; i++) verdicts.push(await rig.send(Uint8Array.from(body)));
  assert.deepEqual(new Set(verdicts.slice(0, 4)), new Set(['accepted', 'update-already-submitted']));
  assert.deepEqual(new Set(verdicts.slice(4)), new Set(['rate-limited']));
  assert.deepEqual('counts' in rig.driver.state && rig.driver.state.counts, { accepted: 1, rejected: 3, discarded: 0 });
  assert.equal(await rig.send(bodyOf(updatePayload(honest!, rig.sums, { weights: [1, 1] }), honest!)), 'accepted');
});

/** What a client sees of a coordinator, by polling. */
class Watcher {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** The body, once there is one that is wanted. */
  async wait(path: string, isWanted: (body: Uint8Array) => boolean = () => true): Promise<Uint8Array> {
    for (;;) {
      const response = await fetch(this.url + path);
      const body = new Uint8Array(await response.arrayBuffer());
      if (response.status === 200 && isWanted(body)) return body;
      await sleep(5);
    }
  }

  /** The status of the answer to a message. */
  async post(body: Uint8Array): Promise<number> {
    const response = await fetch(`${this.url}/message`, { method: 'POST', body: Uint8Array.from(body) });
    await response.arrayBuffer();
    return response.status;
  }
}

test('T14: garbage, floods, throw-away keys, replays, slow and endless bodies all at once: an honest round completes exactly', async () => {
  const quick = { min: 0.1, max: 30 };
  const three = { count: { min: 3, max: 3 }, time: quick };
  const settings = testSettings({ sum: three, update: { time: quick }, sum2: three });
  const coordinator = await Coordinator.start(settings, { store: new MemoryStore() });
  after(() => coordinator.stop());
  const refusals: string[] = [];
  coordinator.on((event) => 'code' in event && event.type !== 'failure' && refusals.push(event.code));
  const watcher = new Watcher(coordinator.url);
  const params = decodeRoundParams(await watcher.wait('/params', (body) => decodeRoundParams(body).seed.some((byte) => byte !== 0)));

  let stop = false;
  const sockets: Raw[] = [];
  const seen: Uint8Array[] = [];
  const { host, port: portNumber } = coordinator.address;
  const raw = (text: string): Raw => {
    const socket = new Raw({ host, portNumber }).write(text);
    socket.socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  };
  const head = 'POST /message HTTP/1.1\r\nhost: x\r\n';
  const attacks: Record<string, () => Promise<unknown>> = {
    garbage: () => watcher.post(random(1 + random(1)[0]! * 4)),
    replays: () => (seen.length === 0 ? sleep(5) : watcher.post(seen[random(1)[0]! % seen.length]!)),
    strangers: () => {
      const who = throwAway(params);
      const payload = { ...sumPayload(participants(params, 'sum', 1)[0]!) };
      return watcher.post(bodyOf(payload, who));
    },
    chunks: () => watcher.post(chunk(throwAway(params), 1, random(40))),
    oversized: async () => {
      raw(`${head}content-length: 9999999999\r\n\r\n`);
      await sleep(20);
    },
    slow: async () => {
      raw(`${head}content-length: 300\r\n\r\nx`);
      await sleep(20);
    },
    endless: async () => {
      raw(`${head}transfer-encoding: chunked\r\n\r\n${'fff\r\n'.concat('x'.repeat(4095), '\r\n').repeat(20)}`);
      await sleep(20);
    },
    noise: async () => {
      raw(`${toHex(random(40))}\r\n\r\n`);
      await sleep(20);
    },
    readers: () =>
      Promise.all(['/params', '/sums', '/model', '/seeds?pk=x', '/nowhere', '/status'].map((path) => fetch(coordinator.url + path).then((r) => r.text()))),
  };
  const done: Record<string, number> = {};
  const running = Object.entries(attacks).map(async ([name, attack]) => {
    for (done[name] = 0; !stop; done[name]++) await attack().catch(() => {});
  });

  const send = async (body: Uint8Array): Promise<void> => {
    seen.push(Uint8Array.from(body));
    assert.equal(await watcher.post(body), 200);
  };
  const summers = participants(params, 'sum', 3);
  for (const who of summers) await send(bodyOf(sumPayload(who), who));
  const sums = decodeSumDict(await watcher.wait('/sums'));
  assert.equal(sums.size, 3);
  for (const [i, who] of participants(params, 'update', 3).entries()) await send(bodyOf(updatePayload(who, sums, EXAMPLE_UPDATES[i]!), who));
  for (const who of summers) {
    const seeds = decodeUpdateSeedDict(await watcher.wait(`/seeds?pk=${encodeURIComponent(toBase64(who.keys.publicKey))}`));
    const mask = new Aggregation(params.maskConfig, params.modelLength);
    for (const [, seed] of seeds) mask.addMask(openMaskSeed(seed, who.ephemeral));
    await send(bodyOf(sum2Payload(who, mask.object()), who));
  }
  const model = await watcher.wait('/model');
  stop = true;
  await Promise.all(running);
  for (const socket of sockets) socket.destroy();

  assert.equal(toHex(model), EXAMPLE_MODEL);
  for (const [name, count] of Object.entries(done)) assert.ok(count > 0, name);
  assert.ok(new Set(refusals).size >= 4, `every refusal has a code: ${[...new Set(refusals)]}`);
  assert.ok(!refusals.includes('internal-error'));
  assert.equal(coordinator.status().failures, 0);
  assert.equal((await fetch(`${coordinator.url}/healthz`)).status, 200);
});
