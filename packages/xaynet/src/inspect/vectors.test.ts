// Every known answer of vectors/ is recognised and laid out as its own table of fields says; every broken one gets the error that it must
// get, and something that is wrong with a field; every irregular one that must be read is read.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fromHex } from '@xaynet/core/bytes';
import { inspectCollection, VECTOR_KINDS } from './collection.ts';
import { type InspectOptions, inspectBytes } from './inspect.ts';
import type { KindName } from './kind-names.ts';
import { isWrong, isWrongField, leaves, type Report } from './report.ts';

interface Vector {
  readonly name: string;
  readonly kind?: string;
  readonly tag?: string;
  readonly decoder?: string;
  readonly error?: string | null;
  readonly bytes: string;
  readonly fields?: Record<string, string>;
}
const load = (file: string): Record<string, Vector[]> => JSON.parse(readFileSync(new URL(`../../../../vectors/${file}.json`, import.meta.url), 'utf8'));
const OPTIONS: InspectOptions = { known: { coordinatorKeys: [], ephemeralKeys: [], maskSeeds: [] }, look: { secrets: true, items: 'all' } };

const whole: readonly (readonly [KindName, Vector])[] = [
  ...load('messages').vectors!.map((vector) => ['message', vector] as const),
  ...load('messages').payloads!.map((vector) => [`payload-${vector.tag}` as KindName, vector] as const),
  ...load('messages').sealed!.map((vector) => ['sealed', vector] as const),
  ...load('objects').vectors!.map((vector) => [VECTOR_KINDS[vector.kind!]!, vector] as const),
  ...load('rest').vectors!.map((vector) => [VECTOR_KINDS[vector.kind!]!, vector] as const),
  ...load('participant-saved-states').states!.map((vector) => ['reference-state', vector] as const),
];

/** The fields of a report as a vector lists them: one of the vector's may be several here. */
function assertFields(report: Report, fields: Record<string, string>): void {
  const found = leaves(report.fields).filter(({ length }) => length > 0);
  let [i, offset] = [0, 0];
  for (const [name, hex] of Object.entries(fields)) {
    const end = offset + hex.length / 2;
    while (offset < end) {
      const field = found[i++]!;
      assert.equal(field?.offset, offset, `${report.source}: ${name}`);
      assert.ok(field.name === name || field.name.startsWith(`${name}.`), `${report.source}: ${field.name} is where ${name} has to be`);
      if (field.name === name && typeof field.data === 'string' && /^[0-9a-f]{8,}$/.test(field.data) && field.data.length === hex.length)
        assert.equal(field.data, hex, name);
      offset += field.length;
    }
    assert.equal(offset, end, name);
  }
  assert.equal(i, found.length);
}

test('every vector is recognised by itself, decodes, and has the fields that it says', () => {
  assert.ok(whole.length > 35);
  for (const [kind, { name, bytes, fields }] of whole) {
    const given = fromHex(bytes);
    const isEmpty = given.every((byte) => byte === 0) && given.length === 8;
    if (isEmpty) assert.throws(() => inspectBytes(name, given, OPTIONS), { code: 'inspect-ambiguous' });
    const report = inspectBytes(name, given, { ...OPTIONS, as: isEmpty ? kind : undefined });
    assert.equal(report.kind, kind, name);
    assert.equal(report.verdict?.code, undefined, name);
    assert.ok(!report.fields.some(isWrongField), name);
    assertFields(report, fields!);
  }
});

/** Kinds by the file of broken vectors; the others are of text, or need a key. */
const BROKEN: Record<string, KindName> = {
  'mask-config': 'mask-config',
  'mask-config-indices': 'mask-config-indices',
  'mask-object': 'mask-object',
  'local-seed-dict': 'local-seed-dict',
  message: 'message',
  'payload-sum': 'payload-sum',
  'payload-update': 'payload-update',
  'payload-sum2': 'payload-sum2',
  chunk: 'chunk',
  'round-params': 'params',
  'sum-dict': 'sum-dict',
  'update-seed-dict': 'update-seed-dict',
  'seed-dict': 'seed-dict',
  model: 'model',
  'coordinator-state': 'coordinator-state',
};

describe('broken vectors', () => {
  for (const [file, kind] of Object.entries(BROKEN)) {
    test(file, () => {
      for (const { name, bytes, error } of load(`broken/${file}`) as unknown as Vector[]) {
        const report = inspectBytes(name, fromHex(bytes), { ...OPTIONS, as: kind });
        const verdict = report.verdict?.code ?? null;
        // A configuration in the middle of a stream may have more behind it; inspected alone it may not.
        if (!(error === null && verdict === 'decode-trailing')) assert.equal(verdict, error, name);
        const isSaid = report.fields.some(isWrongField) || report.checks.some(({ outcome }) => outcome === 'wrong');
        assert.equal(isSaid, verdict !== null, `${file}: ${name}: ${verdict}`);
      }
    });
  }
});

test('what must be tolerated is not called wrong', () => {
  for (const { name, bytes, decoder } of load('tolerated').vectors!) {
    const report = inspectBytes(name, fromHex(bytes), { ...OPTIONS, as: BROKEN[decoder!]! });
    const expected = /not below its group|equal to the group order/.test(name)
      ? 'aggregate-invalid-object'
      : /^no payload/.test(name)
        ? 'decode-truncated'
        : undefined;
    assert.equal(report.verdict?.code, expected, name);
    assert.equal(report.fields.some(isWrongField), expected !== undefined, name);
  }
});

/** A file of vectors/, as the command sees it. */
function collection(file: string, as?: KindName): Report {
  const bytes = new Uint8Array(readFileSync(new URL(`../../../../vectors/${file}.json`, import.meta.url)));
  return inspectCollection(file, bytes, { ...OPTIONS, look: { secrets: false, items: undefined }, as })!;
}

test('files of known answers as such: all documents come out as they must, broken ones with their errors', () => {
  for (const file of ['messages', 'objects', 'rest', 'masking']) {
    const report = collection(file);
    assert.ok(!isWrong(report), `${file}: ${JSON.stringify(report.checks)}`);
  }
  for (const [file, kind] of Object.entries(BROKEN).filter(([file]) => !file.startsWith('mask-config'))) {
    const report = collection(`broken/${file}`, kind);
    assert.ok(!isWrong(report), `${file}: ${JSON.stringify(report.checks)}`);
  }
});

test('recorded rounds: every message opens with the key of its round and holds against it, here in chunks', () => {
  const counts = (file: string): Record<string, number> => {
    const report = collection(file);
    assert.ok(!isWrong(report), `${file}: ${JSON.stringify(report.checks)}`);
    return Object.fromEntries(report.checks.map(({ says }) => [says.split(' × ')[1]!, Number.parseInt(says, 10)]));
  };
  const chunked = counts('recorded-rounds-chunked');
  assert.equal(chunked['sealed: message'], 58);
  assert.ok(chunked['payload-update']! > 5 && chunked['payload-sum2']! > 2, JSON.stringify(chunked));
});
