// One participant's task in an engine, update or sum, up to its last message, against a transport that is made of nothing: what the process
// then had at its most is read from outside (memory.ts). It tells that it is done, and waits a moment so that there is still somebody to read.
import { EncryptKeySeed, KeyMap, MaskSeed, PublicSigningKey, RoundSeed, SigningKeySeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed, openSealed, sealMaskSeed, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { parseMaskConfig } from '@xaynet/core/mask';
import { decodePayload, parseMessage, type SumPayload } from '@xaynet/core/message';
import type { RoundParams } from '@xaynet/core/round';
import { Participant, type Transport } from '@xaynet/participant';
import { say } from '../../tests/runtimes/suite/say.ts';

/** What a run is told, as the global `xaynetMemory`. */
export interface MemoryOrders {
  readonly task: 'update' | 'sum';
  readonly length: number;
}

/** Updates of the round, whose masks a sum participant adds. */
const UPDATES = 3;

const { task, length } = (globalThis as unknown as { xaynetMemory: MemoryOrders }).xaynetMemory;
const config = parseMaskConfig('Power2/F32/B0/M6');
const bytes = (size: number, first = 1): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (first + 7 * i) & 255);
const coordinator = encryptKeyPairFromSeed(EncryptKeySeed(bytes(32)));
let ephemeral = encryptKeyPairFromSeed(EncryptKeySeed(bytes(32, 2))).publicKey;
const params: RoundParams = {
  publicKey: coordinator.publicKey,
  sum: task === 'sum' ? 1 : 0,
  update: 1,
  seed: RoundSeed(bytes(32, 3)),
  maskConfig: { vect: config, unit: config },
  modelLength: length,
};
const each = <Value>(make: (i: number) => Value) =>
  new KeyMap<PublicSigningKey, Value>(Array.from({ length: UPDATES }, (_, i) => [PublicSigningKey(bytes(32, i + 1)), make(i)] as const));
const transport: Transport = {
  params: async () => params,
  sums: async () => each(() => ephemeral),
  seeds: async () => each((i) => sealMaskSeed(MaskSeed(bytes(32, i)), ephemeral, bytes)),
  model: async () => undefined,
  send: async (sealed) => {
    if (sealed.length > 1000) return { accepted: true }; // no sum message
    const { tag, payload } = parseMessage(openSealed(sealed, coordinator));
    if (tag === 'sum') ephemeral = (decodePayload('sum', payload) as SumPayload).ephemeralKey;
    return { accepted: true };
  },
};
const clock = {
  now: () => Date.now(),
  after: (_: number, run: () => void) => {
    void Promise.resolve().then(run);
    return () => undefined;
  },
};

async function work(): Promise<string> {
  const keys = signingKeyPairFromSeed(SigningKeySeed(bytes(32, 5)));
  const participant = await Participant.create({ transport, keys, clock, random: bytes, threads: 0, minUpdates: 1, minSums: 1 });
  for (let ticks = 0; ticks < 100_000; ticks++) {
    const { waitingFor, sent, error } = await participant.tick();
    if (error !== undefined) return String(error);
    if (sent !== undefined && sent.tag !== 'sum' && sent.part === sent.parts) return 'done';
    if (waitingFor === 'model') participant.setModel(new Float32Array(length).fill(0.25));
    else if (waitingFor !== undefined) return `waits for ${waitingFor}`;
  }
  return 'no end';
}

work().then(
  (end) => {
    say(end);
    setTimeout(() => undefined, 3000);
  },
  (error: unknown) => say(String(error)),
);
