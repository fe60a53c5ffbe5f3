// `xaynet config explain` as a user meets it: what it prints, its JSON, how it answers a wrong command line; and the numbers behind it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { MaskSeed } from '@xaynet/core/bytes';
import { Aggregation, deriveMask, MASK_CONFIGS, maskModel, parseMaskConfig, rational } from '@xaynet/core/mask';
import { encodeModel } from '@xaynet/core/round';
import { type Explanation, explain } from '../config/explanation.ts';
import { explanationLines } from '../config/text.ts';
import { measureMaskTimes } from '../config/times.ts';
import { main } from '../main.ts';

async function explaining(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(['config', 'explain', ...args], { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out: stripVTControlCharacters(out), err };
}

/** Times that make the text predictable: a microsecond for everything. */
const TIMES = { mask: 1e-6, derive: 1e-6, add: 1e-7, unmask: 1e-6, weights: 1000, backend: 'wasm' };
const lines = (name: string, length: number, updates: number, sums = 5): string =>
  explanationLines(explain(parseMaskConfig(name), { length, updates, sums }, TIMES), (_, text) => text).join('\n');

test('the text: what a weight costs, what a round computes and sends, what would be cheaper', () => {
  assert.equal(
    lines('Prime/F32/B0/M3', 1_000_000, 100),
    `Prime/F32/B0/M3

  weights                    ±1  times its scalar; what lies beyond is clamped
  precision               1e-10  the step between two weights, absolute
  maximum models          1 000
  bytes per weight            6  on the wire
  draws per weight         14.1  expected; 6 bytes each (2 words of keystream), 7.1 % are below the order, 2^44.2
  keystream per weight  112.6 B  expected

  a round of 1 000 000 weights, 100 updates, 5 sum participants; times are estimates for one thread
  of this machine, from 1 000 weights masked just now (wasm); sealing, signing and the network come on top

  an update participant  1.0 s  masks its model and sends 6.0 MB
  a sum participant      100 s  derives and adds 100 masks (11.3 GB of keystream) and sends 6.0 MB
  the coordinator         10 s  checks and adds 100 updates; 630 MB reach it in all
                         1.0 s  unmasks the sum and writes the model
  everybody                     downloads the model, at most 34.0 MB

  the cheapest of this data type with no less precision, bound and number of models:
  Power2/F32/B0/M6  16 B of keystream per weight (7 times less), 7 bytes on the wire (1.2 times as much),
  precision 1e-10, ±1, 1 000 000 models`,
  );
});

test('the text: a trap is explained, and a round that the configuration or a message cannot hold', () => {
  assert.match(
    lines('Power2/F32/B4/M12', 10, 10),
    /^Power2\/F32\/B4\/M12\n {2}warning: a trap: an order of 2\^88 takes 12 bytes per draw, and only 1 draw in 256 is below it and used\n[\s\S]*\n {2}Integer\/F32\/B4\/M12 {2}18\.6 B of keystream per weight \(165 times less\), 11 bytes on the wire \(as much\)/,
  );
  assert.match(lines('Prime/F32/B0/M9', 10, 10), /an order of 2\^64\.1 takes 9 bytes per draw, and only 1 draw in 236 is below it/);
  assert.doesNotMatch(lines('Power2/F32/B0/M6', 10, 1_000_000), /warning/);
  assert.match(
    lines('Power2/F32/B0/M6', 10, 1_000_001),
    /warning: 1 000 001 updates are more than the 1 000 000 models that M6 can sum, and a coordinator takes no more; Power2\/F32\/B0\/M9 has room\n/,
  );
  assert.match(lines('Power2/F32/B0/M12', 10, 10 ** 12 + 1), /that M12 can sum, and a coordinator takes no more\n/);
  const most = Math.floor((2 ** 32 - 1 - 136 - 128 - 12 - 7 - 4 - 5 * 112) / 7); // as the coordinator limits model.length
  assert.doesNotMatch(lines('Power2/F32/B0/M6', most, 10), /warning/);
  assert.match(lines('Power2/F32/B0/M6', most + 1, 10), /does not fit one message of 2\^32 - 1 bytes, and a coordinator refuses the setting; 613 566 635 do\n/);
});

test('without arguments: the default, measured here; nothing is cheaper', async () => {
  const { code, out, err } = await explaining();
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^Power2\/F32\/B0\/M6\n\n[\s\S]*keystream per weight +16 B[\s\S]*a round of 1 000 000 weights, 100 updates, 5 sum participants;/);
  assert.match(out, /with as much precision, bound and number of models is cheaper\.\n$/);
  assert.doesNotMatch(out, /NaN|undefined|Infinity|below 1 ms/);
});

test('JSON: a name in any case, every key, exact sizes, times that were measured', async () => {
  const { code, out } = await explaining('prime/f32/b0/m3', '--json', '--length', '1000', '--updates', '7', '--sum', '3');
  assert.equal(code, 0);
  const { round, cheapest, ...given } = JSON.parse(out) as Explanation;
  assert.deepEqual(Object.keys(JSON.parse(out)), [...SUMMARY, 'warnings', 'cheapest', 'round']);
  assert.deepEqual(Object.keys(cheapest), [...SUMMARY, 'keystreamFactor', 'wireFactor']);
  assert.deepEqual(
    [given.config, given.bytesPerWeight, given.bytesPerDraw, given.wordsPerDraw, given.precision, given.largestWeight, given.maxModels],
    ['Prime/F32/B0/M3', 6, 6, 2, '1e-10', 1, 1000],
  );
  assert.equal(given.keystreamBytesPerWeight.toFixed(1), '112.6');
  assert.equal(given.orderBits.toFixed(2), '44.19');
  const { seconds, keystreamPerMask, keystreamPerSumParticipant, ...sizes } = round;
  const update = 48 + 136 + 128 + (8 + 1000 * 6) + (4 + 6) + (4 + 112 * 3); // sealed box, header, what is in it
  const sum2 = 48 + 136 + 64 + (8 + 1000 * 6) + (4 + 6);
  assert.deepEqual(sizes, {
    length: 1000,
    updates: 7,
    sums: 3,
    updateMessage: update,
    sum2Message: sum2,
    received: 7 * update + 3 * sum2,
    modelAtMost: 34_008,
  });
  assert.equal(keystreamPerMask, 1001 * given.keystreamBytesPerWeight); // a unit comes before the weights
  assert.equal(keystreamPerSumParticipant, 7 * keystreamPerMask);
  assert.deepEqual(Object.keys(seconds), ['measuredWeights', 'backend', 'mask', 'derive', 'add', 'unmask']);
  const { backend, ...numbers } = seconds;
  assert.match(backend, /^(plain|wasm)(\+openssl)?$/);
  for (const [what, value] of Object.entries(numbers)) assert.ok(value > 0 && value < 1e6, `${what} ${value}`);
});

const SUMMARY = [
  ...['config', 'bytesPerWeight', 'bytesPerDraw', 'wordsPerDraw', 'orderBits', 'acceptance', 'drawsPerWeight', 'keystreamBytesPerWeight'],
  ...['precision', 'largestWeight', 'maxModels', 'isTrap'],
];

test('types instead of a name; those left out are the default’s', async () => {
  const { out } = await explaining('--json', '--bound', 'BMAX', '--data', 'i64', '--length', '1');
  assert.equal((JSON.parse(out) as Explanation).config, 'Power2/I64/Bmax/M6');
});

test('--all: every configuration once, the cheapest first, traps marked; fewer with types', async () => {
  const { code, out } = await explaining('--all');
  assert.equal(code, 0);
  const rows = out.split('\n').filter((line) => /^(Integer|Prime|Power2)\//.test(line));
  assert.equal(new Set(rows.map((row) => row.split(' ')[0])).size, 240);
  assert.match(rows[0]!, /^Power2\/F32\/B0\/M6 +7 +16 +2 +50\.0 % +1e-10 +±1 +1 000 000$/);
  assert.equal(rows.filter((row) => row.endsWith('  trap')).length, 81);
  assert.match(rows.at(-1)!, /^Power2\/F64\/Bmax\/M3 .* 68 608 .* trap$/);

  const few = JSON.parse((await explaining('--all', '--json', '--group', 'power2', '--bound', 'b0', '--data', 'F32')).out) as { config: string }[];
  assert.deepEqual(
    few.map(({ config }) => config.slice(-2)),
    ['M6', 'M3', '12', 'M9'],
  );
  assert.deepEqual(Object.keys(few[0]!), SUMMARY);
});

test('a wrong command line names what is possible and exits with 2', async () => {
  for (const [args, expected] of [
    [['Prime/F32/B0'], /Integer\|Prime\|Power2\/F32\|F64\|I32\|I64\/B0\|B2\|B4\|B6\|Bmax\/M3\|M6\|M9\|M12 is expected, for example Power2\/F32\/B0\/M6/],
    [['--bound', 'B3'], /'--bound <type>' argument 'B3' is invalid\. One of B0, B2, B4, B6, Bmax is expected/],
    [['--group', 'Power3'], /One of Integer, Prime, Power2 is expected/],
    [['Prime/F32/B0/M3', '--bound', 'B0'], /give either a name or --bound, not both/],
    [['Prime/F32/B0/M3', '--all'], /give either a name or --all, not both/],
    [['--length', '0'], /A whole number from 1 to 4294967295 is expected/],
    [['Prime/F32/B0/M3', 'more'], /too many arguments/],
  ] as const) {
    const { code, out, err } = await explaining(...args);
    assert.match(err, expected, args.join(' '));
    assert.deepEqual([code, out], [2, ''], args.join(' '));
  }
  let shown = '';
  assert.equal(await main(['config'], { out: () => undefined, err: (text) => (shown += text) }), 2);
  assert.match(shown, /explain \[name\]/);
});

test('help shows every option and examples', async () => {
  const { code, out } = await explaining('--help');
  assert.equal(code, 0);
  assert.match(out, /--group[\s\S]*--data[\s\S]*--bound[\s\S]*--model[\s\S]*--length[\s\S]*--updates[\s\S]*--sum[\s\S]*--all[\s\S]*--json[\s\S]*Examples:/);
});

test('measuring stops within its time, and a time is that of the longest run divided by its weights', () => {
  let clock = 0;
  const { weights, backend: _, ...times } = measureMaskTimes(parseMaskConfig('Power2/F32/B0/M6'), () => (clock += 10));
  assert.equal(weights, 16);
  for (const time of Object.values(times)) assert.equal(time, 10 / 1000 / 16);
  assert.ok(clock <= 250, `${clock}`);

  let slow = 0; // the slower, the shorter the model that it gets to
  const longer = measureMaskTimes(parseMaskConfig('Power2/I64/Bmax/M3'), () => (slow += 5));
  assert.ok(longer.weights > 16 && slow <= 250, `${longer.weights} ${slow}`);
});

test('no model is larger than announced', () => {
  const seed = (i: number): MaskSeed => MaskSeed(new Uint8Array(32).fill(i));
  for (const config of MASK_CONFIGS.filter(({ group }) => group === 'Prime')) {
    const size = { length: 6, updates: 3, sums: 1 };
    const pair = { vect: config, unit: config };
    const masks = new Aggregation(pair, size.length);
    const models = new Aggregation(pair, size.length);
    for (let i = 0; i < size.updates; i++) {
      const top = { numerator: config.addShift, denominator: 1n };
      const model = [top, { ...top, numerator: -config.addShift }, rational(0), rational(1, 3), rational(-7, 13 + i), rational(1n, config.expShift)];
      models.add(maskModel({ config: pair, seed: seed(i), scalar: rational(99 - i, 100), model }));
      masks.add(deriveMask({ config: pair, seed: seed(i), length: size.length }));
    }
    const { modelAtMost } = explain(config, size, TIMES).round;
    const bytes = encodeModel(models.unmask(masks.object()).toModel()).length;
    assert.ok(bytes <= modelAtMost && bytes > modelAtMost / 4, `${config.name}: ${bytes} of ${modelAtMost}`);
  }
});
