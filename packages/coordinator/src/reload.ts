// Settings that change while a coordinator runs. All parts of it share one settings object; what may change is replaced in that object, at once
// or when the next round begins, and everything else that a new file says is named, so that nobody believes it to be in force.

import { XaynetError } from '@xaynet/core/errors';
import type { HttpServer } from './http/server.ts';
import type { Logger } from './log.ts';
import type { AddressLimits, Settings } from './settings/settings.ts';
import type { Store } from './stores/contract.ts';

/** What became of new settings: keys as in the file. */
export interface ReloadReport {
  /** In force now; `tls` stands for other contents of the files of `api.tls_*`. */
  readonly applied: readonly string[];
  /** In force from the next round on. */
  readonly nextRound: readonly string[];
  /** Not in force before a restart. */
  readonly needRestart: readonly string[];
}

type When = 'applied' | 'nextRound' | 'needRestart';

interface Row {
  readonly key: string;
  readonly when: When;
  readonly value: (settings: Settings) => unknown;
}

const row = (when: When, key: string, value: Row['value']): Row => ({ key, when, value });

const PHASES = ['sum', 'update', 'sum2'] as const;

/** Every setting, by what becomes of a change. Secrets are compared and never shown. */
const ROWS: readonly Row[] = [
  row('applied', 'log.filter', ({ log }) => [log.level, log.http]),
  row('applied', 'api.cors_origins', ({ api }) => api.corsOrigins),
  row('applied', 'api.trusted_proxies', ({ api }) => api.trustedProxies),
  row('applied', 'limits.requests_per_second', ({ limits }) => limits.requestsPerSecond),
  row('applied', 'limits.bytes_per_second', ({ limits }) => limits.bytesPerSecond),
  row('applied', 'limits.connections_per_address', ({ limits }) => limits.connectionsPerAddress),
  row('applied', 'limits.participants_per_address', ({ limits }) => limits.participantsPerAddress),
  row('applied', 'limits.messages_per_key', ({ limits }) => limits.messagesPerKey),
  row('applied', 'store.keep_models', ({ store }) => store.keepModels),
  row('applied', 'store.keep_rounds', ({ store }) => store.keepRounds),
  row('needRestart', 'limits.exempt_addresses', ({ limits }) => limits.exemptAddresses),
  row('nextRound', 'pet.sum.prob', ({ pet }) => pet.sum.prob),
  row('nextRound', 'pet.update.prob', ({ pet }) => pet.update.prob),
  ...PHASES.flatMap((phase) => [
    row('nextRound', `pet.${phase}.count.min`, ({ pet }) => pet[phase].count.min),
    row('nextRound', `pet.${phase}.count.max`, ({ pet }) => pet[phase].count.max),
    row('nextRound', `pet.${phase}.time.min`, ({ pet }) => pet[phase].time.min),
    row('nextRound', `pet.${phase}.time.max`, ({ pet }) => pet[phase].time.max),
    row('nextRound', `pet.${phase}.time.grace`, ({ pet }) => pet[phase].time.grace),
  ]),
  row('needRestart', 'log.format', ({ log }) => log.format),
  row('needRestart', 'api.bind_address', ({ api }) => [api.host, api.port]),
  row('needRestart', 'api.tls_certificate', ({ api }) => api.tls?.certificate),
  row('needRestart', 'api.tls_key', ({ api }) => api.tls?.key),
  row('needRestart', 'api.tls_client_auth', ({ api }) => api.tls?.clientAuth),
  row('needRestart', 'admin.bind_address', ({ admin }) => admin && [admin.host, admin.port]),
  row('needRestart', 'admin.token', ({ admin }) => admin?.token),
  row('needRestart', 'fleet.bind_address', ({ fleet }) => [fleet.host, fleet.port]),
  row('needRestart', 'fleet.advertise', ({ fleet }) => fleet.advertise),
  row('needRestart', 'mask.group_type', ({ mask }) => mask.group),
  row('needRestart', 'mask.data_type', ({ mask }) => mask.data),
  row('needRestart', 'mask.bound_type', ({ mask }) => mask.bound),
  row('needRestart', 'mask.model_type', ({ mask }) => mask.model),
  row('needRestart', 'model.length', ({ modelLength }) => modelLength),
  row('needRestart', 'store.kind', ({ store }) => store.kind),
  row('needRestart', 'store.blobs', ({ store }) => store.blobs),
  row('needRestart', 'store.path', ({ store }) => store.path),
  row('needRestart', 'store.key', ({ store }) => store.key),
  row('needRestart', 'store.key_file', ({ store }) => store.keyFile),
  row('needRestart', 'store.timeout', ({ store }) => store.timeout),
  row('needRestart', 'page.masked_update', ({ showMaskedUpdate }) => showMaskedUpdate),
  row('needRestart', 'intake.workers', ({ intake }) => intake.workers),
  row('needRestart', 'record.path', ({ record }) => record?.path),
  row('needRestart', 'record.max_bytes', ({ record }) => record?.maxBytes),
  row('needRestart', 'record.keep', ({ record }) => record?.keep),
  row('needRestart', 'restore.enable', ({ restore }) => restore),
  row('needRestart', 'compat.plurality', ({ compat }) => compat.plurality),
  row('needRestart', 'compat.unverified_sum_signature', ({ compat }) => compat.unverifiedSumSignature),
  row('needRestart', 'compat.trailing_bytes', ({ compat }) => compat.trailingBytes),
  row('needRestart', 'compat.status_codes', ({ compat }) => compat.statusCodes),
  row('needRestart', 'compat.arrival_order', ({ compat }) => compat.arrivalOrder),
  row('needRestart', 'compat.no_quarantine', ({ compat }) => compat.noQuarantine),
  row('needRestart', 'redis.url', ({ redis }) => redis?.url),
  row('needRestart', 'redis.prefix', ({ redis }) => redis?.prefix),
  row('needRestart', 'redis.lease', ({ redis }) => redis?.lease),
  row('needRestart', 'redis.tls_ca', ({ redis }) => redis?.tlsCa),
  row('needRestart', 's3.access_key', ({ s3 }) => s3?.accessKey),
  row('needRestart', 's3.secret_access_key', ({ s3 }) => s3?.secretAccessKey),
  row('needRestart', 's3.region', ({ s3 }) => s3 && [s3.region, s3.endpoint]),
  row('needRestart', 's3.buckets.global_models', ({ s3 }) => s3?.buckets.globalModels),
  row('needRestart', 's3.buckets.rounds', ({ s3 }) => s3?.buckets.rounds),
  row('needRestart', 's3.prefix', ({ s3 }) => s3?.prefix),
  row('needRestart', 'metrics.influxdb.url', ({ influxdb }) => influxdb?.url),
  row('needRestart', 'metrics.influxdb.db', ({ influxdb }) => influxdb?.db),
];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The settings of a running coordinator. */
export class LiveSettings {
  /** What all parts share. Its `pet`, `limits`, `log`, `api.corsOrigins` and `api.trustedProxies` change; read them when they are used. */
  readonly settings: Settings;
  readonly #live: Mutable<Settings>;
  readonly #limits: Mutable<AddressLimits>;
  readonly #corsOrigins: string[];
  readonly #trustedProxies: string[];
  #nextPet: Settings['pet'] | undefined;

  constructor(settings: Settings) {
    this.#limits = { ...settings.limits };
    this.#corsOrigins = [...settings.api.corsOrigins];
    this.#trustedProxies = [...settings.api.trustedProxies];
    this.#live = { ...settings, limits: this.#limits, api: { ...settings.api, corsOrigins: this.#corsOrigins, trustedProxies: this.#trustedProxies } };
    this.settings = this.#live;
  }

  /** Takes over from `next` what may change now, and remembers what waits for the next round. */
  apply(next: Settings): ReloadReport {
    // A change that still waits for its round is compared with what will be in force then.
    const now: Settings = { ...this.#live, pet: this.#nextPet ?? this.#live.pet };
    const changed = (when: When): string[] =>
      ROWS.filter((each) => each.when === when && JSON.stringify(each.value(now)) !== JSON.stringify(each.value(next))).map(({ key }) => key);
    const report: ReloadReport = { applied: changed('applied'), nextRound: changed('nextRound'), needRestart: changed('needRestart') };
    const { exemptAddresses } = this.#limits;
    Object.assign(this.#limits, next.limits, { exemptAddresses });
    this.#corsOrigins.splice(0, Number.POSITIVE_INFINITY, ...next.api.corsOrigins);
    this.#trustedProxies.splice(0, Number.POSITIVE_INFINITY, ...next.api.trustedProxies);
    this.#live.log = next.log;
    this.#live.store = { ...this.#live.store, keepModels: next.store.keepModels, keepRounds: next.store.keepRounds };
    if (report.nextRound.length > 0) this.#nextPet = next.pet;
    return report;
  }

  /** To be called between two rounds: what waited for that is in force afterwards. */
  betweenRounds(): void {
    if (this.#nextPet !== undefined) this.#live.pet = this.#nextPet;
    this.#nextPet = undefined;
  }
}

/** What a reload works on. */
export interface Reloading {
  readonly live: LiveSettings;
  readonly logger: Logger;
  readonly httpLogger: Logger;
  /** Reads the settings again. */
  readonly load?: (() => Settings) | undefined;
  readonly store: Pick<Store, 'keep'>;
}

/** See `Coordinator.reload`. */
export function reloadSettings(
  { live, logger, httpLogger, load, store }: Reloading,
  http: Pick<HttpServer, 'setAddressRules' | 'reloadTls' | 'tlsFingerprint'>,
  next?: Settings,
): ReloadReport {
  try {
    const loaded = next ?? load?.();
    if (loaded === undefined) throw new XaynetError('option-invalid', 'there is no file to read the settings from again');
    const before = http.tlsFingerprint;
    const notices = http.reloadTls();
    const changed = live.apply(loaded);
    const report: ReloadReport = before === http.tlsFingerprint ? changed : { ...changed, applied: [...changed.applied, 'tls'] };
    const { limits, api, log } = live.settings;
    const { keepModels, keepRounds } = live.settings.store;
    store.keep?.(keepModels, keepRounds).catch((error: unknown) => logger.error({ error }, 'what the store keeps could not be changed'));
    http.setAddressRules({ ...limits, trustedProxies: api.trustedProxies });
    if ('level' in logger) logger.level = log.level;
    if ('level' in httpLogger) httpLogger.level = log.http;
    logger.info({ applied: report.applied, nextRound: report.nextRound }, 'settings read again');
    if (report.needRestart.length > 0) logger.warn({ settings: report.needRestart }, 'changed settings that need a restart are not in force');
    for (const notice of notices) logger.warn({}, notice);
    return report;
  } catch (error) {
    logger.error({ error }, 'settings not read again; the old ones stay');
    throw error;
  }
}

/** The keys that a reload knows. For tests: every setting that is used must be one of them. */
export const RELOAD_KEYS: readonly string[] = ROWS.map(({ key }) => key);
