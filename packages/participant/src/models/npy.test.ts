import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeNpy, encodeNpy } from './npy.ts';
import { assertCoded, assertNoSurprise, assertTensor, bytesOf, files, tensorOf } from './python-files.test.ts';
import { data, shapes } from './tensors.test.ts';
import type { Tensor } from './tensors.ts';

const code = (code: string, message?: RegExp) => (error: { code?: string; message: string }) =>
  error.code === code && (message === undefined || message.test(error.message));

/** A file of version 1 with this header, and so many bytes of numbers. */
function file(header: string, numbers = 0, version = 1): Uint8Array {
  const bytes = new Uint8Array(10 + header.length + numbers);
  bytes.set([0x93, ...Buffer.from('NUMPY'), version, 0, header.length & 255, header.length >> 8]);
  bytes.set(Buffer.from(header, 'latin1'), 10);
  return bytes;
}

test('files of numpy are read, and written again byte for byte where they are row-major and of version 1', () => {
  let written = 0;
  for (const python of files.npy) {
    const tensor = decodeNpy(bytesOf(python.bytes), { widen: true });
    assertTensor(tensor, tensorOf(python));
    if (python.fortran || python.version !== null || python.dtype === 'F16') continue;
    assert.equal(Buffer.from(encodeNpy(tensor)).toString('base64'), python.bytes);
    written++;
  }
  assert.equal(written, 6);
  assert.deepEqual([...new Set(files.npy.map(({ fortran, version }) => `${fortran} ${version}`))], ['false null', 'false 2,0', 'false 3,0', 'true null']);
});

test('other numbers are refused with advice', () => {
  const half = files.npy.find(({ dtype }) => dtype === 'F16');
  assert.throws(() => decodeNpy(bytesOf(half!.bytes)), code('tensors-file-unsupported', /<f2; the option widen/));
  assert.throws(() => decodeNpy(bytesOf(files.npyUnsupported['big endian']!)), code('tensors-file-unsupported', />f4; astype/));
  assert.throws(() => decodeNpy(bytesOf(files.npyUnsupported.bytes!)), code('tensors-file-unsupported', /\|u1/));
  assert.throws(() => decodeNpy(file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4)), code('tensors-file-unsupported', /records/));
  assert.throws(() => decodeNpy(file('', 0, 4)), code('tensors-file-unsupported', /version 4\.0/));
});

test('any tensor comes back', () => {
  const tensors = fc.tuple(fc.constantFrom('F32', 'F64', 'I32', 'I64'), shapes).chain(
    ([dtype, shape]): fc.Arbitrary<Tensor> =>
      data(
        dtype,
        shape.reduce((product, size) => product * size, 1),
      ).map((data) => ({ shape, data })),
  );
  fc.assert(
    fc.property(tensors, (tensor) => {
      const bytes = encodeNpy(tensor);
      assertTensor(decodeNpy(bytes), tensor);
      assert.equal((bytes.length - tensor.data.byteLength) % 64, 0);
    }),
    { numRuns: 200 },
  );
  const most = { shape: new Array(64).fill(1), data: Float32Array.of(5) };
  assertTensor(decodeNpy(encodeNpy(most)), most);
  assert.throws(() => encodeNpy({ shape: [2], data: Float32Array.of(1) }), code('tensor-shape'));
});

test('headers are read in any order and spacing, and nothing else is', () => {
  const good = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'shape':(2,),'fortran_order':True,'descr':'<f4',}",
    "  { 'shape' : ( 2 , ) , 'fortran_order' : False , 'descr' : '<f4' }  \n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2), }",
  ];
  for (const header of good) assert.deepEqual(decodeNpy(file(header, 8)).shape, [2], header);
  const bad = [
    '',
    '{',
    '{}',
    '[]',
    "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': '2'}",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999, 9999999999999999)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + 1}",
  ];
  for (const header of bad) assert.throws(() => decodeNpy(file(header, 8)), code('tensors-file-invalid'), header);
  assert.throws(() => decodeNpy(Buffer.from('not one at all')), code('tensors-file-invalid', /does not begin/));
  const long = `{'descr': '<f4', 'fortran_order': False, 'shape': (${'1,'.repeat(30_000)}), }`;
  assert.throws(() => decodeNpy(file(long, 4)), code('tensors-file-invalid', /shape/));
});

test('a file that was cut or changed anywhere is refused with a code, or read', () => {
  for (const python of files.npy) {
    const bytes = bytesOf(python.bytes);
    const read = (given: Uint8Array) => decodeNpy(given, { widen: true });
    // An array without numbers is whole with its header.
    if (python.values.length > 0) assertCoded(bytes, read);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const changed = bytes.slice();
        changed[at] = byte;
        assertNoSurprise(changed, read);
      }),
    );
  }
});
