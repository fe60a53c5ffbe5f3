// What stands for Node's modules in other engines does what Node's do: assertions fail where Node's fail, hashes, ciphers and files are equal.
import nodeAssert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import assert from './suite/assertions.ts';

class Other {
  a = 1;
}
class Coded extends TypeError {
  code = 'x';
}
const cycle: unknown[] = [1];
cycle.push(cycle);
const VALUES: readonly unknown[] = [
  ...[undefined, null, 0, -0, 1, Number.NaN, 1n, 2n, '', 'a', true, Symbol.iterator, () => 1],
  ...[[], [1], [1, 2], [undefined], new Array(1), [[1]], {}, { a: 1 }, { a: 1, b: undefined }, { b: 1 }, { a: 1n }, new Other(), Object.create(null)],
  ...[new Uint8Array([1]), new Uint8Array([2]), new Uint8Array(2), new Int8Array([1]), Float32Array.of(0), Float32Array.of(-0), Float64Array.of(Number.NaN)],
  ...[new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]]), new Map([[2, { a: 1 }]]), new Set([1]), new Set([2]), new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  ...[new Error('a'), new Error('b'), new TypeError('a'), new Coded('a'), /a/, /b/, new Date(1), new Date(2), [cycle], { [Symbol.iterator]: 1 }],
];
const fails = (run: () => unknown): boolean => {
  try {
    run();
    return false;
  } catch {
    return true;
  }
};

test('equality is that of node:assert/strict, for every pair of values', () => {
  for (const [i, a] of VALUES.entries()) {
    for (const [j, b] of VALUES.entries()) {
      for (const name of ['equal', 'deepEqual', 'notEqual', 'notDeepEqual'] as const)
        nodeAssert.equal(
          fails(() => assert[name](a, b)),
          fails(() => nodeAssert[name](a, b)),
          `${name} of values ${i} and ${j}`,
        );
    }
    nodeAssert.equal(
      fails(() => assert.ok(a)),
      fails(() => nodeAssert.ok(a)),
    );
  }
  nodeAssert.ok(!fails(() => assert.deepEqual(cycle, [1, cycle])));
});

test('throws, rejects and match fail where those of node:assert/strict fail', async () => {
  const throwing = (error: unknown) => () => {
    throw error;
  };
  const runs = [() => 1, throwing(new Error('a')), throwing(new TypeError('b')), throwing(new Coded('a'))];
  const expected = [
    undefined,
    /a/,
    /^TypeError: b$/,
    Error,
    TypeError,
    { code: 'x' },
    { message: /a/ },
    { message: 'b' },
    new Error('a'),
    () => true,
    () => false,
  ];
  for (const run of runs) {
    for (const what of expected) {
      nodeAssert.equal(
        fails(() => assert.throws(run, what)),
        fails(() => nodeAssert.throws(run, what as Error)),
        `${run} ${String(what)}`,
      );
      const outcome = (of: typeof assert.rejects): Promise<boolean> =>
        of(async () => run(), what).then(
          () => false,
          () => true,
        );
      nodeAssert.equal(await outcome(assert.rejects), await outcome(nodeAssert.rejects as typeof assert.rejects), `${run} ${String(what)} rejected`);
    }
    nodeAssert.equal(
      fails(() => assert.doesNotThrow(run)),
      fails(() => nodeAssert.doesNotThrow(run)),
    );
  }
  for (const pattern of [/a/, /b/]) {
    nodeAssert.equal(
      fails(() => assert.match('a', pattern)),
      fails(() => nodeAssert.match('a', pattern)),
    );
    nodeAssert.equal(
      fails(() => assert.doesNotMatch('a', pattern)),
      fails(() => nodeAssert.doesNotMatch('a', pattern)),
    );
  }
});

test('hash and cipher are those of OpenSSL, also where the counter carries', async () => {
  const standIn = await import('./suite/node-modules.ts');
  const text = (value: unknown): string => Buffer.from(value as Uint8Array).toString('hex');
  const hash = (of: unknown): { update(bytes: Uint8Array): { digest(encoding: 'hex'): string } } => of as never;
  nodeAssert.equal(hash(standIn.createHash('sha256')).update(Buffer.from('abc')).digest('hex'), createHash('sha256').update('abc').digest('hex'));
  const key = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
  for (const counter of [0n, 2n ** 32n - 1n, 2n ** 40n]) {
    const iv = Buffer.alloc(16);
    iv.writeBigUInt64LE(counter);
    const [ours, theirs] = [standIn.createCipheriv('chacha20', key, iv) as ReturnType<typeof createCipheriv>, createCipheriv('chacha20', key, iv)];
    for (const length of [0, 1, 63, 64, 65, 200])
      nodeAssert.equal(text(ours.update(Buffer.alloc(length, length))), text(theirs.update(Buffer.alloc(length, length))));
  }
});
