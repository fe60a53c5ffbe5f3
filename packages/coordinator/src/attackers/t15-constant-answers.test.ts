// T15: whoever watches the answers to somebody else's messages, or hands in messages to learn from the answers. As in the original protocol, a
// client that does not ask for problems gets the same bytes whatever became of its message. When they come is not hidden, nor that a message
// could not be looked at now (too large, too many, paused): those answers are not about what is in it.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { encodePayload, signMessage } from '@xaynet/core/message';
import { decodeRoundParams } from '@xaynet/core/round';
import { Coordinator } from '../coordinator.ts';
import { Raw } from '../http/raw-client.test.ts';
import { bodyOf, chunksOf, participants, sealed, seededRandom, sum2Payload, sumPayload, testSettings } from '../rig.test.ts';
import { MemoryStore } from '../stores/memory.ts';

const given = testSettings({ sum: { time: { min: 60, max: 60 } } });
// Each message is sent many times here, which a budget would notice.
const coordinator = await Coordinator.start({ ...given, limits: { ...given.limits, messagesPerKey: 0 } }, { store: new MemoryStore() });
after(() => coordinator.stop());
while (coordinator.status().phase !== 'sum') await new Promise((resolve) => setTimeout(resolve, 2));
const params = decodeRoundParams(new Uint8Array(await (await fetch(`${coordinator.url}/params`)).arrayBuffer()));

const [summer, other, stranger] = [...participants(params, 'sum', 2), ...participants(params, 'update', 1)];
const random = seededRandom('t15');
const plain = (tag: 'sum' | 'update', payload: Uint8Array, change = (bytes: Uint8Array) => bytes): Uint8Array =>
  sealed(change(signMessage({ coordinator: params.publicKey, tag, multipart: false }, payload, summer!.keys)), summer!);
const lowOrder = (): Uint8Array => encodePayload(sumPayload(other!)).fill(0, 64);
const mask = (): Parameters<typeof sum2Payload>[1] => ({ config: params.maskConfig, length: 2, vect: new Uint8Array(12), unit: new Uint8Array(6) });

/** Messages and what becomes of them, in this order. */
const MESSAGES: readonly [code: string, body: () => Uint8Array][] = [
  ['accepted', () => bodyOf(sumPayload(summer!), summer!)],
  ['sum-already-exists', () => bodyOf(sumPayload(summer!), summer!)],
  ['incomplete', () => chunksOf(sumPayload(other!), other!, 232)[0]!],
  ['not-sum-eligible', () => bodyOf(sumPayload(other!), stranger!)],
  ['key-unusable', () => plain('sum', lowOrder())],
  ['message-unexpected', () => bodyOf(sum2Payload(summer!, mask()), summer!)],
  ['signature-invalid', () => plain('sum', encodePayload(sumPayload(summer!)), (bytes) => bytes.fill(1, 0, 9))],
  ['decode-tag', () => plain('sum', encodePayload(sumPayload(summer!)), (bytes) => bytes.fill(9, 132, 133))],
  ['sealed-box-open-failed', () => random(200)],
  ['sealed-box-open-failed', () => new Uint8Array()],
];

/** Status line, headers and body as they came, without the date. */
async function answer(body: Uint8Array, headers: string): Promise<string> {
  const { host, port: portNumber } = coordinator.address;
  const raw = new Raw({ host, portNumber });
  raw.write(`POST /message HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n${headers}\r\n`).write(body);
  const text = await raw.end();
  raw.destroy();
  return text.replace(/^date: .*\r\n/im, '');
}

async function verdicts(headers: string): Promise<string[]> {
  const heard: string[] = [];
  for (const [code, body] of MESSAGES) {
    const told: string[] = [];
    const off = coordinator.on((event) => {
      if (event.type === 'accepted') told.push(event.type);
      else if (event.type === 'rejected' || event.type === 'refused' || event.type === 'discarded') told.push(event.code);
    });
    heard.push(await answer(body(), headers));
    off();
    if (headers === '') assert.deepEqual(told, code === 'incomplete' ? [] : [code], 'each message is what it should be');
  }
  return heard;
}

test('T15: every verdict has the same answer, byte for byte, for clients that do not ask for problems', async () => {
  const heard = await verdicts('');
  assert.match(heard[0]!, /^HTTP\/1\.1 200 OK\r\n(.+\r\n)*content-length: 0\r\n(.+\r\n)*\r\n$/i);
  for (const headers of ['accept: */*\r\n', 'accept: application/octet-stream, application/json\r\n', 'accept: application/problem+json;q=0\r\n', '']) {
    assert.deepEqual(new Set(await verdicts(headers === '' ? 'x-nothing: 1\r\n' : headers)), new Set(heard.slice(0, 1)), headers);
  }
  assert.equal(new Set(heard).size, 1);
});

test('T15: who asks for problems is told, so there was something to hide', async () => {
  assert.ok(new Set(await verdicts('accept: application/problem+json\r\n')).size > 5);
});
