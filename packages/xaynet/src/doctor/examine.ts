// One examination: looks at everything in an order in which people think of it, and yields each finding as soon as there is one.

import { getCiphers, getFips } from 'node:crypto';
import { loadSettings, parseSettings, readTls, type Settings } from '@xaynet/coordinator';
import { detectCryptoProviders } from '@xaynet/core/crypto';
import { ERRORS, isXaynetError } from '@xaynet/core/errors';
import { DEFAULT_MASK_CONFIG, maskingBackend } from '@xaynet/core/mask';
import { measureMaskTimes } from '../config/times.ts';
import type { Connection } from '../operator/client.ts';
import { needsOf } from '../operator/needs.ts';
import type { Environment } from '../screen.ts';
import { checkClock, checkSynchronised } from './clock.ts';
import { checkCoordinator } from './coordinator.ts';
import { checkAnswers, checkProviders, wrongAnswers } from './crypto.ts';
import { checkFileSystem, checkFolder, checkFree, checkPermissions, checkSync, filesToGuard } from './disk.ts';
import { type Finding, fault, ok } from './finding.ts';
import {
  askDocument,
  askParams,
  cores,
  diskFacts,
  folderFacts,
  guarded,
  limitsText,
  memoryFacts,
  portFacts,
  redisFacts,
  runtimeFacts,
  s3Facts,
  synchronised,
  syncTime,
} from './machine.ts';
import { checkBackend, checkKeystream, checkMean, checkSpeed, maskedMean } from './masking.ts';
import { checkCertificates, checkPort } from './ports.ts';
import { checkRedis } from './redis.ts';
import { checkCores, checkMemory, checkNode, checkOpenFiles, checkPlatform, type Span } from './runtime.ts';
import { checkS3 } from './s3.ts';

/** What to look at beside the machine. */
export interface Examination {
  /** Settings of a coordinator that is to run here; undefined: the defaults. */
  readonly config: string | undefined;
  /** A coordinator that runs somewhere. */
  readonly connection: Connection | undefined;
  readonly env: Environment;
  /** Told what is looked at next. */
  readonly tell: (what: string) => void;
}

/** Everything that is found; the last ones are there within two seconds, unless a coordinator is slow to answer. */
export async function* examine({ config, connection, env, tell }: Examination): AsyncGenerator<Finding, void> {
  const [wall, monotonic] = [Date.now(), performance.now()];
  const { finding, settings } = settingsOf(config, env);
  if (finding !== undefined) yield finding;
  const needs = settings === undefined || config === undefined ? undefined : spanOf(settings);

  const runtime = runtimeFacts();
  yield checkNode(runtime);
  yield checkPlatform(runtime);
  yield checkMemory(memoryFacts(), needs?.memory);
  yield checkCores(cores());
  if (runtime.platform !== 'win32') yield checkOpenFiles(limitsText());

  tell('masking two models');
  yield checkBackend(maskingBackend());
  yield checkKeystream(getCiphers(), process.versions.openssl, getFips() === 1);
  yield checkMean(maskedMean());
  const mask = settings?.mask ?? DEFAULT_MASK_CONFIG;
  tell('measuring how fast masks are made');
  yield checkSpeed(mask.name, measureMaskTimes(mask));

  tell('asking the cryptographic libraries');
  yield checkProviders(await detectCryptoProviders());
  yield checkAnswers(wrongAnswers());

  tell('looking at the clock');
  yield checkSynchronised(...(await synchronised()));
  const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions();
  yield checkClock({ now: Date.now(), wallPassed: Date.now() - wall, monotonicPassed: performance.now() - monotonic, zone });

  if (settings !== undefined) {
    if (settings.store.kind === 'embedded') yield* disk(settings, config, runtime.platform, needs?.disk, tell);
    else
      yield ok('disk.folder', settings.store.kind === 'memory' ? 'store.kind is "memory": nothing is written' : 'store.kind is "redis": rounds are kept there');
    if (settings.store.kind === 'redis') {
      tell('looking at Redis');
      yield* checkRedis(await redisFacts(settings));
    }
    if (settings.s3 !== undefined) {
      tell('looking at S3');
      yield* checkS3(await s3Facts(settings));
    }
    tell('trying the addresses');
    const { api, admin, fleet } = settings;
    yield checkPort(await portFacts('api.bind_address', api, api.tls !== undefined));
    if (admin !== undefined) yield checkPort(await portFacts('admin.bind_address', admin, false));
    if (settings.store.kind === 'redis') yield checkPort(await portFacts('fleet.bind_address', fleet, false));
    yield checkCertificates(certificates(api.tls));
  }
  if (connection !== undefined) {
    tell(`waiting for an answer of ${connection.url}`);
    yield* await checkCoordinator({
      url: connection.url,
      params: () => askParams(connection),
      document: (path) => askDocument(connection, path),
    });
  }
}

function* disk(
  settings: Settings,
  config: string | undefined,
  platform: string,
  needs: Span | undefined,
  tell: (what: string) => void,
): Generator<Finding, void> {
  const { path, keyFile } = settings.store;
  const folder = folderFacts(path);
  yield checkFolder(folder);
  const there = diskFacts(folder.parent);
  if (there !== undefined && there.total > 0) yield checkFree(there, needs); // of a file system that the kernel makes up there is nothing to say
  tell('writing to the disk');
  yield checkSync(folder.refused === undefined ? syncTime(folder.parent) : undefined);
  yield checkFileSystem(there?.type, platform);
  const files = filesToGuard(folder, { keyFile, tlsKey: settings.api.tls?.key, config });
  yield checkPermissions(guarded(files), platform);
}

/** The settings, and what is wrong with them. */
function settingsOf(config: string | undefined, env: Environment): { readonly finding?: Finding; readonly settings?: Settings } {
  try {
    if (config === undefined) return { settings: parseSettings('[model]\nlength = 1', { env: { ...env, XAYNET__MODEL__LENGTH: '1' } }) };
    const settings = loadSettings(config, env);
    return { settings, finding: ok('settings.file', `${config} can be used`, { file: config, notices: settings.notices }) };
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    return { finding: fault('settings.file', oneLine(error.message), ERRORS[error.code].todo, { file: config ?? null, code: error.code }) };
  }
}

/** A message of several lines as one sentence after another. */
function oneLine(text: string): string {
  return text.replaceAll(/:\s*\n\s*/g, ': ').replaceAll(/\s*\n\s*/g, '; ');
}

function spanOf(settings: Settings): { readonly memory: Span; readonly disk: Span } {
  const { sum, update } = settings.pet;
  const [smallest, largest] = (['min', 'max'] as const).map((end) => needsOf(settings, { updates: update.count[end], sums: sum.count[end] }));
  const total = (need: typeof smallest): number => Object.values(need!.disk).reduce((all, bytes) => all + bytes, 0);
  return { memory: { smallest: smallest!.memory, largest: largest!.memory }, disk: { smallest: total(smallest), largest: total(largest) } };
}

function certificates(tls: Settings['api']['tls']): Parameters<typeof checkCertificates>[0] {
  if (tls === undefined) return undefined;
  try {
    return { notices: readTls(tls).notices };
  } catch (error) {
    return { error };
  }
}
