// Rules between settings: ranges that must not be empty, phases that must be able to feed each other, limits of the mask and of a message
// (coordinator 5.2, 5.3). What cannot work is a problem; what works otherwise than written is capped, with a notice.

import { type BoundType, type DataType, type GroupType, type MaskConfig, type ModelType, maskConfig } from '@xaynet/core/mask';
import { HEADER_LENGTH, LOCAL_SEED_ENTRY_LENGTH, MAX_PLAIN_MESSAGE, updatePayloadSize } from '@xaynet/core/message';
import { isBucketName } from '../stores/s3/options.ts';
import { parseBindAddress } from './bind-address.ts';
import { maskNotices } from './mask-notices.ts';
import { LONGEST_TIME } from './reference.ts';
import type { Values } from './values.ts';

const PHASES = ['sum', 'update', 'sum2'] as const;
const RECOMMENDED_SUMS = 5;
/** Longest times of the phases unless they are set, in seconds; sum2 is short, because one garbled seed can make it last to its end (threats T9). */
const USUAL_TIME = { sum: 3600, update: 3600, sum2: 900 } as const;
const LARGE_UPDATE = 2 ** 30;

/** Limits as they hold after the checks; where they differ from what is written there is a notice. */
export interface Limits {
  readonly mask: MaskConfig;
  readonly sumMax: number;
  readonly updateMax: number;
  readonly sum2Max: number;
  /** Longest times of the phases, in seconds. */
  readonly timeMax: Readonly<Record<(typeof PHASES)[number], number>>;
}

/** Fills in the defaults that follow from other settings and checks the rules between settings; undefined when there are problems. */
export function checkSettings(values: Values): Limits | undefined {
  const mask = maskOf(values);
  fillDefaults(values, mask);
  const timeMax = { sum: 0, update: 0, sum2: 0 };
  for (const phase of PHASES) {
    checkRange(values, `pet.${phase}.count`);
    timeMax[phase] = checkTimes(values, phase);
  }
  const sumMax = checkMessageSize(values, mask);
  checkSum2(values, sumMax);
  const updateMax = checkModels(values, mask);
  checkTls(values);
  checkAdmin(values);
  checkRedis(values);
  checkAddresses(values);
  checkS3(values);
  if (mask === undefined || values.problems.length > 0) return undefined;
  values.notices.push(...maskNotices(mask));
  return { mask, sumMax, updateMax, sum2Max: Math.min(values.number('pet.sum2.count.max'), sumMax), timeMax };
}

function maskOf(values: Values): MaskConfig | undefined {
  if (!values.usable('mask.group_type', 'mask.data_type', 'mask.bound_type', 'mask.model_type')) return undefined;
  const [group, data, bound, model] = ['group', 'data', 'bound', 'model'].map((part) => values.text(`mask.${part}_type`));
  return maskConfig(group as GroupType, data as DataType, bound as BoundType, model as ModelType);
}

function fillDefaults(values: Values, mask: MaskConfig | undefined): void {
  const atLeast = (key: string, usual: number): number => (values.usable(key) ? Math.max(usual, values.number(key)) : usual);
  for (const phase of PHASES) {
    const grace = `pet.${phase}.time.grace`;
    values.fill(`pet.${phase}.time.max`, Math.max(USUAL_TIME[phase], atLeast(`pet.${phase}.time.min`, 0) + (values.usable(grace) ? values.number(grace) : 0)));
  }
  values.fill('pet.sum.count.max', atLeast('pet.sum.count.min', 100));
  values.fill('pet.update.count.max', Math.min(mask?.maxModels ?? 10_000, atLeast('pet.update.count.min', 10_000)));
  if (values.usable('pet.sum.count.min')) values.fill('pet.sum2.count.min', Math.ceil((2 / 3) * values.number('pet.sum.count.min')));
  if (values.usable('pet.sum.count.max')) values.fill('pet.sum2.count.max', values.number('pet.sum.count.max'));
}

function checkRange(values: Values, key: string): void {
  const [min, max] = [`${key}.min`, `${key}.max`] as const;
  if (!values.usable(min, max) || values.number(min) <= values.number(max)) return;
  values.report(min, `must be at most ${values.describe(max)}; lower the one or raise the other`);
}

function checkTimes(values: Values, phase: string): number {
  const [min, max] = [`pet.${phase}.time.min`, `pet.${phase}.time.max`] as const;
  checkRange(values, `pet.${phase}.time`);
  if (values.usable(min) && values.number(min) > LONGEST_TIME) values.report(min, `must be a number of seconds from 0 to ${LONGEST_TIME}`);
  const grace = `pet.${phase}.time.grace`;
  if (values.usable(min, max, grace) && values.number(grace) > 0 && values.number(min) + values.number(grace) > values.number(max)) {
    values.report(grace, `must be at most what ${values.describe(max)} leaves after ${values.describe(min)}`);
  }
  const time = values.number(max);
  if (values.usable(max) && time > LONGEST_TIME) values.notices.push(`${values.describe(max)} is taken as ${LONGEST_TIME} seconds, the longest time there is.`);
  return Math.min(time, LONGEST_TIME);
}

/** An update must fit the 32-bit length field of one message, for some participants never split (wire 6.3). */
function checkMessageSize(values: Values, mask: MaskConfig | undefined): number {
  const sumMax = values.number('pet.sum.count.max');
  if (mask === undefined || !values.usable('model.length', 'pet.sum.count.min', 'pet.sum.count.max')) return sumMax;
  const sums = values.number('pet.sum.count.min');
  const length = values.number('model.length');
  const room = MAX_PLAIN_MESSAGE - HEADER_LENGTH - updatePayloadSize({ vect: mask, unit: mask }, 0, 0);
  const mostSums = Math.floor((room - mask.bytesPerNumber) / LOCAL_SEED_ENTRY_LENGTH);
  if (sums > mostSums) {
    values.report('pet.sum.count.min', `must be at most ${mostSums}: an update message of 2^32 - 1 bytes names no more sum participants`);
    return sumMax;
  }
  const longest = Math.floor((room - LOCAL_SEED_ENTRY_LENGTH * sums) / mask.bytesPerNumber);
  if (length > longest) {
    values.report(
      'model.length',
      `must be an integer from 1 to ${longest}: with ${mask.name} and ${sums} sum participants no more weights fit an update message of 2^32 - 1 bytes`,
    );
    return sumMax;
  }
  const bytes = length * mask.bytesPerNumber;
  if (bytes >= LARGE_UPDATE) {
    values.notices.push(
      `${values.describe('model.length')} makes each update ${(bytes / 2 ** 30).toFixed(1)} GiB long; the coordinator needs several times that as memory.`,
    );
  }
  const cap = Math.floor((room - bytes) / LOCAL_SEED_ENTRY_LENGTH);
  if (sumMax > cap) values.notices.push(`${values.describe('pet.sum.count.max')} is taken as ${cap}: an update message names no more sum participants.`);
  return Math.min(sumMax, cap);
}

function checkSum2(values: Values, sumMax: number): void {
  const [min, max, sumMin, sumMost] = ['pet.sum2.count.min', 'pet.sum2.count.max', 'pet.sum.count.min', 'pet.sum.count.max'] as const;
  if (values.usable(max, sumMost) && values.number(max) > values.number(sumMost)) {
    values.report(max, `must be at most ${values.describe(sumMost)}: only sum participants send masks`);
  }
  if (values.usable(min, sumMost) && values.number(min) > sumMax) {
    values.report(min, `must be at most ${values.describe(sumMost)}: only sum participants send masks`);
  }
  if (values.usable(min, sumMin) && values.number(min) > values.number(sumMin)) {
    values.notices.push(`${values.describe(min)} is above ${values.describe(sumMin)}: rounds with fewer sum participants than that will time out in sum2.`);
  }
  if (values.usable(sumMin) && values.number(sumMin) < RECOMMENDED_SUMS) {
    values.notices.push(
      `${values.describe(sumMin)}: with so few sum participants one dishonest one can forge the mask or stop the round; ${RECOMMENDED_SUMS} or more is safer.`,
    );
  }
}

/** No more updates can be summed than the model type has room for. */
function checkModels(values: Values, mask: MaskConfig | undefined): number {
  const [min, max] = ['pet.update.count.min', 'pet.update.count.max'] as const;
  const most = values.number(max);
  if (mask === undefined) return most;
  if (values.usable(min) && values.number(min) > mask.maxModels) {
    values.report(min, `must be an integer from 3 to ${mask.maxModels}, the maximum models of ${mask.name}; lower it or choose a larger mask.model_type`);
  } else if (values.usable(max) && most > mask.maxModels) {
    values.notices.push(`${values.describe(max)} is taken as ${mask.maxModels}, the maximum models of ${mask.name}; a larger mask.model_type admits more.`);
  }
  return Math.min(most, mask.maxModels);
}

/** The reference finds a half configuration only when it starts, or not at all (weakness W-20). */
function checkTls(values: Values): void {
  const [certificate, key, clientAuth] = ['api.tls_certificate', 'api.tls_key', 'api.tls_client_auth'] as const;
  for (const [one, other] of [
    [certificate, key],
    [key, certificate],
    [clientAuth, certificate],
  ] as const) {
    if (values.given(one) && !values.given(other)) values.report(one, `needs ${other} beside it`);
  }
}

function checkAdmin(values: Values): void {
  if (!values.given('admin.bind_address')) {
    for (const key of ['admin.token', 'admin.token_file']) if (values.given(key)) values.report(key, 'needs admin.bind_address beside it');
    return;
  }
  if (!values.given('admin.token') && !values.given('admin.token_file')) {
    values.report('admin.bind_address', 'needs a token beside it: set XAYNET__ADMIN__TOKEN or admin.token_file');
  }
  if (values.given('admin.token') && values.given('admin.token_file')) values.report('admin.token_file', 'must be left out when admin.token is set');
  const host = parseBindAddress(values.text('admin.bind_address'))?.host ?? '';
  if (values.usable('admin.bind_address') && !/^(127\.|::1$)/.test(host)) {
    values.notices.push(
      `${values.describe('admin.bind_address')} can be reached from other machines, and the token goes there without TLS: 127.0.0.1 is safer.`,
    );
  }
}

/** One process cannot listen twice on one address; what the system says of it is that another program does. */
function checkAddresses(values: Values): void {
  const keys = ['api.bind_address', 'admin.bind_address', ...(values.text('store.kind') === 'redis' ? ['fleet.bind_address'] : [])] as const;
  const seen = new Map<string, string>();
  for (const key of keys) {
    if (!values.usable(key)) continue;
    const address = parseBindAddress(values.text(key));
    if (address === undefined || address.port === 0) continue;
    const name = `${address.host} ${address.port}`;
    const other = seen.get(name);
    if (other !== undefined) values.report(key, `must not be the address of ${other}: one of them needs another port`);
    else seen.set(name, key);
  }
}

/** A store on a server has no folder in which a key could be made, and with which it would stay. */
function checkRedis(values: Values): void {
  if (values.text('store.kind') !== 'redis') return;
  if (!values.given('redis.url')) values.report('store.kind', 'needs redis.url beside it');
  if (values.given('store.key') || values.given('store.key_file')) return;
  values.report(
    'store.kind',
    'needs store.key_file or store.key beside it, the key that wraps secrets in Redis, the same wherever this coordinator runs. To make one: (umask 077; openssl rand -hex 32 > store.key)',
  );
}

/** The keys belong together; whether the region is right, and who may do what, is found out at the start. */
function checkS3(values: Values): void {
  const [key, secret] = ['s3.access_key', 's3.secret_access_key'] as const;
  for (const [one, other] of [
    [key, secret],
    [secret, key],
  ] as const) {
    if (values.given(one) && !values.given(other)) values.report(one, `needs ${other} beside it`);
  }
  if (values.text('store.blobs') === 's3' && !values.given('s3.region')) values.report('store.blobs', 'needs s3.region beside it');
  const [models, rounds] = ['s3.buckets.global_models', 's3.buckets.rounds'] as const;
  if (values.usable(models)) values.fill(rounds, `${values.text(models)}-rounds`);
  if (!values.given(rounds) && values.usable(models) && !isBucketName(values.text(rounds))) {
    values.report(models, `must leave room for s3.buckets.rounds, ${values.text(rounds)}, or that must be set`);
  }
}
