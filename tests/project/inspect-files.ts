// The files that docs/INSPECT.md looks into, made of one participant, one round and one device that are the same every time.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@xaynet/core/bytes';
import { seal } from '@xaynet/core/crypto';
import { deriveMask, encodeMaskObject } from '@xaynet/core/mask';
import { MessageEncoder } from '@xaynet/core/message';
import { encodeRoundParams, encodeUpdateSeedDict } from '@xaynet/core/round';
import { ContributionFiles } from '../../packages/coordinator/src/stores/files/contribution-files.ts';
import { systemDisk } from '../../packages/coordinator/src/stores/files/disk.ts';
import { bytesOf, keys, masked, messageOf, params, payloads, round, row, seed, sensitive } from '../../packages/xaynet/src/inspect/examples.test.ts';

/** Writes all of them into `folder`; returns their names. */
export function writeInspectFiles(folder: string): string[] {
  const [, update] = payloads;
  const message = messageOf(update!);
  const cut = message.slice(0, -30);
  cut[132] = 7;
  const raw = encodeMaskObject(masked);
  raw.fill(255, 14, 20);
  const encoder = new MessageEncoder(update!, { keys, coordinator: round.publicKey, maxMessageSize: 400, random: (length) => bytesOf('id', length) });
  const parts: [string, Uint8Array][] = [];
  for (let part = encoder.next(); part !== undefined; part = encoder.next()) parts.push([`part${parts.length}.bin`, part]);
  const snapshot = sensitive.find(({ kind, bytes }) => kind === 'snapshot' && Buffer.from(bytes).includes(Buffer.from(encodeUpdateSeedDict(row))))!.bytes;
  const damaged = Uint8Array.from(snapshot, (byte, i) => (i === 40 ? byte ^ 1 : byte));
  const store = new ContributionFiles(systemDisk, folder);
  for (const position of [1, 2, 3]) store.append(7, { position, rest: bytesOf(`participant ${position}`) }, masked);
  store.close();
  const segment = readFileSync(join(folder, 'segment-0000000001'));
  const files: [string, Uint8Array | string][] = [
    ['params.bin', encodeRoundParams(params)],
    ['sealed.bin', seal(message, round.publicKey, (length) => bytesOf('seal', length))],
    ['round.key', `${toHex(round.secretKey)}\n`],
    ['cut.bin', cut],
    ['masked.bin', raw],
    ['mask.bin', encodeMaskObject(deriveMask({ config: params.maskConfig, seed, length: 100_000 }))],
    ['mask.seed', seed],
    ['seeds.bin', encodeUpdateSeedDict(row)],
    ['device.state', snapshot],
    ['damaged.state', damaged],
    ['segment-0000000001', segment.subarray(0, -22)],
    ['recorded-rounds-small.json', readFileSync(new URL('../../vectors/recorded-rounds-small.json', import.meta.url))],
    ['empty.hex', '0000000000000000\n'],
    ['config.hex', '0102ff06\n'],
    ...parts,
  ];
  for (const [name, contents] of files) writeFileSync(join(folder, name), contents);
  return files.map(([name]) => name);
}
