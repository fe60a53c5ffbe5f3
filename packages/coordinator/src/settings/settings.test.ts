// Settings: every rule at its bound and one past it, where values come from (environment, file, default), original files, and error texts
// that say which key, which value, which range, which line.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isXaynetError } from '@xaynet/core/errors';
import { maskConfig } from '@xaynet/core/mask';
import { SettingsError } from './problems.ts';
import { loadSettings, parseSettings, type Settings, type SettingsOptions } from './settings.ts';

const SAMPLES = new URL('../../samples/', import.meta.url);
const sample = (name: string): string => readFileSync(new URL(name, SAMPLES), 'utf8');

/** Settings with a model of 4 weights, `lines` of TOML in front. */
const using = (lines: string, options?: SettingsOptions): Settings => parseSettings(`${lines}\n[model]\nlength = 4\n`, { file: 'c.toml', ...options });

/** The problems of settings, as lines without the headline. */
function problems(toml: string | object, options?: SettingsOptions): string[] {
  try {
    parseSettings(toml, { file: 'c.toml', ...options });
  } catch (error) {
    assert.ok(error instanceof SettingsError, `${error}`);
    assert.equal(error.code, 'settings-invalid');
    assert.doesNotMatch(error.message, /\n\s+at |undefined|\[object/);
    const lines = error.message.split('\n').slice(1);
    assert.equal(lines.length, error.problems.length);
    return lines.map((line) => line.trim());
  }
  return [];
}
const problemsUsing = (lines: string, options?: SettingsOptions): string[] => problems(`${lines}\n[model]\nlength = 4\n`, options);

describe('settings: sources', () => {
  it('needs nothing but the length of the model', () => {
    const { mask, ...settings } = parseSettings(sample('coordinator.toml'));
    assert.equal(mask, maskConfig('Power2', 'F32', 'B0', 'M6'));
    const time = (min: number) => ({ min, max: 3600, grace: 0 });
    assert.deepEqual(settings, {
      api: { host: '127.0.0.1', port: 8081, corsOrigins: ['*'], tls: undefined, trustedProxies: [] },
      fleet: { host: '127.0.0.1', port: 0, advertise: undefined },
      admin: undefined,
      pet: {
        sum: { prob: 0.25, count: { min: 5, max: 100 }, time: time(5) },
        update: { prob: 0.9, count: { min: 10, max: 10_000 }, time: time(10) },
        sum2: { count: { min: 4, max: 100 }, time: { ...time(5), max: 900 } },
      },
      modelLength: 7850,
      store: { kind: 'embedded', blobs: 'store', path: 'xaynet-data', keepModels: 10, keepRounds: 1000, key: undefined, keyFile: undefined, timeout: 30 },
      redis: undefined,
      s3: undefined,
      intake: { workers: undefined },
      limits: {
        requestsPerSecond: 100,
        bytesPerSecond: 67_108_864,
        connectionsPerAddress: 256,
        participantsPerAddress: 256,
        messagesPerKey: 4,
        exemptAddresses: ['127.0.0.0/8', '::1'],
      },
      influxdb: undefined,
      record: undefined,
      restore: true,
      showMaskedUpdate: false,
      compat: { plurality: false, unverifiedSumSignature: false, trailingBytes: false, statusCodes: false, arrivalOrder: false, noQuarantine: false },
      log: { level: 'info', http: 'info', format: 'auto' },
      notices: [],
    });
  });

  it('takes an original file unchanged, and says what of it is capped, risky or not used', () => {
    const { pet, mask, modelLength, log, restore, influxdb, notices } = parseSettings(sample('original.toml'), { file: 'original.toml' });
    assert.deepEqual(influxdb, { url: 'http://127.0.0.1:8086', db: 'metrics' });
    assert.deepEqual(pet, {
      sum: { prob: 0.5, count: { min: 1, max: 100 }, time: { min: 5, max: 3600, grace: 0 } },
      update: { prob: 0.9, count: { min: 3, max: 1000 }, time: { min: 10, max: 3600, grace: 0 } },
      sum2: { count: { min: 1, max: 100 }, time: { min: 5, max: 3600, grace: 0 } },
    });
    assert.deepEqual([mask.name, modelLength, log.level, log.http, restore], ['Prime/F32/B0/M3', 4, 'debug', 'warn', true]);
    assert.equal(notices.length, 5, notices.join('\n'));
    const text = notices.join('\n');
    assert.match(text, /pet\.update\.count\.max = 10000 \(original\.toml:17\) is taken as 1000, the maximum models of Prime\/F32\/B0\/M3/);
    for (const section of ['redis', 's3', 'trust_anchor']) assert.ok(text.includes(`[${section}] (original.toml:`), section);
    assert.match(text, /\[redis\] .* rounds are kept in the embedded store at xaynet-data/);
    assert.doesNotMatch(text, /minio/);
  });

  it('lets the environment win over the file, and the file over the default', () => {
    const env = {
      XAYNET__PET__SUM__COUNT__MIN: '7',
      xaynet__mask__Model_Type: 'M12',
      XAYNET__RESTORE__ENABLE: 'no',
      XAYNET__API__CORS_ORIGINS: 'https://a.example, https://b.example',
    };
    const settings = using('[pet.sum]\ncount = { min = 6 }', { env });
    assert.equal(using('[pet.sum]\ncount = { min = 6 }').pet.sum.count.min, 6);
    assert.deepEqual([settings.pet.sum.count.min, settings.mask.model, settings.restore], [7, 'M12', false]);
    assert.deepEqual(settings.api.corsOrigins, ['https://a.example', 'https://b.example']);
  });

  it('takes whole sections, and everything, from the environment', () => {
    const settings = parseSettings('', {
      env: {
        XAYNET__MODEL__LENGTH: '3',
        XAYNET__S3__ACCESS_KEY: 'hush',
        XAYNET__S3__SECRET_ACCESS_KEY: 'hush',
        XAYNET__S3__REGION: 'code',
        HOME: '/x',
        XAYNET: 'y',
      },
    });
    assert.equal(settings.modelLength, 3);
    assert.deepEqual(
      settings.notices.map((notice) => notice.slice(0, 45)),
      ['[s3] (environment XAYNET__S3__ACCESS_KEY) is '],
    );
  });

  it('the examples of docs/SETTINGS.md work', () => {
    const document = readFileSync(new URL('../../../../docs/SETTINGS.md', import.meta.url), 'utf8');
    const examples = [...document.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, toml]) => parseSettings(toml!));
    assert.deepEqual(
      examples.map(({ modelLength, pet }) => [modelLength, pet.sum2.count.min]),
      [[7850, 4]],
    );
  });

  it('the sample for a handful admits one sum participant and three updates', () => {
    const { modelLength, pet, store } = parseSettings(readFileSync(new URL('handful.toml', SAMPLES), 'utf8'));
    assert.deepEqual([modelLength, pet.sum.count.min, pet.update.count.min, pet.sum2.count.min, store.kind], [4, 1, 3, 1, 'memory']);
  });

  it('takes an object in place of a text', () => {
    assert.equal(parseSettings({ model: { length: 5 }, pet: { sum: { time: { min: 0.25 } } } }).pet.sum.time.min, 0.25);
    assert.deepEqual(problems({ model: 5 }), [
      'c.toml: model: must be a table, [model]',
      'c.toml: model.length: is missing: set it to the number of weights of the model',
    ]);
    assert.match(problems([])[0]!, /the settings: must be a table/);
  });

  it('ignores old variables aloud', () => {
    const { pet, notices } = using('', { env: { XAYNET_PET__SUM__PROB: '0.1', XAYNET_SERVICE_HOST: '10.0.0.1' } });
    assert.equal(pet.sum.prob, 0.25);
    assert.deepEqual(notices, ['XAYNET_PET__SUM__PROB is ignored: variables begin with XAYNET__, with two underscores.']);
  });

  it('refuses empty, misspelt, wrong and doubled variables by their name', () => {
    const env = {
      XAYNET__PET__SUM__PROB: '',
      XAYNET__PET__SUM__COUNT__MINN: '3',
      XAYNET__RESTORE__ENABLE: 'maybe',
      XAYNET__STORE__PATH: 'a',
      xaynet__store__path: 'b',
      XAYNET__TRUST_ANCHOR: 'x',
    };
    const found = problemsUsing('', { env }).join('\n');
    assert.match(found, /environment XAYNET__PET__SUM__PROB: pet\.sum\.prob = "": must be a number above 0 and below 1; an empty variable .* does not unset/);
    assert.match(found, /environment XAYNET__PET__SUM__COUNT__MINN: pet\.sum\.count\.minn: is no setting; did you mean pet\.sum\.count\.min\?/);
    assert.match(found, /environment XAYNET__RESTORE__ENABLE: restore\.enable = "maybe": must be true or false/);
    assert.match(found, /store\.path: is set by XAYNET__STORE__PATH too/);
    assert.match(found, /XAYNET__TRUST_ANCHOR: trust_anchor: is a section, and a variable sets one setting; this one has none: remove the variable/);
    for (const text of ['1e', '0x10', ' 3', '3 ', '3;']) assert.equal(problemsUsing('', { env: { XAYNET__PET__SUM__COUNT__MIN: text } }).length, 1, text);
  });

  it('a variable that names a section is told which variables there are, not that it may have meant itself', () => {
    const advice = (variable: string): string => problemsUsing('', { env: { [variable]: '3' } }).join('\n');
    assert.equal(advice('XAYNET__MODEL'), 'environment XAYNET__MODEL: model: is a section, and a variable sets one setting: set XAYNET__MODEL__LENGTH instead');
    assert.match(advice('XAYNET__PET__SUM__COUNT'), /: set XAYNET__PET__SUM__COUNT__MIN or XAYNET__PET__SUM__COUNT__MAX instead$/);
    assert.match(advice('XAYNET__PET'), /: set XAYNET__PET__SUM__PROB, .* or \d+ more instead$/);
    assert.match(advice('XAYNET__MODELS'), /is no setting; did you mean model\?/);
  });
});

describe('settings: files that are made to break the reader', () => {
  const DEEP = 50_000;
  const levels = 'a.'.repeat(DEEP);

  it('a hundred thousand dotted levels are a problem of the key that they begin with, on its line', () => {
    assert.deepEqual(problemsUsing(`\n${levels}a = 1`), ['c.toml:2: a: is no setting; did you mean api? docs/SETTINGS.md lists all of them']);
    assert.deepEqual(problems(`model.length = 4\n[${levels}a]\nb = 1`), ['c.toml:2: a: is no setting; did you mean api? docs/SETTINGS.md lists all of them']);
    assert.deepEqual(problemsUsing(`pet.sum.prob.${levels}a = 1`), ['c.toml:1: pet.sum.prob = {…}: must be a number above 0 and below 1']);
    assert.deepEqual(problemsUsing(`trust_anchor.${levels}a = 1`), ['c.toml:1: trust_anchor = {…}: must be an empty table']);
    assert.match(problemsUsing(`api.cors_origins = ${'['.repeat(900)}${']'.repeat(900)}`)[0]!, /c\.toml:1: api\.cors_origins = \[+"\[…\]"\]+: must be a list/);
  });

  it('a hundred thousand brackets or inline tables are no TOML that is read, with the place', () => {
    for (const text of [`log.filter = ${'['.repeat(DEEP)}${']'.repeat(DEEP)}`, `a = ${'{a='.repeat(DEEP)}1${'}'.repeat(DEEP)}`])
      assert.throws(() => using(text), { code: 'settings-toml', message: /c\.toml:1:\d+: .*nested/ });
  });

  it('an object that contains itself is a problem too, and an endless key is shown in part', () => {
    const cyclic: Record<string, unknown> = { length: 4 };
    cyclic.again = cyclic;
    assert.deepEqual(problems({ model: cyclic }), ['c.toml: model.again: is no setting docs/SETTINGS.md lists all of them']);
    const [found] = problemsUsing(`${'a'.repeat(1_000_000)} = 1`);
    assert.ok(found!.length < 300, `${found!.length} characters`);
  });
});

describe('settings: rules at their bounds', () => {
  const NUMBER = {
    'pet.sum.prob': [
      ['0.0001', '0.9999'],
      ['0', '1', '1.0', '-0.1', 'nan', 'inf', '-inf', '"0.5"', 'true', '[0.5]', '1979-05-27'],
    ],
    'pet.update.prob': [
      ['0.0001', '1', '1.0'],
      ['0', '1.0001', 'nan', 'inf'],
    ],
  };
  const TIMES = ['pet.sum.time.min', 'pet.update.time.min', 'pet.sum2.time.min'];
  for (const [key, [good, bad]] of Object.entries(NUMBER)) {
    it(`${key}: within its range, nan and infinity refused`, () => {
      for (const value of good!) assert.deepEqual(problemsUsing(`${key} = ${value}`), [], value);
      for (const value of bad!) {
        const found = problemsUsing(`${key} = ${value}`);
        assert.equal(found.length, 1, value);
        assert.match(found[0]!, new RegExp(`^c\\.toml:1: ${key} = .*: must be a number above 0 and (below|at most) 1`), value);
      }
    });
  }

  it('counts: whole, from their least value on', () => {
    for (const [key, least] of [
      ['pet.sum.count.min', 1],
      ['pet.update.count.min', 3],
      ['pet.sum2.count.min', 1],
      ['model.length', 1],
    ] as const) {
      const at = (value: string): string[] => (key === 'model.length' ? problems(`model.length = ${value}`) : problemsUsing(`${key} = ${value}`));
      assert.deepEqual(at(String(least)), [], key);
      assert.deepEqual(at(`${least}.0`), [], key);
      for (const value of [String(least - 1), '-4', `${least}.5`, 'nan', 'inf', '"3"', '{}']) {
        const found = at(value);
        assert.equal(found.length, 1, `${key} = ${value}: ${found}`);
        assert.match(found[0]!, new RegExp(`^c\\.toml:1: ${key} = .*: must be an integer from ${least} to `), value);
      }
    }
  });

  it('min and max: equal is a range, one more is none', () => {
    for (const phase of ['sum', 'update', 'sum2']) {
      assert.deepEqual(problemsUsing(`[pet.${phase}]\ncount = { min = 8, max = 8 }\ntime = { min = 2.5, max = 2.5 }`), [], phase);
      assert.deepEqual(problemsUsing(`[pet.${phase}]\ncount = { min = 9, max = 8 }`), [
        `c.toml:2: pet.${phase}.count.min = 9: must be at most pet.${phase}.count.max = 8 (c.toml:2); lower the one or raise the other`,
      ]);
      assert.deepEqual(problemsUsing(`[pet.${phase}]\ntime.min = 3\ntime.max = 2`), [
        `c.toml:2: pet.${phase}.time.min = 3: must be at most pet.${phase}.time.max = 2 (c.toml:3); lower the one or raise the other`,
      ]);
    }
    assert.match(
      problemsUsing('pet.sum.count.max = 4\npet.sum2.count.min = 1')[0]!,
      /^default: pet\.sum\.count\.min = 5: must be at most pet\.sum\.count\.max = 4 \(c\.toml:1\)/,
    );
  });

  it('times: from 0, fractions too, the longest capped with a notice', () => {
    for (const key of TIMES) {
      assert.deepEqual(problemsUsing(`${key} = 0`), []);
      assert.deepEqual(problemsUsing(`${key} = 0.25`), []);
      assert.deepEqual(problemsUsing(`${key} = 1_000_000_000`), []);
      assert.match(problemsUsing(`${key} = 1_000_000_001`)[0]!, /must be a number of seconds from 0 to 1000000000/);
      for (const value of ['-0.1', 'nan', '"5"']) assert.equal(problemsUsing(`${key} = ${value}`).length, 1, value);
    }
    const { pet, notices } = using('pet.sum.time.max = 9223372036854775807');
    assert.equal(pet.sum.time.max, 1e9);
    assert.match(notices[0]!, /pet\.sum\.time\.max = 9223372036854775807 \(c\.toml:1\) is taken as 1000000000 seconds/);
  });

  it('grace: from 0 to what time.max leaves after time.min (W-30)', () => {
    for (const phase of ['sum', 'update', 'sum2'] as const) {
      assert.equal(using(`pet.${phase}.time = { min = 2, max = 5, grace = 3 }`).pet[phase].time.grace, 3);
      assert.deepEqual(problemsUsing(`pet.${phase}.time = { min = 2, max = 5, grace = 3.5 }`), [
        `c.toml:1: pet.${phase}.time.grace = 3.5: must be at most what pet.${phase}.time.max = 5 (c.toml:1) leaves after pet.${phase}.time.min = 2 (c.toml:1)`,
      ]);
      assert.deepEqual(problemsUsing(`pet.${phase}.time = { min = 9, max = 9 }`), [], 'none asked for, none left');
      assert.equal(using(`pet.${phase}.time = { min = 3000, grace = 1000 }`).pet[phase].time.max, 4000, 'the default makes room');
      for (const value of ['-1', 'nan', '"5"']) assert.equal(problemsUsing(`pet.${phase}.time.grace = ${value}`).length, 1, value);
    }
  });

  it('updates: no more than the model type sums', () => {
    const m3 = 'mask.model_type = "M3"\n';
    assert.equal(using(`${m3}pet.update.count = { min = 1000, max = 1000 }`).notices.length, 0);
    assert.deepEqual(problemsUsing(`${m3}pet.update.count = { min = 1001, max = 1001 }`), [
      'c.toml:2: pet.update.count.min = 1001: must be an integer from 3 to 1000, the maximum models of Power2/F32/B0/M3; lower it or choose a larger mask.model_type',
    ]);
    const capped = using(`${m3}pet.update.count.max = 1001`);
    assert.equal(capped.pet.update.count.max, 1000);
    assert.match(capped.notices.join(), /pet\.update\.count\.max = 1001 \(c\.toml:2\) is taken as 1000, the maximum models/);
    assert.deepEqual(using(m3).pet.update.count, { min: 10, max: 1000 });
  });

  it('sum2: fed by sum', () => {
    const sums = 'pet.sum.count = { min = 6, max = 10 }\n';
    assert.deepEqual(using(`${sums}pet.sum2.count = { min = 6, max = 10 }`).notices, []);
    assert.match(using(`${sums}pet.sum2.count = { min = 7, max = 10 }`).notices[0]!, /pet\.sum2\.count\.min = 7 .* above pet\.sum\.count\.min = 6 .* time out/);
    assert.deepEqual(problemsUsing(`${sums}pet.sum2.count = { min = 6, max = 11 }`), [
      'c.toml:2: pet.sum2.count.max = 11: must be at most pet.sum.count.max = 10 (c.toml:1): only sum participants send masks',
    ]);
    assert.match(problemsUsing(`${sums}pet.sum2.count = { min = 11, max = 11 }`)[1]!, /pet\.sum2\.count\.min = 11: must be at most pet\.sum\.count\.max = 10/);
    assert.deepEqual(using('pet.sum.count = { min = 7 }').pet.sum2.count, { min: 5, max: 100 });
    assert.deepEqual(using('pet.sum.count = { min = 200 }').pet.sum.count, { min: 200, max: 200 });
  });

  it('sum: fewer than five participants draw a notice', () => {
    assert.deepEqual(using('pet.sum.count.min = 5').notices, []);
    assert.match(using('pet.sum.count.min = 4').notices[0]!, /pet\.sum\.count\.min = 4 .* 5 or more is safer/);
  });

  it('model length: one update must fit one message', () => {
    const longest = Math.floor((2 ** 32 - 1 - 136 - 128 - 12 - 7 - 4 - 5 * 112) / 7);
    const { modelLength, pet, notices } = parseSettings(`model.length = ${longest}`);
    assert.equal(modelLength, longest);
    assert.deepEqual([pet.sum.count.max, pet.sum2.count.max], [5, 5]);
    assert.match(notices.join('\n'), /each update 4\.0 GiB long[\s\S]*pet\.sum\.count\.max = 100 \(default\) is taken as 5/);
    assert.match(problems(`model.length = ${longest + 1}`)[0]!, new RegExp(`from 1 to ${longest}: with Power2/F32/B0/M6 and 5 sum participants`));
    assert.match(problems('model.length = 9223372036854775807')[0]!, /model\.length = 9223372036854775807: must be an integer from 1 to 6135/);
    assert.match(problemsUsing('pet.sum.count = { min = 40_000_000, max = 40_000_000 }')[0]!, /must be at most 383479\d\d/);
  });

  it('mask: exact names, with a suggestion', () => {
    for (const [key, wrong, right] of [
      ['group_type', 'prime', 'Prime'],
      ['data_type', 'f32', 'F32'],
      ['bound_type', 'BMax', 'Bmax'],
      ['model_type', 'M13', 'M12'],
    ]) {
      const found = problemsUsing(`mask.${key} = "${wrong}"`);
      assert.equal(found.length, 1);
      assert.match(found[0]!, new RegExp(`mask\\.${key} = "${wrong}": must be one of .*; did you mean "${key === 'model_type' ? 'M' : right}`));
    }
    assert.doesNotMatch(problemsUsing('mask.group_type = "Something"')[0]!, /did you mean/);
  });

  it('address: a literal IP and a port', () => {
    const at = (text: string): readonly [string, number] => {
      const { api } = using(`api.bind_address = "${text}"`);
      return [api.host, api.port];
    };
    assert.deepEqual(at('0.0.0.0:0'), ['0.0.0.0', 0]);
    assert.deepEqual(at('[::1]:65535'), ['::1', 65_535]);
    for (const text of ['127.0.0.1:65536', '127.0.0.1', '::1:8081', '[127.0.0.1]:1', 'localhost:8081', '256.0.0.1:80', '127.0.0.1:-1', ':8081', '']) {
      assert.match(problemsUsing(`api.bind_address = "${text}"`)[0]!, /api\.bind_address = ".*": must be IP:port/, text);
    }
    assert.match(problemsUsing('api.bind_address = "localhost:8081"')[0]!, /localhost is 127\.0\.0\.1/);
  });

  it('origins, store, compat and restore', () => {
    const settings = using(
      'api.cors_origins = []\nstore = { kind = "memory", path = "x", keep_models = 0 }\ncompat = { plurality = true, status_codes = true, trailing_bytes = true, unverified_sum_signature = true }\nrestore.enable = false',
    );
    const { kind, path, keepModels } = settings.store;
    assert.deepEqual([settings.api.corsOrigins, kind, path, keepModels, settings.restore], [[], 'memory', 'x', 0, false]);
    assert.deepEqual(settings.compat, {
      plurality: true,
      statusCodes: true,
      trailingBytes: true,
      unverifiedSumSignature: true,
      arrivalOrder: false,
      noQuarantine: false,
    });
    assert.equal(using('compat.arrival_order = true').compat.arrivalOrder, true);
    for (const line of [
      'store.keep_models = -1',
      'store.keep_models = 1.5',
      'store.keep_models = 1000001',
      'api.cors_origins = "*"',
      'api.cors_origins = ["a.example"]',
      'api.cors_origins = ["https://a.example/path"]',
      'store.kind = "Memory"',
      'store.path = ""',
      'compat.plurality = 1',
      'restore.enable = "true"',
    ]) {
      assert.equal(problemsUsing(line).length, 1, line);
    }
    assert.match(using('store.kind = "memory"\nredis.url = "redis://x"').notices[0]!, /rounds are kept in memory, lost when/);
  });

  it('[redis]: read and not used without store.kind = "redis", and with it what the original means by it', () => {
    const key = 'ab'.repeat(32);
    const redis = (lines: string): Settings['redis'] => using(`store.kind = "redis"\nstore.key = "${key}"\n${lines}`).redis;
    assert.deepEqual(redis('redis.url = "redis://127.0.0.1/"'), { url: 'redis://127.0.0.1/', prefix: 'xaynet', lease: 3, tlsCa: undefined });
    assert.deepEqual(redis('[redis]\nurl = "rediss://user:word@host:1/2"\nprefix = "fleet-1"\nlease = 2.5\ntls_ca = "ca.pem"'), {
      ...{ url: 'rediss://user:word@host:1/2', prefix: 'fleet-1', lease: 2.5, tlsCa: 'ca.pem' },
    });
    const unused = using('redis.url = "redis://host"');
    assert.equal(unused.redis, undefined);
    assert.equal(unused.store.kind, 'embedded');
    assert.match(
      unused.notices.join(),
      /\[redis\] .* is read but not used: rounds are kept in the embedded store at xaynet-data; store\.kind = "redis" keeps them there/,
    );
    assert.ok(!using(`store.kind = "redis"\nstore.key = "${key}"\nredis.url = "redis://host"`).notices.some((notice) => notice.includes('[redis]')));
    for (const [lines, problem] of [
      [`store.kind = "redis"\nstore.key = "${key}"`, /needs redis\.url beside it/],
      ['store.kind = "redis"\nredis.url = "redis://host"', /needs store\.key_file or store\.key beside it.*openssl rand -hex 32/],
      ['redis.url = "http://user:hush@host"', /redis\.url = \(hidden\): must be redis:/],
      ['redis.prefix = "a b"', /must be 1 to 64 of/],
      ['redis.prefix = ""', /must be 1 to 64 of/],
      ['redis.lease = 0.5', /from 1 to 3600/],
    ] as const) {
      const found = problemsUsing(lines).join('\n');
      assert.match(found, problem);
      assert.ok(!found.includes('hush'));
    }
  });

  it('[s3]: as the original has it, used when blobs are to be there', () => {
    const s3 = (lines: string): Settings['s3'] => using(`store.blobs = "s3"\n${lines}`).s3;
    const minio = '[s3]\naccess_key = "a"\nsecret_access_key = "b"\nregion = ["minio", "http://localhost:9000"]';
    const expected = {
      region: 'minio',
      endpoint: 'http://localhost:9000',
      accessKey: 'a',
      secretAccessKey: 'b',
      prefix: '',
      buckets: { globalModels: 'global-models', rounds: 'global-models-rounds' },
    };
    assert.deepEqual(s3(minio), expected);
    assert.deepEqual(s3(minio.replace(/region.*/, 'region = "minio http://localhost:9000"')), expected);
    const own = s3('[s3]\nregion = "eu-west-1"\nprefix = "fleet-1/"\n[s3.buckets]\nglobal_models = "models.example"\nrounds = "secret-rounds"');
    assert.deepEqual(own, {
      ...{ region: 'eu-west-1', endpoint: undefined, accessKey: undefined, secretAccessKey: undefined, prefix: 'fleet-1/' },
      buckets: { globalModels: 'models.example', rounds: 'secret-rounds' },
    });
    assert.equal(using(minio).s3, undefined);
    assert.match(using(minio).notices.join(), /\[s3\] .* is read but not used: .*; store\.blobs = "s3" puts them there too/);
    assert.ok(!using(`store.blobs = "s3"\n${minio}`).notices.some((notice) => notice.includes('[s3]')));
    const fromEnvironment = {
      XAYNET__STORE__BLOBS: 's3',
      XAYNET__S3__REGION: 'minio http://localhost:9000',
      XAYNET__S3__ACCESS_KEY: 'a',
      XAYNET__S3__SECRET_ACCESS_KEY: 'b',
    };
    assert.deepEqual(using('', { env: fromEnvironment }).s3, expected);
    for (const [lines, problem] of [
      ['store.blobs = "S3"', /did you mean "s3"/],
      ['store.blobs = "s3"', /needs s3\.region beside it/],
      ['s3.access_key = "a"', /needs s3\.secret_access_key beside it/],
      ['s3.secret_access_key = "a"', /needs s3\.access_key beside it/],
      ['s3.region = ["a", "http://user:hush@b"]', /s3\.region = \(hidden\): must be a code/],
      ['s3.region = ["a", "b", "c"]', /s3\.region/],
      ['s3.buckets.global_models = "127.0.0.1"', /must be the name of a bucket/],
      ['s3.buckets.global_models = "Models"', /must be the name of a bucket/],
      [`s3.buckets.global_models = "${'x'.repeat(60)}"`, /must leave room for s3\.buckets\.rounds/],
      ['s3.buckets.rounds = "a..b"', /must be the name of a bucket/],
      ['s3.prefix = "/a"', /must be 1 to 256/],
    ] as const) {
      const found = problemsUsing(lines);
      assert.equal(found.length, 1, `${lines}: ${found}`);
      assert.match(found[0]!, problem);
      assert.doesNotMatch(found[0]!, /hush/);
    }
  });

  it('log filter: tracing directives as levels', () => {
    const level = (filter: string): string => {
      const { log } = using(`log.filter = "${filter}"`);
      return `${log.level} ${log.http}`;
    };
    const cases = {
      'xaynet=debug,http=warn,info': 'debug warn',
      info: 'info info',
      'INFO ': 'info info',
      'hyper=trace,warn': 'warn warn',
      'http=debug': 'error debug',
      xaynet_server: 'trace trace',
      'xaynet[span{x=1}]=debug,off': 'silent silent',
      'xaynet=3': 'info info',
      ',warn,': 'warn warn',
    };
    for (const [filter, expected] of Object.entries(cases)) assert.equal(level(filter), expected, filter);
    for (const filter of ['', '=info', 'xaynet=loud', 'xaynet==info', 'a b', 'inof'])
      assert.match(problemsUsing(`log.filter = "${filter}"`)[0]!, /log\.filter = .*: must be directives like/, filter);
  });

  it('TLS: the three settings of the original, never half of them', () => {
    const [certificate, key, clients] = ['tls_certificate = "ssl/tls.pem"\n', 'tls_key = "ssl/tls.key"\n', 'tls_client_auth = "ca.pem"\n'];
    const files = { certificate: 'ssl/tls.pem', key: 'ssl/tls.key' };
    assert.deepEqual(using(`[api]\n${certificate}${key}`).api.tls, { ...files, clientAuth: undefined });
    assert.deepEqual(using(`[api]\n${certificate}${key}${clients}`).api.tls, { ...files, clientAuth: 'ca.pem' });
    assert.deepEqual(problemsUsing(`[api]\n${certificate}`), ['c.toml:2: api.tls_certificate = "ssl/tls.pem": needs api.tls_key beside it']);
    assert.deepEqual(problemsUsing(`[api]\n${key}`), ['c.toml:2: api.tls_key = "ssl/tls.key": needs api.tls_certificate beside it']);
    assert.deepEqual(problemsUsing(`[api]\n${clients}`), ['c.toml:2: api.tls_client_auth = "ca.pem": needs api.tls_certificate beside it']);
    assert.match(problemsUsing(`[api]\n${certificate}tls_key = ""`).join(), /api\.tls_key = "": must be a path, not empty/);
  });

  it('addresses: ranges of both families, no names', () => {
    const { api, limits } = using('api.trusted_proxies = ["10.0.0.0/8", "2001:db8::/32", "::1"]\nlimits.exempt_addresses = []');
    assert.deepEqual([api.trustedProxies, limits.exemptAddresses], [['10.0.0.0/8', '2001:db8::/32', '::1'], []]);
    for (const text of ['10.0.0.0/33', '999.1.1.1', 'proxy.example', '::1/129', '10.0.0.0/', '', 'fe80::1%eth0', '1.2.3.4/8/9']) {
      for (const key of ['api.trusted_proxies', 'limits.exempt_addresses']) {
        assert.match(problemsUsing(`${key} = ["${text}"]`)[0] ?? '', new RegExp(`${key} = .*: must be a list of addresses or ranges`), text);
      }
    }
  });

  it('limits: from 0 on, which is none', () => {
    for (const [key, name] of [
      ['requests_per_second', 'requestsPerSecond'],
      ['bytes_per_second', 'bytesPerSecond'],
      ['connections_per_address', 'connectionsPerAddress'],
      ['participants_per_address', 'participantsPerAddress'],
      ['messages_per_key', 'messagesPerKey'],
    ] as const) {
      assert.equal(using(`limits.${key} = 0`).limits[name], 0);
      assert.equal(using(`limits.${key} = 7.5`).limits[name], 7.5);
      for (const value of ['-1', 'nan', 'inf', '"5"']) assert.equal(problemsUsing(`limits.${key} = ${value}`).length, 1, `${key} = ${value}`);
    }
  });

  it('no two listeners have one address, that of a default included; that of a fleet counts where there is one', () => {
    const admin = 'admin.token = "a-token-of-20-letter"\nadmin.bind_address = "127.0.0.1:8081"\n';
    assert.match(problemsUsing(admin)[0]!, /admin\.bind_address = .*: must not be the address of api\.bind_address: one of them needs another port/);
    const fleet = 'api.bind_address = "10.0.0.1:8081"\nfleet.bind_address = "10.0.0.1:8081"\n';
    using(fleet);
    const redis = `store.kind = "redis"\nstore.key_file = "k"\nredis.url = "redis://h"\n`;
    assert.match(problemsUsing(`${redis}${fleet}`)[0]!, /fleet\.bind_address = .*: must not be the address of api\.bind_address/);
    using(`${redis}${fleet.replaceAll('8081', '0')}`);
  });

  it('admin: an address and a token, never one of them, and the token is never shown', () => {
    const token = 'a-token-of-20-letter';
    const at = 'admin.bind_address = "127.0.0.1:8082"\n';
    assert.deepEqual(using(`${at}admin.token = "${token}"`).admin, { host: '127.0.0.1', port: 8082, token });
    assert.deepEqual(using(at, { env: { XAYNET__ADMIN__TOKEN: token } }).admin?.token, token);
    assert.match(problemsUsing(at)[0]!, /admin\.bind_address = .*: needs a token beside it: set XAYNET__ADMIN__TOKEN or admin\.token_file/);
    assert.deepEqual(problemsUsing(`admin.token = "${token}"`), ['c.toml:1: admin.token = (hidden): needs admin.bind_address beside it']);
    for (const bad of ['short', 'with a space in the middle', '']) {
      assert.match(problemsUsing(`${at}admin.token = "${bad}"`)[0]!, /admin\.token = \(hidden\): must be a text of 16 characters or more/);
    }
    assert.match(problemsUsing('admin.bind_address = "localhost:1"').join(), /admin\.bind_address = "localhost:1": must be IP:port/);
    assert.match(using(`admin.bind_address = "0.0.0.0:1"\nadmin.token = "${token}"`).notices[0]!, /other machines.*without TLS/);
    assert.deepEqual(using(`admin.bind_address = "[::1]:1"\nadmin.token = "${token}"`).notices, []);
  });

  it('admin: a token from the first line of a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xaynet-settings-'));
    try {
      const file = join(folder, 'token');
      const at = `admin.bind_address = "127.0.0.1:0"\nadmin.token_file = ${JSON.stringify(file)}\n`;
      assert.throws(() => using(at), { code: 'settings-file-missing' });
      writeFileSync(file, '0123456789abcdef\nanything\n');
      assert.equal(using(at).admin?.token, '0123456789abcdef');
      assert.match(problemsUsing(`${at}admin.token = "0123456789abcdef"`)[0]!, /admin\.token_file = .*: must be left out when admin\.token is set/);
      writeFileSync(file, 'short\n');
      assert.match(problemsUsing(at)[0]!, /admin\.token_file = .*: must name a file whose first line is a token of 16 characters/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('store, intake and metrics', () => {
    const key = '0f'.repeat(32);
    const { store, intake, influxdb } = using(
      `store = { key = "${key}", key_file = "k", timeout = 0.5, keep_rounds = 0 }\nintake.workers = 0\nmetrics.influxdb.url = "https://u:p@h:1"`,
    );
    assert.deepEqual([store.key, store.keyFile, store.timeout, store.keepRounds, intake.workers], [key, 'k', 0.5, 0, 0]);
    assert.deepEqual(influxdb, { url: 'https://u:p@h:1', db: 'metrics' });
    for (const line of [`store.key = "${key}0"`, 'store.key = "x"']) assert.match(problemsUsing(line)[0]!, /store\.key = \(hidden\): must be 64 hex/);
    assert.match(problemsUsing('metrics.influxdb.url = "influx.example:8086"')[0]!, /metrics\.influxdb\.url = \(hidden\): must be an http or https URL/);
    for (const line of [
      'store.timeout = 0',
      'store.timeout = 3601',
      'store.keep_rounds = -1',
      'intake.workers = 65',
      'intake.workers = 1.5',
      'store.key_file = ""',
    ]) {
      assert.equal(problemsUsing(line).length, 1, line);
    }
  });
});

describe('settings: what a mistake looks like', () => {
  it('names every problem at once, with line, value, range and advice', () => {
    const toml = [
      '[pet.sum]',
      'prob = nan',
      'cuont = { min = 1 }',
      '[mask]',
      'group_type = "prime"',
      '[pet]',
      'update.count.min = 2',
      '[api]',
      'port = 80',
      '[cors]',
      'x = 1',
      '[redis]',
      'url = 5',
    ].join('\n');
    const found = problems(toml);
    assert.equal(found.length, 8, found.join('\n'));
    const text = found.join('\n');
    assert.match(text, /c\.toml:2: pet\.sum\.prob = nan: must be a number above 0 and below 1/);
    assert.match(text, /c\.toml:3: pet\.sum\.cuont: is no setting; did you mean pet\.sum\.count\?/);
    assert.match(text, /c\.toml:5: mask\.group_type = "prime".*did you mean "Prime"/);
    assert.match(text, /c\.toml:7: pet\.update\.count\.min = 2: must be an integer from 3/);
    assert.match(text, /c\.toml:9: api\.port: is no setting/);
    assert.match(text, /c\.toml:10: cors: is no setting/);
    assert.match(text, /c\.toml: model\.length: is missing/);
    assert.match(text, /redis\.url = \(hidden\)/, 'a URL can hold a password');
  });

  it('a fleet listens where the API does, at any port, unless told otherwise', () => {
    const fleet = (toml: string) => parseSettings(`${toml}\n[model]\nlength = 4`).fleet;
    assert.deepEqual(fleet('[api]\nbind_address = "0.0.0.0:80"'), { host: '0.0.0.0', port: 0, advertise: undefined });
    assert.deepEqual(fleet('[fleet]\nbind_address = "10.0.0.5:9000"\nadvertise = "http://one.example:9001/"'), {
      host: '10.0.0.5',
      port: 9000,
      advertise: 'http://one.example:9001',
    });
    for (const wrong of ['https://one.example', 'http://one.example/path', 'http://user@one.example', 'one.example:9', 'http://']) {
      assert.throws(() => fleet(`[fleet]\nadvertise = "${wrong}"`), /fleet\.advertise/, wrong);
    }
  });

  it('finds a setting that stands in the wrong section', () => {
    assert.match(
      problemsUsing('bind_address = "127.0.0.1:1"')[0]!,
      /c\.toml:1: bind_address: is no setting; did you mean api\.bind_address or admin\.bind_address or fleet\.bind_address\?/,
    );
    assert.match(problemsUsing('[trust_anchor]\nkey = 1')[0]!, /trust_anchor = \{…\}: must be an empty table/);
  });

  it('names line and column of what is no TOML', () => {
    for (const [toml, at] of [
      ['[a]\nb = = 1', '2:5'],
      ['[a]\nb = 1\nb = 2', '3:1'],
      ['x = "', '1:'],
    ] as const) {
      assert.throws(
        () => parseSettings(toml, { file: 'c.toml' }),
        (error) => isXaynetError(error, 'settings-toml') && error.message.includes(`(c.toml:${at}`) && !error.message.includes('\n'),
      );
    }
  });

  it('says what is wrong with the file itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xaynet-settings-'));
    try {
      const file = join(folder, 'config.toml');
      writeFileSync(file, '\ufeff[model]\r\nlength = 12\r\n');
      assert.equal(loadSettings(file, { XAYNET__MODEL__LENGTH: '13' }).modelLength, 13);
      assert.equal(loadSettings(file, {}).modelLength, 12);
      writeFileSync(file, '[model]\r\nlength = 0\r\n');
      assert.throws(
        () => loadSettings(file, {}),
        (error) => error instanceof SettingsError && error.message.includes(`${file}:2: model.length = 0`),
      );
      mkdirSync(join(folder, 'd.toml'));
      const codes = {
        'nowhere.toml': 'settings-file-missing',
        'config.toml/x': 'settings-file-missing',
        'd.toml': 'settings-file-unreadable',
        'config.yaml': 'settings-format',
        'config.JSON': 'settings-format',
      } as const;
      for (const [name, code] of Object.entries(codes)) {
        assert.throws(
          () => loadSettings(join(folder, name), {}),
          (error) => isXaynetError(error, code as 'settings-format') && error.message.includes(name),
          name,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
