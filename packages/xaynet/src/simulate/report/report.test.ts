// The files of a report are what they say: a page that an XML parser would take, tables whose rows fit their header, charts within their paper.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PLAIN } from '../rig.test.ts';
import { runSimulation } from '../run.ts';
import { chartSvg } from './chart.ts';
import { linearScale, logScale } from './scale.ts';
import { prepareReport, writeReport } from './write-report.ts';

/** Tags that are opened are closed, in their order. */
function assertWellFormed(text: string, name: string): void {
  const open: string[] = [];
  for (const [, end, tag, self] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/gi)) {
    if (self === '/' || (name.endsWith('.html') && /^(meta)$/.test(tag!))) continue;
    if (end === '') open.push(tag!);
    else assert.equal(open.pop(), tag, `${name}: </${tag}>`);
  }
  assert.deepEqual(open, [], name);
}

test('a report of a run with adversaries, failures and dropouts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-report-'));
  try {
    prepareReport(join(folder, 'a/b'));
    const { report, tallies, crowd, settings } = await runSimulation({
      ...PLAIN,
      participants: 25,
      rounds: 3,
      seed: 3,
      data: 'cancer',
      partition: 'dirichlet',
      skew: 0.3,
      dropout: 0.1,
      stragglers: 0.1,
      adversaries: new Map([['bad-seeds', 0.04]]),
    });
    const whole = { ...report, options: { ...settings, data: 'cancer', adversary: ['bad-seeds=0.04'], odd: '<script>"&' } };
    const files = writeReport(join(folder, 'a/b'), whole, tallies, crowd);
    const read = (name: string): string => readFileSync(join(folder, 'a/b', name), 'utf8');
    assert.deepEqual(files.filter((name) => name.endsWith('.svg')).sort(), [
      'bytes.svg',
      'crowd.svg',
      'exactness.svg',
      'labels.svg',
      'learning.svg',
      'participation.svg',
      'phases.svg',
    ]);
    assert.deepEqual(JSON.parse(read('summary.json')), JSON.parse(JSON.stringify(whole)));
    for (const [name, count] of [
      ['rounds.csv', 3],
      ['participants.csv', 25],
    ] as const) {
      const rows = read(name).trimEnd().split('\r\n');
      assert.equal(rows.length, count + 1);
      for (const row of rows) assert.equal(row.split(',').length, rows[0]!.split(',').length, row);
    }
    // Who holds what: a column a label, which together are the examples.
    const [header, ...rows] = read('participants.csv')
      .trimEnd()
      .split('\r\n')
      .map((row) => row.split(','));
    const at = (name: string): number => header!.indexOf(name);
    for (const row of rows) assert.equal(Number(row[at('label_benign')]) + Number(row[at('label_malignant')]), Number(row[at('examples')]), row.join());
    // What was taken where nothing was asked for is there, and nothing that has no effect.
    assert.deepEqual(settings, { epochs: 5, learningRate: 0.1, batch: 4, serverRate: 1, sums: 5, window: 60, trainTime: 8, threads: 0 });
    const failed = report.rounds.find(({ failure }) => failure !== undefined);
    assert.ok(failed !== undefined, 'one seals to other keys');
    const page = read('report.html');
    assert.ok(page.includes(failed.failure!.code) && page.includes('bad-seeds'));
    assert.ok(!/<script|<link|src=|https?:(?!\/\/www\.w3\.org)/.test(page), 'nothing is loaded, nothing runs');
    assert.match(page, /<td>learning-rate<\/td><td[^>]*>0\.1<\/td>/);
    assert.match(page, /<th>accuracy<\/th>/);
    for (const [tag] of page.matchAll(/<div class="table"[^>]*>/g)) assert.match(tag, /tabindex="0"/, 'what scrolls can be scrolled by keys');
    assert.ok(page.includes('&lt;script&gt;&quot;&amp;'));
    for (const name of files.filter((file) => /\.(svg|html)$/.test(file))) {
      assertWellFormed(read(name), name);
      for (const [, value] of read(name).matchAll(/ (?:x|y|cx|cy|width|height|d)="([^"]*)"/g)) assert.ok(!value!.includes('NaN'), `${name}: ${value}`);
    }
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => prepareReport(join(folder, 'file')), { code: 'option-invalid' });

    // An earlier report is whole until the next one is, whatever becomes of the run and of the disk.
    prepareReport(join(folder, 'a/b'));
    assert.deepEqual(JSON.parse(read('summary.json')).options, whole.options);
    mkdirSync(join(folder, 'a/b', 'summary.json.part'));
    assert.throws(() => writeReport(join(folder, 'a/b'), { ...whole, options: {} }, tallies), { code: 'file-unwritable' });
    assert.deepEqual(JSON.parse(read('summary.json')).options, whole.options);
    assert.deepEqual(readdirSync(join(folder, 'a/b')).sort(), [...files].sort());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('scales have round ticks and hold their values; what is equal or nothing has a scale too', () => {
  assert.deepEqual(linearScale(0, 87).ticks, [0, 25, 50, 75, 100]);
  assert.deepEqual(linearScale(0.31, 0.92).ticks, [0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(logScale(3e-11, 2e-9).ticks, [1e-11, 1e-10, 1e-9, 1e-8]);
  for (const scale of [linearScale(5, 5), linearScale(0, 0), logScale(1, 1)]) {
    assert.ok(scale.ticks.length >= 2);
    assert.ok(scale.at(scale.ticks[0]!) === 0 && scale.at(scale.ticks.at(-1)!) === 1);
  }
  assert.equal(linearScale(0, 100).at(1000), 1);
});

test('a chart without a value, and one of a thousand rounds, can be drawn', () => {
  const chart = { title: 'a', note: 'b', axis: 'round', format: String };
  assertWellFormed(chartSvg({ ...chart, kind: 'lines', labels: ['1'], series: [{ name: 'x', values: [undefined], colour: 1 }] }, true), 'empty.svg');
  const many = Array.from({ length: 1000 }, (_, i) => i);
  for (const kind of ['lines', 'bars'] as const) {
    const text = chartSvg({ ...chart, kind, labels: many.map(String), series: [{ name: 'x', values: many, colour: 1 }] });
    assertWellFormed(text, kind);
    assert.ok((text.match(/text-anchor="middle"/g)?.length ?? 0) < 30, 'labels do not overlap');
  }
});
