// What an S3 storage may be told, and what is said where the SDK is not installed; the storage itself is tested over a real server (tests/s3).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSdk } from './client.ts';
import { checkS3Options, isBucketName, isKeyPrefix, parseS3Region } from './options.ts';

test('bucket names are those of the original and of S3', () => {
  for (const name of ['global-models', 'abc', '1.2.3', 'a.b-c', 'a--b', '256.1.1.1.1', 'x'.repeat(63)]) assert.ok(isBucketName(name), name);
  for (const name of [
    '',
    'ab',
    'x'.repeat(64),
    'A-bucket',
    '-abc',
    '.abc',
    'abc-',
    'abc.',
    'a..b',
    'a.-b',
    'a_b',
    'a b',
    '127.0.0.1',
    '999.1.1.1',
    'é-bucket',
  ]) {
    assert.ok(!isBucketName(name), name);
  }
});

test('a prefix is what keys may begin with', () => {
  for (const prefix of ['', 'a', 'a/', 'fleet-1/x_y/', '.hidden/', 'a.b/', 'x'.repeat(256)]) assert.ok(isKeyPrefix(prefix), prefix);
  for (const prefix of ['/', '/a', 'a//', 'a//b', './', '../', 'a/../', '..', 'a/.', 'a b', 'é', 'x'.repeat(257)]) assert.ok(!isKeyPrefix(prefix), prefix);
});

test('region and endpoint in every way that the original takes', () => {
  const minio = { region: 'minio', endpoint: 'http://localhost:9000' };
  assert.deepEqual(parseS3Region(['eu-west-1']), { region: 'eu-west-1', endpoint: undefined });
  assert.deepEqual(parseS3Region('eu-west-1'), { region: 'eu-west-1', endpoint: undefined });
  assert.deepEqual(parseS3Region(['minio', 'http://localhost:9000']), minio);
  assert.deepEqual(parseS3Region('minio http://localhost:9000'), minio);
  assert.deepEqual(parseS3Region('  minio   http://localhost:9000 '), minio);
  assert.deepEqual(parseS3Region(['minio', 's3.example.org']), { region: 'minio', endpoint: 'https://s3.example.org' });
  const wrong = [
    '',
    ' ',
    [],
    [''],
    ['a b'],
    ['a', 'b', 'c'],
    'a b c',
    ['a', ''],
    ['a', 'ftp://b'],
    ['a', 'http://user:password@b'],
    ['a', 'http://b?c'],
    ['a', 'http://'],
  ];
  for (const value of wrong) assert.equal(parseS3Region(value), undefined, JSON.stringify(value));
});

test('options that cannot be meant are refused before anything is asked for', () => {
  assert.equal(checkS3Options({ bucket: 'abc' }).partBytes, 16 * 1024 * 1024);
  const wrong = [
    { bucket: 'A' },
    { prefix: '/a' },
    { region: '' },
    { endpoint: 'localhost:9000' },
    { accessKey: 'a' },
    { secretAccessKey: 'a' },
    { partBytes: 0 },
    { partBytes: 1.5 },
    { timeout: 0 },
    { timeout: Number.NaN },
  ];
  for (const options of wrong) assert.throws(() => checkS3Options({ bucket: 'abc', ...options }), { code: 'option-invalid' }, JSON.stringify(options));
  const secret = { bucket: 'abc', accessKey: 'a', secretAccessKey: 'the-secret', timeout: 0 };
  assert.throws(
    () => checkS3Options(secret),
    (error: Error) => !error.message.includes('the-secret'),
  );
});

test('where the SDK is not installed, its package is named', async () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  await assert.rejects(
    loadSdk(() => Promise.reject(missing)),
    { code: 'storage-library-missing', message: /@aws-sdk\/client-s3/ },
  );
  await assert.rejects(
    loadSdk(() => Promise.reject(new TypeError('other'))),
    TypeError,
  );
});
