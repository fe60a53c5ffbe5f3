// The rounds of the demo: one coordinator on an embedded store in a fresh folder, all participants in the same process, real
// HTTP between them over loopback. Whatever happens, everything is stopped and the folder removed before it returns.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Coordinator, parseSettings, type Settings } from '@xaynet/coordinator';
import { SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { type MaskConfig, rational } from '@xaynet/core/mask';
import { Participant } from '@xaynet/participant';
import type { Digits } from '../learning/digits.ts';
import { seededBytes } from '../learning/seeded-bytes.ts';
import { runDevice } from './device.ts';
import type { Progress } from './progress.ts';
import { accuracyOf, RoundJudge, type RoundsResult } from './round-judge.ts';
import { phaseWindows, type RoleOdds, roleOdds, type Window } from './round-plan.ts';
import { countingFetch } from './traffic.ts';
import { measureCosts } from './work-costs.ts';

/** What a federation is made of. */
export interface FederationInput {
  readonly seed: number;
  /** One share of the training rows a participant. */
  readonly shares: readonly Digits[];
  readonly test: Digits;
  readonly initial: Float32Array;
  readonly mask: MaskConfig;
  readonly length: number;
  readonly rounds: number;
  /** Seconds that one participant's training takes. */
  readonly training: number;
  /** Folder for a recording of the rounds; undefined: none is made. */
  readonly record?: string | undefined;
  readonly signal: AbortSignal;
  readonly tell: (progress: Progress) => void;
  /** Called when there were rounds enough, with the address of the coordinator; the rounds go on until it resolves. */
  readonly after?: ((result: FederationResult, url: string) => Promise<void>) | undefined;
}

/** What came out of it. */
export interface FederationResult extends RoundsResult {
  /** Mean size of an update as it was sent, all its parts together. */
  readonly updateBytes: number;
  /** Bytes of bodies that travelled to the coordinator and back, in all. */
  readonly up: number;
  readonly down: number;
}

/** Runs rounds until `rounds` were successful; rejects with a coded error or the signal's reason, having stopped everything. */
export async function runFederation(input: FederationInput): Promise<FederationResult> {
  const { seed, shares, mask, length } = input;
  let coordinator: Coordinator | undefined;
  // The page shows what only the demo can know; the last report may meet a coordinator that is closing.
  const report = (round: number, accuracy: number): void => void coordinator?.report(round, { accuracy }).catch(() => {});
  const tell: FederationInput['tell'] = (progress) => {
    input.tell(progress);
    if (progress.type === 'finished') report(progress.result.round, progress.result.accuracy);
  };
  const odds = roleOdds(shares.length);
  const poll = Math.max(0.05, 0.003 * shares.length);
  const windows = phaseWindows(shares.length, odds, measureCosts({ vect: mask, unit: mask }, length, input.training), poll);
  if (odds.success < 0.95) {
    tell({
      type: 'note',
      text: `only ${Math.round(100 * odds.success)} % of the rounds of ${shares.length} participants draw enough for both roles; others fail and are repeated`,
    });
  }
  const stop = new AbortController();
  const signal = AbortSignal.any([input.signal, stop.signal]);
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-demo-'));
  const running: Promise<void>[] = [];
  try {
    coordinator = await Coordinator.start(demoSettings(input, odds, windows, folder), { random: seededBytes(seed, 'coordinator') });
    input.signal.throwIfAborted();
    const total = shares.reduce((sum, share) => sum + share.labels.length, 0);
    const keys = shares.map((_, i) => signingKeyPairFromSeed(SigningKeySeed(seededBytes(seed, `keys ${i}`)(32))));
    const bytes = { up: 0, down: 0 };
    const updates = { bytes: 0, count: 0 };
    const fetch = countingFetch((up, down) => {
      bytes.up += up;
      bytes.down += down;
      tell({ type: 'traffic', up, down });
    });
    const judge = new RoundJudge({ ...input, tell, windows, keys: keys.map((pair) => pair.publicKey) });
    const { url } = coordinator;
    tell({ type: 'address', url: `${url}/` });
    const finished = new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      const unsubscribe = coordinator!.on((event) => {
        try {
          if (!judge.take(event)) return;
          unsubscribe(); // the coordinator begins another round at once, which is of no interest
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      const devices = shares.map(async (share, index) => {
        // n_i/Σn as an exact fraction. Above a few thousand participants n_i/max n would keep more digits (threats T12).
        const scalar = rational(share.labels.length, total);
        const participant = await Participant.create({
          url,
          keys: keys[index]!,
          scalar,
          maxMessageSize: 0, // whole: twenty updates of some megabytes in pieces at once would fill the coordinator's room for unfinished messages
          random: seededBytes(seed, `participant ${index}`),
          fetch,
        });
        await runDevice({
          participant,
          index,
          seed,
          share,
          scalar,
          initial: input.initial,
          bound: Number(mask.addShift),
          poll,
          signal,
          onRole: (role) => tell({ type: 'role', participant: index, role }),
          onTrained: (round, weights) => judge.keep(round, index, weights),
          onUpdateSent: (size, last) => {
            updates.bytes += size;
            if (last) updates.count++;
          },
        });
      });
      for (const device of devices) running.push(device.catch(reject));
    });
    await finished;
    coordinator.on((event) => event.type === 'model' && report(event.round, accuracyOf(event.model, input.test)));
    const result = { ...judge.result(), ...bytes, updateBytes: updates.bytes / Math.max(1, updates.count) };
    await input.after?.(result, `${url}/`);
    return result;
  } finally {
    stop.abort(new Error('the demo is over'));
    await Promise.all(running);
    await coordinator?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The coordinator's settings, as they would stand in its file. */
function demoSettings({ mask, length, record }: FederationInput, odds: RoleOdds, windows: Record<'sum' | 'update' | 'sum2', Window>, folder: string): Settings {
  return parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: { prob: odds.sum, count: { min: 1 }, time: windows.sum },
      update: { prob: odds.update, count: { min: odds.leastUpdates }, time: windows.update },
      sum2: { count: { min: 1 }, time: windows.sum2 },
    },
    mask: { group_type: mask.group, data_type: mask.data, bound_type: mask.bound, model_type: mask.model },
    model: { length },
    store: { kind: 'embedded', path: folder },
    page: { masked_update: true }, // all participants are made up
    ...(record === undefined ? {} : { record: { path: record } }),
  });
}
