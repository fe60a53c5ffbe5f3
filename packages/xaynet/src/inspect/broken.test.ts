// Properties over documents of every kind and over what damage makes of them: the tolerant reader never throws, goes over every byte once, and
// agrees with the strict one on whether something is wrong; secrets are in no output, whatever was done to the document.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64, toHex } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import fc from 'fast-check';
import { type Example, open, secrets, sensitive } from './examples.test.ts';
import { hexdumpLines } from './hexdump.ts';
import { type InspectOptions, inspectBytes, verdictOf } from './inspect.ts';
import { reportJson } from './json.ts';
import { kindOf } from './kinds.ts';
import { isWrong, isWrongField, leaves, type Report } from './report.ts';
import { reportLines } from './text.ts';

const known = { coordinatorKeys: [], ephemeralKeys: [], maskSeeds: [] };
const few: InspectOptions = { known, look: { secrets: false, items: undefined } };
const all: InspectOptions = { known, look: { secrets: false, items: 'all' } };
const examples = [...open, ...sensitive];

/** Everything that the command can print of a report. */
function printed(report: Report): string {
  const lines = reportLines(report, {
    columns: 100,
    paint: (_, text) => text,
    unfold: true,
    between: (each) => hexdumpLines(each, { all: true, columns: 200 }),
  });
  for (const line of reportLines(report, { columns: 100, paint: (_, text) => text, unfold: true }))
    assert.ok(line.length <= 100 || / {2}(wire|participant|coordinator) /.test(line), line);
  return `${lines.join('\n')}\n${JSON.stringify(reportJson(report))}`;
}

/** Every run of four bytes of a secret, as digits and as the numbers it may be taken for; and its base64. */
const windows = new Set<string>();
for (const secret of secrets) {
  const view = new DataView(secret.buffer, secret.byteOffset, secret.byteLength);
  for (let i = 0; i + 4 <= secret.length; i++) {
    windows.add(toHex(secret.subarray(i, i + 4)));
    for (const isLittle of [true, false]) {
      windows.add(String(view.getUint32(i, isLittle)));
      if (i + 8 <= secret.length) windows.add(String(view.getBigUint64(i, isLittle)));
    }
  }
}
const texts = secrets.flatMap((secret) => [toBase64(secret).slice(0, 12), toBase64(secret).slice(-16, -4)]);

/** What of the secrets is in a text; a hexdump has its bytes apart. */
function leaked(text: string): string | undefined {
  const digits = text.replaceAll(/(?<=\b[0-9a-f]{2}) {1,2}(?=[0-9a-f]{2}\b)/g, '');
  for (const [run] of digits.matchAll(/[0-9a-f]{8,}/g)) for (let i = 0; i + 8 <= run.length; i += 2) if (windows.has(run.slice(i, i + 8))) return run;
  for (const [run] of text.matchAll(/\d{8,}/g)) if (windows.has(run)) return run;
  return texts.find((each) => text.includes(each));
}

test('documents as they are: recognised, nothing wrong, every byte in one field, no secret in any output', () => {
  for (const { kind, bytes } of examples) {
    const report = inspectBytes(kind, bytes, all);
    assert.equal(report.kind, kind);
    assert.ok(!isWrong(report), `${kind}: ${JSON.stringify(reportJson(report))}`);
    let at = 0;
    for (const { offset, length, name } of leaves(report.fields)) {
      assert.equal(offset, at, `${kind}: ${name}`);
      at += length;
    }
    assert.equal(at, bytes.length, kind);
    for (const options of [few, all]) assert.equal(leaked(printed(inspectBytes(kind, bytes, options))), undefined, kind);
  }
});

test('with --secrets they are shown: what looks for them finds them', () => {
  for (const { kind, bytes } of sensitive) {
    const report = inspectBytes(kind, bytes, { known, look: { secrets: true, items: 'all' } });
    assert.notEqual(leaked(printed(report)), undefined, kind);
  }
});

/** One thing done to bytes. */
const mutation = fc.oneof(
  fc.record({
    what: fc.constantFrom('flip', 'zeros', 'ones', 'cut', 'insert', 'remove', 'append' as const),
    at: fc.nat(),
    size: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({ what: fc.constantFrom('flip', 'zeros', 'ones', 'remove' as const), at: fc.nat({ max: 150 }), size: fc.constantFrom(1, 4, 8) }),
);
const small = mutation.map(({ what, at, size }) => ({ what, at, size: 1 + (size % 8) }));
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutated(bytes: Uint8Array, { what, at, size }: Mutation): Uint8Array {
  const from = at % (bytes.length + 1);
  const [before, after] = [bytes.slice(0, from), bytes.slice(from)];
  switch (what) {
    case 'flip':
      return Uint8Array.from(bytes, (byte, i) => (i === from % bytes.length ? byte ^ (1 << (size % 8)) : byte));
    case 'zeros':
    case 'ones':
      return Uint8Array.from(bytes, (byte, i) => (i >= from && i < from + size ? (what === 'zeros' ? 0 : 255) : byte));
    case 'cut':
      return before;
    case 'insert':
      return Uint8Array.from([...before, ...new Array<number>(size).fill(at & 255), ...after]);
    case 'remove':
      return Uint8Array.from([...before, ...after.slice(size)]);
    case 'append':
      return Uint8Array.from([...bytes, ...new Array<number>(size).fill(at & 255)]);
  }
}

const damaged = fc.tuple(fc.constantFrom(...examples), fc.array(mutation, { minLength: 1, maxLength: 2 }), fc.boolean());

/** Whether the strict decoder looks less closely: a saved message, or a part of it, is not taken apart there. */
const isLax = ({ kind }: Example): boolean => kind === 'reference-state' || kind === 'sealed-seed';

test('damaged documents: never a throw, the strict error is told, and something is wrong exactly when the strict decoder says so', () => {
  fc.assert(
    fc.property(damaged, ([example, mutations, isAll]) => {
      const bytes = mutations.reduce(mutated, example.bytes);
      const report = inspectBytes('x', bytes, { ...(isAll ? all : few), as: example.kind, look: { secrets: true, items: isAll ? 'all' : undefined } });
      printed(report);
      const verdict = verdictOf(kindOf(example.kind).strict, bytes);
      assert.deepEqual(report.verdict, verdict);
      const isSaid = report.fields.some(isWrongField) || report.checks.some(({ outcome }) => outcome === 'wrong');
      if (verdict?.code !== undefined || !isLax(example)) assert.equal(isSaid, verdict?.code !== undefined, `${example.kind}: ${verdict?.says}`);
      let at = 0;
      for (const { offset, length, name } of leaves(report.fields)) {
        assert.ok(offset >= at && offset + length <= bytes.length, `${name} at ${offset}`);
        at = offset + length;
      }
    }),
    { numRuns: 350 },
  );
});

test('damaged documents with secrets: none is in any output, whether the kind is named or found out', () => {
  // Several bytes in two places where the kind is named; one word where it is to be found out: what has lost
  // more may look like anything, and so may a bare key of which a bit has changed.
  const hurt = fc.oneof(
    fc.tuple(fc.constantFrom(...sensitive), fc.array(mutation, { minLength: 1, maxLength: 2 }), fc.boolean(), fc.constant(true)),
    fc.tuple(fc.constantFrom(...sensitive.filter(({ kind }) => kind !== 'signing-key')), fc.tuple(small), fc.boolean(), fc.constant(false)),
  );
  fc.assert(
    fc.property(hurt, ([{ kind, bytes }, mutations, isAll, isNamed]) => {
      const given = (mutations as readonly Mutation[]).reduce(mutated, bytes);
      let text: string;
      try {
        const report = inspectBytes('x', given, { ...(isAll ? all : few), as: isNamed ? kind : undefined });
        text = `${report.kind}\n${printed(report)}`;
      } catch (error) {
        if (!isXaynetError(error)) throw error;
        text = error.message;
      }
      const found = leaked(text);
      assert.equal(
        found,
        undefined,
        `${kind}, taken for ${text.split('\n', 1)[0]}, ${JSON.stringify(mutations)}: ${text.split('\n').find((line) => line.replaceAll(' ', '').includes(found!))}`,
      );
    }),
    { numRuns: 400 },
  );
});

test('bytes of any kind, taken for any kind: never a throw, and no time that grows with a number in them', () => {
  const kinds = [...new Set(examples.map(({ kind }) => kind))];
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.constantFrom(...open), fc.constantFrom(0xff, 0x7f, 0x00), fc.nat({ max: 400 }), (kind, { bytes }, byte, at) => {
      const given = Uint8Array.from(bytes, (each, i) => (i >= at && i < at + 8 ? byte : each));
      printed(inspectBytes('x', given, { ...all, as: kind, look: { secrets: true, items: 'all' } }));
    }),
    { numRuns: 350 },
  );
});
