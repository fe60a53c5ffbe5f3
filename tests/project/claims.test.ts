// The checks that examples are made into can fail: each kind of claim, true and false.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimedValues, expectClaim, expectThrows, withClaims } from './claims.ts';

const checked = (code: string): string => withClaims(code, './claims.ts');
const run = (code: string): Promise<unknown> => {
  const body = checked(code).replace(/^import .*\n/, '');
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  return new AsyncFunction('__expect', '__throws', body)(expectClaim, expectThrows);
};

test('a literal in the comment is a claim, with prose after a colon', () => {
  for (const [comment, values] of [
    ['7', ['7']],
    ['=> 7', ['7']],
    ['-0.5e-7', ['-0.5e-7']],
    ['12n: exactly', ['12n']],
    ["'update'", ["'update'"]],
    ['88 bytes', ['{ bytes: 88 }']],
    ['{ a: 1n, b: [true, undefined] } in Node', ['{ a: 1n, b: [true, undefined] }']],
    ['Float32Array [0.5, -0.25]', ['Float32Array.from([0.5, -0.25])']],
    ["'none', 'sum' or 'update'", ["'none'", "'sum'", "'update'"]],
    ["undefined or 'transport-unreachable'", ['undefined', "'transport-unreachable'"]],
  ] as const)
    assert.deepEqual(claimedValues(comment), values, comment);
});

test('anything else is prose', () => {
  for (const comment of [
    '1/3: a share',
    '1, 2, 3',
    '32 random bytes in earnest',
    '{ round, length } of the round',
    'the snapshot',
    '10 % of it',
    'true enough',
    "'a' where it is installed",
  ])
    assert.equal(claimedValues(comment), undefined, comment);
});

test('true claims pass, false ones fail', async () => {
  for (const [statement, right, wrong] of [
    ['1 + 1', '2', '3'],
    ['0.1 + 0.2', '0.30000000000000004', '0.3'],
    ['-0', '-0', '0'],
    ['Float32Array.of(0.1)', 'Float32Array [0.10000000149011612]', 'Float64Array [0.10000000149011612]'],
    ['[1n, 2n]', '[1n, 2n]', '[1, 2]'],
    ['new Uint8Array(5)', '5 bytes', '6 bytes'],
    ['const a = { y: 1, x: undefined }', '{ x: undefined, y: 1 }', '{ y: 1 }'],
    ["'http://a'.length", '8', '9'],
    ["'sum'", "'none', 'sum' or 'update'", "'none' or 'update'"],
    ['await Promise.resolve(7)', '7: soon', '8: soon'],
  ] as const) {
    await run(`${statement}; // ${right}`);
    await assert.rejects(run(`${statement}; // ${wrong}`), /it is/, statement);
  }
});

test('an error is claimed by its code', async () => {
  const fail = "await Promise.reject(Object.assign(new Error(), { code: 'some-code' }))";
  await run(`${fail}; // throws some-code`);
  await assert.rejects(run(`${fail}; // throws another-code`), /throws some-code instead of another-code/);
  await assert.rejects(run('Math.sin(1); // throws some-code'), /does not throw/);
});

test('a claim that could not be compared is refused, code without claims stays as it is', () => {
  assert.throws(() => checked('return 7; // 7'), /the statement has none/);
  assert.throws(() => checked('global.weights; // in the data type of the masks'), /no value/);
  const code = "await run.stop(); // the snapshot\nconst url = 'http://127.0.0.1'; // where it is\n";
  assert.equal(checked(code), code);
});
