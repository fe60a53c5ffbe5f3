// A strict reader of Prometheus' text format 0.0.4, for the tests: it takes nothing that Prometheus would refuse or promtool complain about.

import assert from 'node:assert/strict';
import { it } from 'node:test';

/** One family of series. */
export interface Family {
  readonly type: string;
  readonly help: string;
  /** Series as `name{a="b"}`, labels in the order given, to their values. */
  readonly samples: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] };

/** The families of `text` by name; throws at the first thing that is not as it has to be. */
export function parseExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'ends with a line break');
  const families = new Map<string, Family>();
  let help: { name: string; text: string } | undefined;
  let current: string | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      assert.ok(NAME.test(name) && !families.has(name), line);
      help = { name, text: rest };
    } else if (kind === 'TYPE') {
      assert.equal(help?.name, name, `TYPE after HELP of the same: ${line}`);
      assert.match(rest, /^(counter|gauge|histogram)$/);
      assert.equal(rest === 'counter', name.endsWith('_total'), `counters and only they end with _total: ${name}`);
      families.set(name, { type: rest, help: help!.text, samples: new Map() });
      current = name;
    } else {
      const family = families.get(current ?? '');
      assert.ok(family, `a sample of no family: ${line}`);
      const [, sample, labels = '', value] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
      const suffixes = SUFFIXES[family.type] ?? [''];
      assert.ok(
        suffixes.some((suffix) => sample === current + suffix),
        `${sample} in the family ${current}`,
      );
      const series = `${sample}{${readLabels(labels, line).join(',')}}`;
      assert.ok(!family.samples.has(series), `twice: ${series}`);
      family.samples.set(series, readValue(value!, line));
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family);
  return families;
}

function readLabels(text: string, line: string): string[] {
  const labels: string[] = [];
  const names = new Set<string>();
  for (let rest = text; rest !== ''; ) {
    const [whole, name] = LABEL.exec(rest) ?? assert.fail(`labels: ${line}`);
    assert.ok(!names.has(name!) && !name!.startsWith('__'), `label ${name}: ${line}`);
    names.add(name!);
    labels.push(whole!.replace(/,$/, ''));
    rest = rest.slice(whole!.length);
  }
  return labels;
}

function readValue(text: string, line: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  assert.match(text, /^-?\d+(\.\d+)?(e[+-]?\d+)?$/, line);
  return Number(text);
}

/** Buckets grow up to +Inf, which is the count; each set of labels has a sum. */
function checkHistogram(name: string, { samples }: Family): void {
  const last = new Map<string, { bound: number; value: number }>();
  for (const [series, value] of samples) {
    if (!series.startsWith(`${name}_bucket{`)) continue;
    const [, bound] = /(?:^|[{,])le="([^"]+)"/.exec(series) ?? assert.fail(`a bucket without le: ${series}`);
    const key = series.slice(`${name}_bucket`.length).replace(/(?<=[{,])le="[^"]+",?|,le="[^"]+"/, '');
    const before = last.get(key);
    const le = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
    assert.ok(before === undefined || (le > before.bound && value >= before.value), series);
    last.set(key, { bound: le, value });
  }
  for (const [key, { bound, value }] of last) {
    assert.equal(bound, Number.POSITIVE_INFINITY, `${name}${key} has a bucket +Inf`);
    assert.equal(samples.get(`${name}_count${key}`), value, `${name}_count${key}`);
    assert.ok(samples.has(`${name}_sum${key}`), `${name}_sum${key}`);
  }
}

it('the reader takes what is right and nothing else', () => {
  const good = '# HELP a_total Things.\n# TYPE a_total counter\na_total{x="y\\"",z=""} 3\n# HELP b B.\n# TYPE b gauge\nb -1.5e-7\n';
  assert.equal(parseExposition(good).get('a_total')?.samples.get('a_total{x="y\\"",z=""}'), 3);
  const histogram = (buckets: string): string => `# HELP h H.\n# TYPE h histogram\n${buckets}h_sum{s="a"} 3\nh_count{s="a"} 2\n`;
  parseExposition(histogram('h_bucket{le="1",s="a"} 1\nh_bucket{le="+Inf",s="a"} 2\n'));
  for (const bad of [
    good.trimEnd(),
    'a 1\n',
    `${good}a_total 3\n`,
    good.replace('a_total{x', 'c{x'),
    good.replace(' 3\n', ' three\n'),
    good.replace(' 3\n', ' 3\na_total{x="y\\"",z=""} 4\n'),
    good.replaceAll('a_total', 'a'),
    good.replace('x="y\\""', 'x="y"z'),
    histogram('h_bucket{le="1",s="a"} 1\n'),
    histogram('h_bucket{le="1",s="a"} 3\nh_bucket{le="+Inf",s="a"} 2\n'),
    histogram('h_bucket{le="1",s="a"} 1\nh_bucket{le="+Inf",s="a"} 3\n'),
  ]) {
    assert.throws(() => parseExposition(bad), bad);
  }
});
