// What goes wrong between a coordinator and an object storage: every error says what it is, and whatever is cut, slow, lost or damaged on the
// way, nothing is told stored that is not, nor the other way round.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, beforeEach, test } from 'node:test';
import {
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { S3Blobs, type S3Options } from '@xaynet/coordinator/stores/s3';
import fc from 'fast-check';
import { type Fault, FaultyProxy, type Seen } from './faulty-proxy.ts';
import { ACCESS_KEY, REGION, SMALLEST_TEST_PART, Swift, sharedSwift, USERS } from './swift.ts';

const swift = await sharedSwift();
const proxy = await FaultyProxy.start(swift.port);
after(() => proxy.stop());
beforeEach(() => {
  proxy.fault = () => undefined;
  proxy.seen.length = 0;
});

let buckets = 0;
const newBucket = (): string => `faults-${buckets++}`;
const through = (changes: Partial<S3Options> = {}): S3Options => ({ ...swift.options(newBucket()), endpoint: proxy.url, wait: 0, ...changes });
const client = new S3Client({
  region: REGION,
  endpoint: swift.url,
  forcePathStyle: true,
  credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: USERS[ACCESS_KEY] },
});
after(() => client.destroy());

/** Opens through the proxy, does `body`, closes. */
async function using(changes: Partial<S3Options>, body: (blobs: S3Blobs, options: S3Options) => Promise<void>): Promise<void> {
  const options = through(changes);
  const blobs = await S3Blobs.open(options);
  proxy.taken();
  try {
    await body(blobs, options);
  } finally {
    await blobs.close();
  }
}

/** The first `count` requests that `matches` meet `fault`. */
function first(count: number, fault: Fault, matches: (request: Seen) => boolean): void {
  let left = count;
  proxy.fault = (request) => (matches(request) && left-- > 0 ? fault : undefined);
}
const isPut = ({ method }: Seen): boolean => method === 'PUT';
const isPart = ({ method, path }: Seen): boolean => method === 'PUT' && path.includes('partNumber=');
const isComplete = ({ method, path }: Seen): boolean => method === 'POST' && path.includes('uploadId=');
const isGet = ({ method, path }: Seen): boolean => method === 'GET' && !path.includes('list-type');

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);
const parts = randomBytes(3 * SMALLEST_TEST_PART + 17);
const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.from(a).equals(b);

test('a wrong secret and an unknown key are refused, and neither is in what is said', async () => {
  for (const wrong of [{ secretAccessKey: 'wrong-secret' }, { accessKey: 'fleet:nobody', secretAccessKey: 'wrong-secret' }]) {
    const failure = await S3Blobs.open({ ...swift.options(newBucket()), ...wrong }).catch((error: Error) => error);
    assert.ok(failure instanceof Error && 'code' in failure && failure.code === 'storage-refused', String(failure));
    assert.match(failure.message, /SignatureDoesNotMatch/);
    assert.doesNotMatch(`${failure.stack} ${JSON.stringify(failure)} ${failure.cause}`, /wrong-secret|fleet:nobody/);
  }
});

test('without keys the environment is looked at', async () => {
  const { accessKey, secretAccessKey, ...options } = swift.options(newBucket());
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  try {
    const blobs = await S3Blobs.open(options);
    assert.equal(await blobs.put('a', bytes), 'ok');
    await blobs.close();
  } finally {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
  }
});

test('a wrong region is named with the right one, an unknown server is unreachable', async () => {
  await assert.rejects(S3Blobs.open(through({ region: 'us-east-1' })), { code: 'storage-region', message: /its region is eu-test-1/ });
  await assert.rejects(S3Blobs.open(through({ endpoint: 'http://127.0.0.1:1' })), { code: 'storage-unreachable', message: /ECONNREFUSED/ });
  await assert.rejects(S3Blobs.open(through({ endpoint: 'http://nobody.invalid' })), { code: 'storage-unreachable' });
  first(9, { kind: 'answer', status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-other-2' } }, () => true);
  await assert.rejects(S3Blobs.open(through()), { code: 'storage-region', message: /its region is eu-other-2/ });
});

test('a server that comes up late is waited for, which is said', async () => {
  const warnings: string[] = [];
  first(5, { kind: 'answer', status: 503, code: 'ServiceUnavailable' }, () => true);
  await using({ wait: 60, warn: (message) => warnings.push(message) }, async (blobs) => {
    assert.equal(await blobs.put('a', bytes), 'ok');
  });
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0]!, /cannot be used yet; it is waited for, 60 s at most: .*ServiceUnavailable/);
});

test('a missing bucket is made once, by whoever comes first', async () => {
  const options = through();
  const opened = await Promise.all(Array.from({ length: 4 }, () => S3Blobs.open(options)));
  assert.equal(await opened[0]!.put('a', bytes), 'ok');
  assert.ok(same(await opened[3]!.get('a'), bytes));
  await Promise.all(opened.map((blobs) => blobs.close()));
});

test('a bucket of somebody else is refused, whether it can be seen or not', async () => {
  proxy.fault = ({ method }) =>
    method === 'GET' ? { kind: 'answer', status: 404, code: 'NoSuchBucket' } : { kind: 'answer', status: 409, code: 'BucketAlreadyExists' };
  await assert.rejects(S3Blobs.open(through()), { code: 'storage-bucket', message: /belongs to somebody else/ });
  proxy.fault = () => ({ kind: 'answer', status: 403, code: 'AccessDenied' });
  await assert.rejects(S3Blobs.open(through()), { code: 'storage-refused', message: /AccessDenied/ });
});

test('a bucket that may be read and not written is refused at the start', async () => {
  first(1, { kind: 'answer', status: 403, code: 'AccessDenied' }, ({ method, path }) => method === 'PUT' && path.includes('.xaynet-probe'));
  await assert.rejects(S3Blobs.open(through()), { code: 'storage-refused', message: /PUT .*AccessDenied/ });
});

test('a look before a bucket is used finds what opening would, makes none, and leaves nothing there', async () => {
  const options = through();
  proxy.taken();
  const { exists, conditional, ahead } = await S3Blobs.look(options);
  assert.deepEqual([exists, conditional, proxy.taken()], [false, undefined, ['GET ?list-type&max-keys&prefix']]);
  assert.ok(Math.abs(ahead!) < 5000, `${ahead}`);
  await (await S3Blobs.open(options)).close();
  proxy.taken();
  assert.deepEqual(
    [await S3Blobs.look(options).then((look) => look.conditional), proxy.taken()],
    [true, ['GET ?list-type&max-keys&prefix', 'PUT', 'GET', 'PUT', 'DELETE']],
  );
  assert.equal((await client.send(new ListObjectsV2Command({ Bucket: options.bucket }))).Contents, undefined);
  await assert.rejects(S3Blobs.look({ ...options, secretAccessKey: 'wrong-secret' }), { code: 'storage-refused' });
  await assert.rejects(S3Blobs.look({ ...options, region: 'us-east-1' }), { code: 'storage-region' });
  await assert.rejects(S3Blobs.look({ ...options, endpoint: 'http://127.0.0.1:1' }), { code: 'storage-unreachable' });
  for (const [refused, more] of [
    ['PUT', /^.*PUT .*AccessDenied/],
    ['GET', /^.*GET .*AccessDenied/],
    ['DELETE', /^.*DELETE .*AccessDenied.*is left there/],
  ] as const) {
    proxy.fault = ({ method, path }) =>
      method === refused && path.includes('.xaynet-probe') ? { kind: 'answer', status: 403, code: 'AccessDenied' } : undefined;
    await assert.rejects(S3Blobs.look(options), { code: 'storage-refused', message: more });
  }
});

test("a look tells how far the server's clock is from the one here", async () => {
  const ahead = await Swift.start({ ahead: 300 });
  try {
    const look = await S3Blobs.look(ahead.options('clock'));
    assert.ok(Math.abs(look.ahead! - 300_000) < 5000, `${look.ahead}`);
  } finally {
    await ahead.stop();
  }
});

test('a bucket that was deleted meanwhile makes it not ready', async () => {
  await using({}, async (blobs, { bucket }) => {
    await client.send(new DeleteBucketCommand({ Bucket: bucket }));
    await assert.rejects(blobs.ready(), { code: 'storage-bucket' });
    await assert.rejects(blobs.put('a', bytes), { code: 'storage-bucket' });
  });
});

test('an update costs one request, and so does reading it; a hundred are deleted with one', async () => {
  await using({}, async (blobs) => {
    await blobs.put('rounds/1/2', bytes);
    assert.deepEqual(proxy.taken(), ['PUT']);
    await blobs.put('rounds/1/3', bytes, { ifAbsent: true });
    assert.deepEqual(proxy.taken(), ['PUT']);
    await blobs.get('rounds/1/2');
    assert.deepEqual(proxy.taken(), ['GET']);
    await blobs.delete(['rounds/1/2', 'rounds/1/3', ...Array.from({ length: 98 }, (_, i) => `rounds/1/${i + 4}`)]);
    assert.deepEqual(proxy.taken(), ['POST ?delete']);
    await blobs.put('models/1', parts);
    assert.deepEqual(proxy.taken().sort(), ['POST ?uploadId', 'POST ?uploads', ...Array(4).fill('PUT ?partNumber&uploadId')]);
  });
});

test('two thousand and one are deleted with three requests', async () => {
  await using({}, async (blobs) => {
    proxy.fault = () => ({ kind: 'answer', status: 200 });
    await blobs.delete(Array.from({ length: 2001 }, (_, i) => `a/${i}`));
    assert.deepEqual(proxy.taken(), ['POST ?delete', 'POST ?delete', 'DELETE']);
  });
});

test('every length around the size of a part comes back as it was put', async () => {
  await using({}, async (blobs) => {
    const around = (parts: number): fc.Arbitrary<number> => fc.integer({ min: -2, max: 2 }).map((off) => parts * SMALLEST_TEST_PART + off);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(around(1), around(2), around(4), fc.integer({ min: 0, max: 5 * SMALLEST_TEST_PART })),
        fc.boolean(),
        async (length, ifAbsent) => {
          const whole = randomBytes(length);
          await blobs.delete(['a']);
          assert.equal(await blobs.put('a', whole, { ifAbsent }), 'ok');
          assert.ok(same(await blobs.get('a'), whole), `${length} bytes`);
        },
      ),
      { numRuns: 8 },
    );
  });
});

test('what never arrived is sent again', async () => {
  await using({}, async (blobs) => {
    first(2, { kind: 'cut-before' }, isPut);
    assert.equal(await blobs.put('a', bytes), 'ok');
    assert.deepEqual(proxy.taken(), ['PUT', 'PUT', 'PUT']);
    first(2, { kind: 'cut-before' }, isGet);
    assert.ok(same(await blobs.get('a'), bytes));
  });
});

test('a write whose answer was lost is known as our own, and one of somebody else is not', async () => {
  await using({}, async (blobs) => {
    first(1, { kind: 'cut-after' }, isPut);
    assert.equal(await blobs.put('a', bytes, { ifAbsent: true }), 'ok');
    assert.deepEqual(proxy.taken(), ['PUT', 'PUT', 'HEAD']);
    first(1, { kind: 'cut-after' }, isPut);
    assert.equal(await blobs.put('a', bytes, { ifAbsent: true }), 'already-exists', 'even the same bytes');
    first(1, { kind: 'cut-after' }, isPut);
    assert.equal(await blobs.put('b', bytes), 'ok');
    assert.ok(same(await blobs.get('b'), bytes));
    first(1, { kind: 'cut-after' }, ({ method }) => method === 'DELETE');
    await blobs.delete(['a']);
    assert.equal(await blobs.get('a'), undefined);
  });
});

test('two writes at the same moment of which the server wants one again', async () => {
  await using({}, async (blobs) => {
    first(2, { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' }, isPut);
    assert.equal(await blobs.put('a', bytes, { ifAbsent: true }), 'ok');
    assert.deepEqual(proxy.taken(), ['PUT', 'PUT', 'PUT']);
  });
});

test('in parts: lost answers, a lost end, and an end that the server has forgotten', async () => {
  await using({}, async (blobs) => {
    first(2, { kind: 'cut-after' }, isPart);
    assert.equal(await blobs.put('a', parts, { ifAbsent: true }), 'ok');
    assert.ok(same(await blobs.get('a'), parts));
    assert.equal(await blobs.put('a', parts, { ifAbsent: true }), 'already-exists');
    first(1, { kind: 'cut-after' }, isComplete);
    assert.equal(await blobs.put('b', parts, { ifAbsent: true }), 'ok');
    assert.ok(same(await blobs.get('b'), parts));
    // As Amazon's does: an upload that has been completed is not there any more.
    const forgotten: Fault[] = [{ kind: 'cut-after' }, { kind: 'answer', status: 404, code: 'NoSuchUpload' }];
    proxy.fault = (request) => (isComplete(request) ? forgotten.shift() : undefined);
    assert.equal(await blobs.put('c', parts), 'ok');
    assert.ok(same(await blobs.get('c'), parts));
    forgotten.push({ kind: 'cut-before' }, { kind: 'answer', status: 404, code: 'NoSuchUpload' });
    await assert.rejects(blobs.put('d', parts), { code: 'storage-failed', message: /NoSuchUpload/ });
    assert.equal(await blobs.get('d'), undefined);
  });
});

test('an upload of which a part fails leaves nothing behind', async () => {
  await using({}, async (blobs, { bucket }) => {
    first(
      Number.POSITIVE_INFINITY,
      { kind: 'answer', status: 500, code: 'InternalError' },
      (request) => isPart(request) && request.path.includes('partNumber=2'),
    );
    await assert.rejects(blobs.put('a', parts), { code: 'storage-failed', message: /part 2: InternalError/ });
    assert.equal(await blobs.get('a'), undefined);
    assert.equal((await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads, undefined);
  });
});

test('what was damaged on its way there is refused by the server and sent again', async () => {
  await using({}, async (blobs) => {
    first(1, { kind: 'damage-request' }, isPut);
    assert.equal(await blobs.put('a', bytes), 'ok');
    assert.deepEqual(proxy.taken(), ['PUT', 'PUT']);
    assert.ok(same(await blobs.get('a'), bytes));
    first(Number.POSITIVE_INFINITY, { kind: 'damage-request' }, isPut);
    await assert.rejects(blobs.put('b', bytes), { code: 'storage-failed' });
    assert.equal(await blobs.get('b'), undefined);
  });
});

test('what comes back damaged or cut off is asked for again, and then told', async () => {
  await using({}, async (blobs) => {
    await blobs.put('a', parts);
    for (const kind of ['damage-answer', 'cut-answer'] as const) {
      first(1, { kind }, isGet);
      assert.ok(same(await blobs.get('a'), parts), kind);
    }
    first(Number.POSITIVE_INFINITY, { kind: 'damage-answer' }, isGet);
    await assert.rejects(blobs.get('a'), { code: 'storage-damaged', message: /GET a: .*another SHA-256/ });
    first(Number.POSITIVE_INFINITY, { kind: 'cut-answer' }, isGet);
    await assert.rejects(blobs.get('a'), { code: 'storage-failed', message: /GET a/ });
  });
});

test('an object of somebody else, without our metadata, is read as it is', async () => {
  await using({}, async (blobs, { bucket }) => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: '7_aa', Body: bytes }));
    assert.ok(same(await blobs.get('7_aa'), bytes));
    assert.equal(await blobs.put('7_aa', parts, { ifAbsent: true }), 'already-exists');
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'no key of ours?', Body: bytes }));
    const keys: string[] = [];
    for await (const { key } of blobs.list('')) keys.push(key);
    assert.deepEqual(keys, ['7_aa']);
  });
});

test('a server that hangs once costs a third of the time, one that always hangs all of it', async () => {
  await using({ timeout: 1.5 }, async (blobs) => {
    first(1, { kind: 'hang' }, isPut);
    assert.equal(await blobs.put('a', bytes), 'ok');
    first(Number.POSITIVE_INFINITY, { kind: 'hang' }, () => true);
    await assert.rejects(blobs.put('a', bytes), { code: 'storage-timeout' });
    await assert.rejects(blobs.get('a'), { code: 'storage-timeout' });
  });
});

test('a server that wants it slower is asked slower, one that is full is told so', async () => {
  await using({}, async (blobs) => {
    first(2, { kind: 'answer', status: 503, code: 'SlowDown' }, isPut);
    assert.equal(await blobs.put('a', bytes), 'ok');
    first(1, { kind: 'answer', status: 507, code: 'InsufficientStorage' }, isPut);
    await assert.rejects(blobs.put('a', bytes), { code: 'storage-failed', message: /the storage is full/ });
  });
});

test('a clock that is wrong: the SDK goes by the other, which is said; where that does not help, it is told', async () => {
  const ahead = await Swift.start({ ahead: 3600 });
  try {
    const warnings: string[] = [];
    const blobs = await S3Blobs.open({ ...ahead.options('clocks'), warn: (message) => warnings.push(message) });
    assert.equal(await blobs.put('a', bytes), 'ok');
    assert.match(warnings.join(), /^the clock of the object storage is 3[56]\d\d s ahead of that of this machine/);
    await blobs.close();
  } finally {
    await ahead.stop();
  }
  proxy.fault = () => ({ kind: 'answer', status: 403, code: 'RequestTimeTooSkewed' });
  await assert.rejects(S3Blobs.open(through()), { code: 'storage-clock', message: /RequestTimeTooSkewed/ });
});

test('uploads that a process left in the middle are given up a day later, under the own prefix only', async () => {
  const old = await Swift.start({ ahead: -2 * 24 * 3600 });
  try {
    const options = { ...old.options('sweeps'), prefix: 'fleet-1/' };
    await (await S3Blobs.open(options)).close();
    const direct = new S3Client({
      region: REGION,
      endpoint: old.url,
      forcePathStyle: true,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: USERS[ACCESS_KEY] },
    });
    for (const Key of ['fleet-1/models/1', 'fleet-2/models/1']) await direct.send(new CreateMultipartUploadCommand({ Bucket: 'sweeps', Key }));
    await (await S3Blobs.open({ ...options, prefix: '' })).close();
    const keys = async () => (await direct.send(new ListMultipartUploadsCommand({ Bucket: 'sweeps' }))).Uploads?.map(({ Key }) => Key);
    assert.deepEqual(await keys(), ['fleet-1/models/1', 'fleet-2/models/1']);
    await (await S3Blobs.open(options)).close();
    assert.deepEqual(await keys(), ['fleet-2/models/1']);
    direct.destroy();
  } finally {
    await old.stop();
  }
});

test('installations with prefixes of their own share a bucket', async () => {
  const options = swift.options(newBucket());
  const [one, two] = await Promise.all(['one/', 'two/'].map((prefix) => S3Blobs.open({ ...options, prefix })));
  await one!.put('a', bytes);
  assert.equal(await two!.get('a'), undefined);
  for await (const { key } of two!.list('')) assert.fail(key);
  await two!.delete(['a']);
  assert.ok(same(await one!.get('a'), bytes));
  await Promise.all([one!.close(), two!.close()]);
});

test('closing ends what is under way', async () => {
  await using({}, async (blobs) => {
    proxy.fault = () => ({ kind: 'hang' });
    const under = blobs.put('a', bytes);
    while (proxy.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await blobs.close();
    await assert.rejects(under, { code: 'storage-failed', message: /closed/ });
  });
});
