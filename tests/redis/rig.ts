// What the tests of the store on Redis share: stores at one server, and things to put into them.

import { EncryptedMaskSeed, EncryptKeySeed, KeyMap, PublicEncryptKey, PublicSigningKey, RoundSeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed } from '@xaynet/core/crypto';
import { type MaskObject, parseMaskConfig } from '@xaynet/core/mask';
import type { CoordinatorState } from '@xaynet/core/round';
import type { RoundProgress, RoundRecord, Store, Update } from '../../packages/coordinator/src/stores/contract.ts';
import type { RedisStoreOptions } from '../../packages/coordinator/src/stores/redis/open.ts';
import { RedisStore } from '../../packages/coordinator/src/stores/redis/store.ts';
import { KEY, type RedisServer } from './server.ts';

const CONFIG = parseMaskConfig('Prime/F32/B0/M3');
export const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
export const key = (byte: number): PublicSigningKey => PublicSigningKey(filled(32, byte));
export const ephemeral = (byte: number): PublicEncryptKey => PublicEncryptKey(filled(32, byte));
export const mask = (byte: number, length = 2): MaskObject => ({
  config: { vect: CONFIG, unit: CONFIG },
  length,
  vect: filled(length * CONFIG.bytesPerNumber, byte),
  unit: filled(CONFIG.bytesPerNumber, byte),
});
export const update = (byte: number, ...sums: number[]): Update => ({
  participant: key(byte),
  localSeedDict: new KeyMap(sums.map((sum): [PublicSigningKey, EncryptedMaskSeed] => [key(sum), EncryptedMaskSeed(filled(80, byte + sum))])),
  maskedModel: mask(byte),
});
export const progress = (round: number, phase: RoundProgress['phase'] = 'sum'): RoundProgress => ({
  round,
  phase,
  since: 1_700_000_000_000 + round,
  failures: 0,
});
export const record = (round: number): RoundRecord => ({
  round,
  outcome: 'failure',
  began: 1,
  ended: 2,
  sums: 0,
  updates: 0,
  masks: 0,
  hashes: {},
  signer: 'aa',
  signature: 'bb',
});

export function state(roundId: number): CoordinatorState {
  const keys = encryptKeyPairFromSeed(EncryptKeySeed(filled(32, roundId)));
  const phase = { countMin: 1, countMax: 2, timeMin: 3, timeMax: 4 };
  const maskConfig = { vect: CONFIG, unit: CONFIG };
  const params = { publicKey: keys.publicKey, sum: 0.25, update: 0.5, seed: RoundSeed(filled(32, 9)), maskConfig, modelLength: 2 };
  return { keys, roundId, params, sum: phase, update: phase, sum2: phase };
}

/** Opens a store that the test closes, if nobody has. */
export async function openAt(t: { after(end: () => unknown): void }, server: RedisServer, options: Partial<RedisStoreOptions> & { prefix: string }) {
  const store = await RedisStore.open({ url: server.url, key: KEY, ...options });
  t.after(() => store.close().catch(() => {}));
  return store;
}

export async function contributions(store: Store, after = 0): Promise<number[]> {
  const found: number[] = [];
  for await (const { position } of store.contributions(after)) found.push(position);
  return found;
}

export async function chunks(store: Store): Promise<number> {
  let found = 0;
  for await (const _ of store.chunks()) found++;
  return found;
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A logger that keeps what it is told. */
export function logs() {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const at =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push({ level, message, fields });
    };
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => logger };
  return { logger, lines, text: (): string => lines.map(({ level, message, fields }) => `${level} ${message} ${JSON.stringify(fields)}`).join('\n') };
}
