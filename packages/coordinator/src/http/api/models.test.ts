// Models over real HTTP: every format read back by other means than those that wrote it, tags, ranges, the choice of a format, what is refused,
// and what conversions may cost the rest of the process.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { XaynetError } from '@xaynet/core/errors';
import { modelToWeights, parseMaskConfig, rational } from '@xaynet/core/mask';
import { encodeModel } from '@xaynet/core/round';
import fc from 'fast-check';
import { requestedRange } from './byte-range.ts';
import { ModelCache } from './model-cache.ts';
import { FORMAT_NAMES, formatModel } from './model-formats.ts';
import { FakeApiPort, FRACTIONS, ID, MODEL, mistakesOf, OLD_ID, problemOf, SAMPLE, serving } from './rig.test.ts';
import { SCHEMAS } from './schemas.ts';

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

/** A safetensors file, read as its format says, with nothing of this project. */
function readSafetensors(file: Buffer): { metadata: Record<string, string>; tensors: Record<string, { dtype: string; shape: number[]; data: Buffer }> } {
  const length = Number(file.readBigUInt64LE(0));
  assert.equal(length % 8, 0);
  const { __metadata__: metadata, ...entries } = JSON.parse(file.subarray(8, 8 + length).toString()) as Record<string, never>;
  const tensors: Record<string, { dtype: string; shape: number[]; data: Buffer }> = {};
  let end = 0;
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = entry as { dtype: string; shape: number[]; data_offsets: [number, number] };
    assert.equal(offsets[0], end, 'no holes');
    end = offsets[1];
    tensors[name] = { dtype, shape, data: file.subarray(8 + length + offsets[0], 8 + length + offsets[1]) };
  }
  assert.equal(file.length, 8 + length + end, 'nothing after the tensors');
  return { metadata, tensors };
}

function floatsOf(data: Buffer, bytes: 4 | 8): number[] {
  return Array.from({ length: data.length / bytes }, (_, i) => (bytes === 4 ? data.readFloatLE(4 * i) : data.readDoubleLE(8 * i)));
}

test('fractions are the bytes of /model; floats are rounded once', () =>
  serving(async (url) => {
    assert.deepEqual(await bytesOf(await fetch(`${url}/models/latest`)), Buffer.from(MODEL));
    assert.deepEqual(await bytesOf(await fetch(`${url}/models/${ID}.fractions`)), Buffer.from(MODEL));
    for (const [format, bytes, data] of [
      ['f32', 4, 'F32'],
      ['f64', 8, 'F64'],
    ] as const) {
      const body = await bytesOf(await fetch(`${url}/models/${ID}?format=${format}`));
      assert.equal(body.length, bytes * FRACTIONS.length);
      assert.deepEqual(floatsOf(body, bytes), [...modelToWeights(FRACTIONS, data)]);
    }
    const float = (await bytesOf(await fetch(`${url}/models/latest.f32`))).readFloatLE(0);
    assert.equal(float, Math.fround(1 / 3));
  }));

/** A coordinator whose models are averages of integers. */
function integerPort(): FakeApiPort {
  const mask = parseMaskConfig('Prime/I64/B0/M3');
  return Object.assign(new FakeApiPort(), { task: { modelLength: FRACTIONS.length, mask, dataType: mask.data } });
}

test('integers are truncated towards zero', () =>
  serving(
    async (url) => {
      assert.equal((await problemOf(await fetch(`${url}/models/${OLD_ID}.i64`))).code, 'http-format-unfit', 'larger than any');
      const i32 = await bytesOf(await fetch(`${url}/models/latest.i32`));
      assert.deepEqual(
        [0, 1, 2, 3].map((i) => i32.readInt32LE(4 * i)),
        [0, 0, 0, 0],
      );
      assert.equal(i32.readInt32LE(16), Math.trunc(-50_000 / 7));
      const i64 = await bytesOf(await fetch(`${url}/models/latest.i64`));
      assert.equal(i64.readBigInt64LE(32), BigInt(Math.trunc(-50_000 / 7)));
      const { tensors } = readSafetensors(await bytesOf(await fetch(`${url}/models/latest.safetensors`)));
      assert.equal(tensors.weights!.dtype, 'I64');
      assert.equal(tensors.weights!.data.readBigInt64LE(32), BigInt(Math.trunc(-50_000 / 7)));
      const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { links: object }[] };
      assert.deepEqual(Object.keys(models[0]!.links), FORMAT_NAMES);
    },
    { port: integerPort() },
  ));

test('a model of floats is not given as integers, which would be 0 nearly everywhere', () =>
  serving(async (url) => {
    for (const format of ['latest.i32', `${ID}.i64`, 'latest?format=i32', 'latest.safetensors?dtype=I64']) {
      const response = await fetch(`${url}/models/${format}`);
      assert.equal(response.status, 406);
      const { code, detail } = await problemOf(response);
      assert.equal(code, 'http-format-unfit');
      assert.match(detail, /F32/);
    }
    const asked = await fetch(`${url}/models/latest`, { headers: { accept: 'application/vnd.xaynet.i32' } });
    assert.equal((await problemOf(asked)).code, 'http-format-unfit');
    const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { links: object }[] };
    assert.deepEqual(Object.keys(models[0]!.links), ['fractions', 'f32', 'f64', 'safetensors', 'json']);
  }));

test('an extension that is no format is told so, with those there are; what is no model at all is not there', () =>
  serving(async (url) => {
    for (const name of ['latest.xyz', `${ID}.F32`]) {
      const response = await fetch(`${url}/models/${name}`);
      assert.equal(response.status, 406);
      const { code, detail } = await problemOf(response);
      assert.equal(code, 'http-not-acceptable');
      assert.match(detail, /one of fractions, f32, f64, .* expected, "(xyz|F32)" given/);
    }
    for (const name of ['17_ff.xyz', '17_ff.f32', '.xyz', 'latest.']) {
      const { code } = await problemOf(await fetch(`${url}/models/${name}`));
      assert.equal(code, name === 'latest.' ? 'http-not-acceptable' : 'http-model-unknown', name);
    }
  }));

test('safetensors: one tensor, aligned, with the type that was asked for and where it comes from', () =>
  serving(async (url) => {
    for (const [query, dtype, bytes] of [
      ['', 'F32', 4],
      ['?dtype=F64', 'F64', 8],
    ] as const) {
      const response = await fetch(`${url}/models/latest.safetensors${query}`);
      assert.match(response.headers.get('content-disposition')!, /^attachment; filename="model-3\.safetensors"$/);
      const { metadata, tensors } = readSafetensors(await bytesOf(response));
      assert.deepEqual(metadata, { id: ID, round: '3', hash: createHash('sha256').update(MODEL).digest('hex') });
      assert.deepEqual(Object.keys(tensors), ['weights']);
      const { weights } = tensors;
      assert.deepEqual([weights!.dtype, weights!.shape], [dtype, [FRACTIONS.length]]);
      assert.deepEqual(floatsOf(weights!.data, bytes), [...modelToWeights(FRACTIONS, dtype)]);
    }
  }));

test('JSON: the nearest float64s, exactly', () =>
  serving(async (url) => {
    const body = (await (await fetch(`${url}/models/latest`, { headers: { accept: 'application/json' } })).json()) as { weights: number[] };
    assert.deepEqual(mistakesOf(body, SCHEMAS.ModelWeights), []);
    assert.deepEqual(body, { id: ID, round: 3, length: FRACTIONS.length, weights: [...modelToWeights(FRACTIONS, 'F64')] });
  }));

test('any model in any format is what the whole-model functions make of it', async () => {
  const fraction = fc.tuple(fc.bigInt(-(2n ** 70n), 2n ** 70n), fc.bigInt(1n, 2n ** 70n)).map(([n, d]) => rational(n, d));
  await fc.assert(
    fc.asyncProperty(fc.array(fraction, { maxLength: 40 }), async (fractions) => {
      const model = encodeModel(fractions);
      const f64 = await formatModel(model, { id: 'x', round: undefined }, 'f64', 'F64');
      assert.deepEqual(floatsOf(Buffer.from(f64), 8), [...modelToWeights(fractions, 'F64')]);
      const text = Buffer.from(await formatModel(model, { id: 'x', round: undefined }, 'json', 'F64')).toString();
      assert.deepEqual(
        (JSON.parse(text) as { weights: number[] }).weights.map((weight) => weight + 0),
        [...modelToWeights(fractions, 'F64')].map((weight) => weight + 0),
      );
      const { tensors } = readSafetensors(Buffer.from(await formatModel(model, { id: 'x', round: undefined }, 'safetensors', 'F32')));
      assert.deepEqual(floatsOf(tensors.weights!.data, 4), [...modelToWeights(fractions, 'F32')]);
    }),
  );
});

test('bytes that are no model are an error, however they are broken', async () => {
  const good = encodeModel([rational(1, 3), rational(5, 7)]);
  const name = { id: 'x', round: undefined };
  for (let length = 0; length < good.length; length++) {
    await assert.rejects(formatModel(good.subarray(0, length), name, 'f32', 'F32'), XaynetError, `${length} bytes`);
  }
  await assert.rejects(formatModel(Buffer.concat([good, Buffer.from([0])]), name, 'json', 'F64'), { code: 'decode-trailing' });
});

test('the format: extension before query before Accept', () =>
  serving(async (url) => {
    const typeOf = async (path: string, accept?: string): Promise<string | null> => {
      const response = await fetch(`${url}${path}`, { method: 'HEAD', headers: accept === undefined ? {} : { accept } });
      assert.equal(response.status, 200, path);
      return response.headers.get('content-type');
    };
    assert.equal(await typeOf('/models/latest.f32?format=json', 'application/json'), 'application/vnd.xaynet.f32');
    assert.equal(await typeOf('/models/latest?format=f64', 'application/json'), 'application/vnd.xaynet.f64');
    assert.equal(await typeOf('/models/latest', 'application/vnd.safetensors, application/json;q=0.9'), 'application/vnd.safetensors');
    assert.equal(await typeOf('/models/latest', 'application/json;q=0.5, application/*;q=0.1'), 'application/json');
    assert.equal(await typeOf('/models/latest', '*/*, application/problem+json'), 'application/octet-stream');
    assert.equal(await typeOf('/models/latest', 'application/problem+json'), 'application/octet-stream');
    const refused = await fetch(`${url}/models/latest`, { headers: { accept: 'text/html' } });
    assert.equal((await problemOf(refused)).code, 'http-not-acceptable');
    const negotiated = await fetch(`${url}/models/latest`, { headers: { accept: 'application/json' } });
    assert.equal(negotiated.headers.get('vary'), 'accept');
    await negotiated.arrayBuffer();
  }));

test('tags: one each for model and format; 304 reads and converts nothing', () =>
  serving(async (url, port) => {
    const tags = new Set<string>();
    for (const format of ['fractions', 'f32', 'f64', 'json', 'safetensors', 'safetensors?dtype=F64']) {
      const response = await fetch(`${url}/models/latest.${format}`, { method: 'HEAD' });
      tags.add(response.headers.get('etag')!);
      assert.equal(response.headers.get('cache-control'), 'no-cache');
      const byId = await fetch(`${url}/models/${ID}.${format}`, { method: 'HEAD' });
      assert.equal(byId.headers.get('etag'), response.headers.get('etag'));
      assert.equal(byId.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    }
    assert.equal(tags.size, 6);
    port.modelsRead = 0;
    for (const tag of tags) {
      assert.match(tag, /^"[^"]+"$/);
      const format = tag.includes('f64.safetensors')
        ? 'safetensors?dtype=F64'
        : tag.includes('f32.safetensors')
          ? 'safetensors'
          : tag.slice(1, -1).split('.')[1];
      const again = await fetch(`${url}/models/latest.${format}`, { headers: { 'if-none-match': tag } });
      assert.deepEqual([again.status, again.headers.get('etag')], [304, tag]);
    }
    assert.equal(port.modelsRead, 0);
  }));

test('another model: latest has another tag at once', () =>
  serving(async (url, port) => {
    const first = (await fetch(`${url}/models/latest.f64`, { method: 'HEAD' })).headers.get('etag');
    port.latest = OLD_ID;
    port.bus.emit({ type: 'model', round: 4, model: undefined as never, weights: 2, updates: 3, scalarSum: rational(1), masked: SAMPLE });
    const second = await fetch(`${url}/models/latest.f64`);
    assert.notEqual(second.headers.get('etag'), first);
    assert.deepEqual(floatsOf(await bytesOf(second), 8), [1e300, 0.5]);
  }));

test('ranges: a part, the last bytes, the rest; none that is there; another version', () =>
  serving(async (url) => {
    const path = `${url}/models/latest.f32`;
    const whole = await bytesOf(await fetch(path));
    const ask = (headers: Record<string, string>): Promise<Response> => fetch(path, { headers });
    for (const [range, first, last] of [
      ['bytes=0-99', 0, 99],
      ['bytes=100-100', 100, 100],
      ['bytes=-10', whole.length - 10, whole.length - 1],
      ['bytes=400000-', 400_000, whole.length - 1],
      ['bytes=399999-999999999', 399_999, whole.length - 1],
      ['bytes=-999999999', 0, whole.length - 1],
    ] as const) {
      const part = await ask({ range });
      assert.equal(part.status, 206, range);
      assert.equal(part.headers.get('content-range'), `bytes ${first}-${last}/${whole.length}`);
      assert.deepEqual(await bytesOf(part), whole.subarray(first, last + 1));
    }
    const none = await ask({ range: `bytes=${whole.length}-` });
    assert.equal(none.headers.get('content-range'), `bytes */${whole.length}`);
    assert.equal((await problemOf(none)).code, 'http-range-invalid');
    for (const range of ['bytes=0-1,4-5', 'lines=1-2', 'bytes=5-1', 'bytes=x-']) assert.deepEqual(await bytesOf(await ask({ range })), whole, range);
    const etag = (await ask({ range: 'bytes=0-0' })).headers.get('etag')!;
    assert.equal((await ask({ range: 'bytes=0-0', 'if-range': etag })).status, 206);
    assert.equal((await ask({ range: 'bytes=0-0', 'if-range': '"another"' })).status, 200);
    const head = await fetch(path, { method: 'HEAD', headers: { range: 'bytes=0-0' } });
    assert.deepEqual([head.status, head.headers.get('content-length'), head.headers.get('accept-ranges')], [200, String(whole.length), 'bytes']);
  }));

test('a range is always inside of the body', () => {
  fc.assert(
    fc.property(fc.option(fc.nat(300)), fc.option(fc.nat(300)), fc.nat(200), (from, to, length) => {
      const found = requestedRange(`bytes=${from ?? ''}-${to ?? ''}`, length);
      if (found === undefined || found === 'unsatisfiable') return;
      assert.ok(0 <= found.first && found.first <= found.last && found.last < length);
    }),
  );
});

test('what is not there, cannot be held, or is not known', () =>
  serving(async (url, port) => {
    const codeOf = async (path: string): Promise<string> => (await problemOf(await fetch(`${url}${path}`))).code;
    assert.equal(await codeOf('/models/17_ff'), 'http-model-unknown');
    assert.equal(await codeOf('/models/..%2F..%2Fetc%2Fpasswd'), 'http-model-unknown');
    assert.equal(await codeOf(`/models/${OLD_ID}.f32`), 'http-format-unfit');
    assert.equal(await codeOf('/models/latest?format=f16'), 'http-query-invalid');
    assert.equal(await codeOf('/models/latest?format=f32&format=f64'), 'http-query-invalid');
    assert.equal(await codeOf('/models?limit=0'), 'http-query-invalid');
    port.broken = new XaynetError('storage-failed', '/secret/path');
    const failed = await fetch(`${url}/models`);
    assert.equal(failed.headers.get('retry-after'), '5');
    const { code, detail } = await problemOf(failed);
    assert.equal(code, 'storage-failed');
    assert.ok(!detail.includes('secret'));
  }));

test('before the first model there is none', () =>
  serving(async (url, port) => {
    port.latest = undefined;
    port.stored.clear();
    assert.equal((await problemOf(await fetch(`${url}/models/latest`))).code, 'http-model-unknown');
    assert.deepEqual(await (await fetch(`${url}/models`)).json(), { models: [], total: 0 });
  }));

test('the list: newest first, with links that work; the number of weights once it is known', () =>
  serving(async (url) => {
    interface List {
      models: { id: string; round: number; bytes: number; weights: number | null; latest: boolean; links: Record<string, string> }[];
    }
    const read = async (): Promise<List> => (await (await fetch(`${url}/models`)).json()) as List;
    const { models } = await read();
    assert.deepEqual(
      models.map(({ id, round, bytes, weights, latest }) => ({ id, round, bytes, weights, latest })),
      [
        { id: ID, round: 3, bytes: MODEL.length, weights: null, latest: true },
        { id: OLD_ID, round: 1, bytes: encodeModel([rational(10n ** 300n), rational(1, 2)]).length, weights: null, latest: false },
      ],
    );
    for (const link of Object.values(models[0]!.links)) assert.equal((await fetch(`${url}${link}`, { method: 'HEAD' })).status, 200, link);
    assert.equal((await read()).models[0]!.weights, FRACTIONS.length);
  }));

test('a format is made once for all who ask, and kept', () =>
  serving(async (url, port) => {
    await Promise.all(Array.from({ length: 6 }, async () => (await fetch(`${url}/models/latest.f64`)).arrayBuffer()));
    await (await fetch(`${url}/models/latest.f64`)).arrayBuffer();
    assert.equal(port.modelsRead, 1);
  }));

test('the cache: bounded by bytes and by time, one conversion at a time, not more waiting than allowed', async () => {
  let now = 0;
  const cache = new ModelCache({ bytes: 10, idleMs: 100, waiting: 2 }, () => now);
  const made: string[] = [];
  const get = (name: string, size: number): Promise<Uint8Array | undefined> =>
    cache.get(name, async () => {
      made.push(name);
      return new Uint8Array(size);
    });
  await get('a', 4);
  await get('b', 4);
  await get('a', 4);
  await get('c', 4); // b was not used for longest
  assert.equal(cache.bytes, 8);
  await get('a', 4);
  await get('b', 4);
  assert.deepEqual(made, ['a', 'b', 'c', 'b']);
  await get('large', 50);
  assert.equal(cache.bytes, 50);
  now = 100;
  cache.expire();
  assert.equal(cache.bytes, 0);

  let running = 0;
  let release!: () => void;
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = (name: string): Promise<Uint8Array | undefined> =>
    cache.get(name, async () => {
      assert.equal(++running, 1, 'one at a time');
      await blocked;
      running--;
      return new Uint8Array(1);
    });
  const first = slow('1');
  const second = slow('2');
  await assert.rejects(slow('3'), { code: 'http-overloaded' });
  release();
  await Promise.all([first, second]);
  await assert.rejects(
    cache.get('fails', async () => {
      throw new Error('on purpose');
    }),
    /on purpose/,
  );
  assert.equal((await get('fails', 3))!.length, 3);
  cache.clear();
});

test('while a large model is converted others are answered', async () => {
  // One piece of 10 000 weights many times over, which is quicker to make than a model.
  const piece = encodeModel(Array.from({ length: 10_000 }, (_, i) => rational(BigInt(i) * 1_234_567n, 10_000_000_019n))).subarray(8);
  const model = Buffer.concat([Buffer.alloc(8), ...Array.from({ length: 20 }, () => piece)]);
  model.writeUInt32LE(200_000);
  let turns = 0;
  let done = false;
  const turn = (): void => {
    turns++;
    if (!done) setImmediate(turn);
  };
  turn();
  await formatModel(model, { id: 'x', round: 1 }, 'json', 'F64');
  done = true;
  // A turn every few milliseconds; how long they were depends on who else uses the machine, so that is not asserted.
  assert.ok(turns >= 5, `${turns} turns of the event loop`);
});
