// A coordinator process killed with SIGKILL in every phase, again and again, on a store that survives that: each new process goes on with the
// same round, whoever sent something sends it again until it is answered, and the model is the exact mean of all updates, each counted once.
// The chaos command does the same by chance and for hours; here the places are chosen, so that none is ever left out.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type EncryptedMaskSeed, KeyMap, MaskSeed, type PublicSigningKey, toBase64 } from '@xaynet/core/bytes';
import { generateEncryptKeyPair, generateSigningKeyPair, openMaskSeed, type RandomBytes, seal, sealMaskSeed } from '@xaynet/core/crypto';
import { Aggregation, maskModel, rational } from '@xaynet/core/mask';
import { encodePayload, type Payload, signMessage } from '@xaynet/core/message';
import { chooseRole, decodeModel, decodeRoundParams, decodeSumDict, decodeUpdateSeedDict, type RoundParams } from '@xaynet/core/round';
import { freePort } from '../../packages/xaynet/src/chaos/free-port.ts';

const random: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
const SUMS = 3;
const UPDATES = 5;
const time = { min: 0, max: 300 };
const settings = (port: number, stored: object): object => ({
  api: { bind_address: `127.0.0.1:${port}` },
  pet: {
    sum: { prob: 0.5, count: { min: SUMS, max: SUMS }, time },
    update: { prob: 0.9, count: { min: UPDATES, max: UPDATES }, time },
    sum2: { count: { min: SUMS, max: SUMS }, time },
  },
  mask: { group_type: 'Prime', data_type: 'F32', bound_type: 'B0', model_type: 'M3' },
  model: { length: UPDATES },
  restore: { enable: true },
  intake: { workers: 1 },
  limits: { exempt_addresses: ['127.0.0.1'] },
  ...stored,
});

const PROGRAM = `
  import { flushCompileCache } from 'node:module';
  import { Coordinator, parseSettings } from '@xaynet/coordinator';
  const coordinator = await Coordinator.start(parseSettings(JSON.parse(process.argv[1])));
  coordinator.on((event) => event.type === 'phase' && process.send(event.phase));
  process.send('listening');
  flushCompileCache(); // a process that is killed would not
  process.once('SIGTERM', async () => { await coordinator.stop(); process.disconnect(); });
`;

class Coordinator {
  readonly #port: number;
  readonly #folder: string;
  readonly #stored: object;
  readonly url: string;
  #child!: ChildProcess;
  starts = 0;

  constructor(port: number, folder: string, stored: object) {
    this.#port = port;
    this.#folder = folder;
    this.#stored = stored;
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    this.starts++;
    const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', PROGRAM];
    this.#child = spawn(process.execPath, [...args, JSON.stringify(settings(this.#port, this.#stored))], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(this.#folder, 'compiled') },
    });
    const [said] = await Promise.race([once(this.#child, 'message'), once(this.#child, 'exit')]);
    assert.equal(said, 'listening');
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await once(this.#child, 'exit');
  }

  /** However the test ended. */
  async cleanUp(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.end('SIGKILL');
  }

  async restart(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    await this.end(signal);
    await this.start();
  }

  async get(path: string): Promise<Uint8Array | undefined> {
    const response = await fetch(`${this.url}${path}`);
    return response.status === 200 ? new Uint8Array(await response.arrayBuffer()) : undefined;
  }

  async wait<T>(path: string, read: (body: Uint8Array) => T, wanted: (value: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const body = await this.get(path).catch(() => undefined);
      if (body !== undefined && wanted(read(body))) return read(body);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Sends until there is an answer that is final, however often the process dies under it; its code, or `accepted`. */
  async send(body: Uint8Array): Promise<string> {
    for (;;) {
      const answer = await fetch(`${this.url}/message`, { method: 'POST', body: Uint8Array.from(body), headers: { accept: 'application/problem+json' } }).catch(
        () => undefined,
      );
      if (answer?.status === 200) return 'accepted';
      if (answer !== undefined && answer.status !== 503) return ((await answer.json()) as { code: string }).code;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function participants(params: RoundParams, role: 'sum' | 'update', count: number) {
  const found = [];
  while (found.length < count) {
    const keys = generateSigningKeyPair(random);
    const chosen = chooseRole(params, keys);
    if (chosen.role === role) found.push({ keys, chosen, ephemeral: generateEncryptKeyPair(random) });
  }
  return found;
}

/** Registers the test. `stored` gives the settings of the store; `folder` is one of the test's own. */
export function killedInEveryPhase(name: string, stored: (folder: string) => Promise<object>): void {
  test(`${name}: killed in each phase and while messages are under way, the coordinator goes on with the round, and the mean is exact`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'xaynet-killed-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const coordinator = new Coordinator(await freePort(), folder, await stored(folder));
    t.after(() => coordinator.cleanUp());
    await coordinator.start();
    await play(coordinator);
  });
}

async function play(coordinator: Coordinator): Promise<void> {
  const params = await coordinator.wait('/params', decodeRoundParams, ({ seed }) => seed.some((byte) => byte !== 0));
  const bodyOf = (payload: Payload, keys: Parameters<typeof signMessage>[2]): Uint8Array =>
    seal(signMessage({ coordinator: params.publicKey, tag: payload.tag, multipart: false }, encodePayload(payload), keys), params.publicKey, random);
  const same = async (): Promise<void> => {
    assert.deepEqual(await coordinator.wait('/params', (body) => [...body]), [...paramsBody], 'the same round');
  };
  const paramsBody = (await coordinator.get('/params'))!;

  const sums = participants(params, 'sum', SUMS).map(({ keys, chosen, ephemeral }) => {
    assert.ok(chosen.role === 'sum');
    const payload: Payload = { tag: 'sum', sumSignature: chosen.sumSignature, ephemeralKey: ephemeral.publicKey };
    return { keys, ephemeral, sumSignature: chosen.sumSignature, body: bodyOf(payload, keys) };
  });
  assert.equal(await coordinator.send(sums[0]!.body), 'accepted');
  await coordinator.restart();
  await same();
  assert.equal(await coordinator.send(sums[0]!.body), 'sum-already-exists', 'an answered message is never lost');
  const [second] = await Promise.all([coordinator.send(sums[1]!.body), coordinator.restart()]);
  assert.match(second, /accepted|sum-already-exists/);
  assert.equal(await coordinator.send(sums[2]!.body), 'accepted');

  const dict = await coordinator.wait('/sums', decodeSumDict);
  await coordinator.restart();
  assert.deepEqual((await coordinator.wait('/sums', decodeSumDict)).keys(), dict.keys());
  const updates = participants(params, 'update', UPDATES).map(({ keys, chosen }, i) => {
    assert.ok(chosen.role === 'update');
    const seed = MaskSeed(random(32));
    const model = Float32Array.from({ length: UPDATES }, (_, at) => (at === i ? 1 : 0));
    const maskedModel = maskModel({ config: params.maskConfig, seed, scalar: rational(1), model });
    const localSeedDict = new KeyMap([...dict].map(([key, ephemeral]): [PublicSigningKey, EncryptedMaskSeed] => [key, sealMaskSeed(seed, ephemeral, random)]));
    const { sumSignature, updateSignature } = chosen;
    return bodyOf({ tag: 'update', sumSignature, updateSignature, maskedModel, localSeedDict }, keys);
  });
  assert.equal(await coordinator.send(updates[0]!), 'accepted');
  assert.equal(await coordinator.send(updates[1]!), 'accepted');
  await coordinator.restart();
  assert.equal(await coordinator.send(updates[0]!), 'update-already-submitted');
  await Promise.all([coordinator.send(updates[2]!), coordinator.send(updates[3]!), coordinator.restart()]);
  await coordinator.restart('SIGTERM');
  await same();
  assert.match(await coordinator.send(updates[4]!), /accepted|message-/);

  const pk = encodeURIComponent(toBase64(sums[0]!.keys.publicKey));
  const row = await coordinator.wait(`/seeds?pk=${pk}`, decodeUpdateSeedDict);
  assert.equal(row.size, UPDATES);
  await coordinator.restart();
  const masks = [];
  for (const { keys, ephemeral, sumSignature } of sums) {
    const seeds = await coordinator.wait(`/seeds?pk=${encodeURIComponent(toBase64(keys.publicKey))}`, decodeUpdateSeedDict);
    const mask = new Aggregation(params.maskConfig, params.modelLength);
    for (const [, seed] of seeds) mask.addMask(openMaskSeed(seed, ephemeral));
    masks.push(bodyOf({ tag: 'sum2', sumSignature, mask: mask.object() }, keys));
  }
  assert.equal(await coordinator.send(masks[0]!), 'accepted');
  await coordinator.restart();
  assert.equal(await coordinator.send(masks[0]!), 'mask-already-submitted');
  assert.equal(await coordinator.send(masks[1]!), 'accepted');
  // Killed at once after the last mask was accepted: in unmask, or when the model is stored and not yet published.
  await coordinator.send(masks[2]!);
  await coordinator.restart();
  const model = await coordinator.wait('/model', decodeModel);
  assert.deepEqual(
    model,
    Array.from({ length: UPDATES }, () => rational(1, UPDATES)),
  );
  await coordinator.end('SIGTERM');
  assert.ok(coordinator.starts >= 9);
}
