// `xaynet inspect` as a command: what it exits with, what its options open and check, and that no message repeats what it was given as a secret.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SqliteStore } from '@xaynet/coordinator';
import { toBase64, toHex } from '@xaynet/core/bytes';
import { seal } from '@xaynet/core/crypto';
import { encodeMaskObject } from '@xaynet/core/mask';
import { encodePayload, MessageEncoder } from '@xaynet/core/message';
import { encodeRoundParams, encodeUpdateSeedDict } from '@xaynet/core/round';
import { encodeNpy } from '@xaynet/participant/npy';
import { encodeSafetensors } from '@xaynet/participant/safetensors';
import { bytesOf, ephemeral, keys, masked, messageOf, params, payloads, round, row, seed, sensitive } from '../inspect/examples.test.ts';
import { inspectBytes } from '../inspect/inspect.ts';
import { readKnown } from '../inspect/known.ts';
import { reportLines } from '../inspect/text.ts';
import { main } from '../main.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-inspect-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

async function inspect(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(['inspect', ...args], { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

const message = file('update.bin', messageOf(payloads[1]!));
const sumMessage = file('sum.bin', messageOf(payloads[0]!));
const roundParams = file('params.bin', encodeRoundParams(params));

test('exit codes: 0 nothing is wrong, 1 something is or cannot be read, 2 the command line does not say enough', async () => {
  assert.equal((await inspect(message)).code, 0);
  const broken = await inspect(file('broken.bin', messageOf(payloads[1]!).slice(0, -1)));
  assert.equal(broken.code, 1);
  assert.match(broken.out, /decode-length[\s\S]*something is wrong/);
  assert.equal((await inspect(join(folder, 'none'))).code, 1);
  assert.equal((await inspect(folder)).code, 1);
  assert.equal((await inspect(file('unknown.bin', bytesOf('unknown', 33)))).code, 1);
  const empty = await inspect(file('empty.bin', new Uint8Array(8)));
  assert.equal(empty.code, 2);
  assert.match(empty.err, /sum-dict.*model[\s\S]*--as/);
  for (const args of [
    ['--as', 'nonsense'],
    ['--hex', '--base64'],
    ['--all', '--elements', '1'],
    ['--elements', '3..2'],
    ['--mask-seed', 'x'],
  ]) {
    assert.equal((await inspect(message, ...args)).code, 2, args.join(' '));
  }
  assert.equal((await inspect()).code, 2);
});

test('a message against its round: signatures, selection, configuration, length, and what was sealed with the seed of its mask', async () => {
  const { code, out } = await inspect(message, '--params', roundParams, '--ephemeral-key', toHex(ephemeral.secretKey), '--mask-seed', file('seed', seed));
  assert.equal(code, 0, out);
  for (const said of [
    /✓ the signature is the participant's/,
    /✓ the coordinator key is that of the round/,
    /✓ the update signature is the participant's/,
    /it draws 0\.\d{5}/,
  ])
    assert.match(out, said);
  assert.match(out, /✓ 1 of 2 seeds open/);
  assert.equal(out.match(/✓ it was masked with this mask seed/g)?.length, 2);
  const other = await inspect(message, '--mask-seed', toHex(bytesOf('other')), '--ephemeral-key', toHex(round.secretKey));
  assert.match(other.out, /✗ neither the mask of this mask seed/);
  assert.match(other.out, /✗ 0 of 2 seeds open/);
});

test('a sealed message opens with the key of its round, given in any form', async () => {
  const body = file(
    'sealed.bin',
    seal(messageOf(payloads[0]!), round.publicKey, (length) => bytesOf('seal', length)),
  );
  const state = sensitive.find(({ kind }) => kind === 'coordinator-state')!.bytes;
  for (const key of [
    toHex(round.secretKey),
    toBase64(round.secretKey),
    file('raw', round.secretKey),
    file('hex', `${toHex(round.secretKey)}\n`),
    file('state', state),
  ]) {
    const { code, out } = await inspect(body, '--coordinator-key', key);
    assert.match(out, /✓ it opens[\s\S]*opened: message, plain, 232 bytes/);
    assert.equal(/wire 1\.5/.test(out), key.endsWith('state'), 'a state knows the round too');
    assert.ok(code === 0 || key.endsWith('state'));
  }
  assert.match((await inspect(body)).out, /\? what is in it: give --coordinator-key FILE/);
  const wrong = await inspect(body, '--as', 'sealed', '--coordinator-key', toHex(ephemeral.secretKey));
  assert.equal(wrong.code, 1);
});

test('seeds open with the ephemeral key of a saved participant, and are told of without being shown', async () => {
  const saved = sensitive.find(({ kind, bytes }) => kind === 'snapshot' && Buffer.from(bytes).includes(Buffer.from(ephemeral.secretKey)))!.bytes;
  const seeds = file('seeds.bin', encodeUpdateSeedDict(row));
  const { code, out } = await inspect(seeds, '--ephemeral-key', file('saved', saved));
  assert.equal(code, 0, out);
  assert.match(out, /✓ 2 of 2 seeds open/);
  assert.ok(!out.includes(toHex(seed)));
  assert.ok((await inspect(seeds, '--ephemeral-key', file('saved', saved), '--secrets')).out.includes(toHex(seed)));
});

test('chunks are put together; what is missing is named', async () => {
  const encoder = new MessageEncoder(payloads[1]!, { keys, coordinator: round.publicKey, maxMessageSize: 250, random: (length) => bytesOf('id', length) });
  const names: string[] = [];
  for (let part = encoder.next(); part !== undefined; part = encoder.next()) names.push(file(`part${names.length}`, part));
  assert.ok(names.length > 3);
  const { out } = await inspect(...names.toReversed(), '--params', roundParams);
  assert.match(out, new RegExp(`${names.length} chunks put together`));
  assert.match(out, /✓ the update signature is the participant's/);
  assert.match((await inspect(names[0]!, names[2]!)).out, /missing: number 1 and those after 2/);
});

test('one JSON document, the same for text in hexadecimal and in base64', async () => {
  const object = encodeMaskObject(masked);
  const documents = await Promise.all(
    [[file('object', object)], [file('object.hex', `${toHex(object)}\n`), '--hex'], [file('object.b64', toBase64(object)), '--base64']].map(async (args) => {
      const {
        documents: [document],
      } = JSON.parse((await inspect(...args, '--json', '--elements', '2')).out);
      return { ...document, source: '' };
    }),
  );
  assert.deepEqual(documents[1], documents[0]);
  assert.deepEqual(documents[2], documents[0]);
  assert.equal(documents[0].kind, 'mask-object');
  assert.deepEqual(
    documents[0].fields.find(({ name }: { name: string }) => name === 'elements').fields.map(({ name }: { name: string }) => name),
    ['element2'],
  );
});

test('a mistyped secret is in no message', async () => {
  for (const given of [toHex(seed).slice(1), `${toHex(seed)}0`, toHex(seed).repeat(10), toBase64(seed).slice(3)]) {
    for (const option of ['--mask-seed', '--coordinator-key', '--ephemeral-key', '--round-seed']) {
      const { code, out, err } = await inspect(sumMessage, option, given);
      assert.equal(code, 2, err);
      assert.ok(!(out + err).includes(given.slice(0, 12)), err);
    }
  }
});

test('whole payloads are checked too, as far as they say who sent them', async () => {
  const { code, out } = await inspect(file('payload.bin', encodePayload(payloads[1]!)), '--params', roundParams);
  assert.equal(code, 0, out);
  assert.match(out, /\? task signatures: whose/);
});

test('--diff: which fields differ, secrets without their values, and the exit code of it', async () => {
  const [one, other] = sensitive
    .filter(({ kind }) => kind === 'snapshot')
    .slice(-2)
    .map(({ bytes }, i) => file(`snapshot${i}`, bytes));
  const same = await inspect('--diff', one!, one!);
  assert.deepEqual([same.code, /no field differs/.test(same.out)], [0, true]);
  const { code, out } = await inspect('--diff', one!, other!);
  assert.equal(code, 1);
  assert.match(out, /checksum\n {2}- 8 {2}[\s\S]*phase\n/);
  const keyed = file(
    'keyed',
    Uint8Array.from(keys.secretKey, (byte, i) => (i === 0 ? byte ^ 1 : byte)),
  );
  const secret = await inspect('--as', 'signing-key', '--diff', file('key', keys.secretKey), keyed);
  assert.match(secret.out, /seed\n {2}- 0 {2}differs, and is not shown/);
  assert.ok(!secret.out.includes(toHex(keys.secretKey).slice(8, 24)));
  const { differences } = JSON.parse((await inspect('--diff', '--json', message, sumMessage)).out);
  assert.deepEqual(
    differences.slice(0, 3).map(({ name }: { name: string }) => name),
    ['signature', 'length', 'tag'],
  );
  assert.equal((await inspect('--diff', message)).code, 2);
});

test('the data folder of a coordinator has the key of its round, also after a crash, and is not changed', async () => {
  const body = file(
    'stored.bin',
    seal(messageOf(payloads[0]!), round.publicKey, (length) => bytesOf('seal', length)),
  );
  const phase = { countMin: 1, countMax: 2, timeMin: 3, timeMax: 4 };
  const data = join(folder, 'data');
  const store = SqliteStore.open(data);
  await store.setCoordinatorState({ keys: round, roundId: 3, params, sum: phase, update: phase, sum2: phase });
  const crashed = join(folder, 'crashed');
  cpSync(data, crashed, { recursive: true });
  await store.close();
  for (const each of [data, crashed]) {
    const before = readdirSync(each);
    assert.match((await inspect(body, '--coordinator-key', each)).out, /✓ it opens[\s\S]*✓ the coordinator key is that of the round/);
    assert.deepEqual(readdirSync(each), before);
  }
  rmSync(join(data, 'store.key'));
  const { code, err } = await inspect(body, '--coordinator-key', data);
  assert.equal(code, 1);
  assert.match(err, /storage-key-missing/);
});

test('models as people have them: types and shapes, and no number without --secrets', async () => {
  const weights = Float32Array.of(0.123456, -7.5, 3);
  const npy = await inspect(file('model.npy', encodeNpy({ shape: [3], data: weights })));
  assert.deepEqual([npy.code, /npy: it begins[\s\S]*3 numbers, shape 3[\s\S]*secret, 12 bytes/.test(npy.out)], [0, true], npy.out);
  const tensors = encodeSafetensors({ bias: { shape: [3], data: weights } });
  const safe = await inspect(file('model.safetensors', tensors));
  assert.deepEqual([safe.code, /1 tensor: bias \(3\)/.test(safe.out)], [0, true], safe.out);
  const cut = await inspect(file('cut.safetensors', tensors.slice(0, -1)));
  assert.equal(cut.code, 1);
  assert.match(cut.out, /✗[\s\S]*tensors-file-invalid/);
});

test('what other commands look into is recognised and named, not shown, and differs where its bytes do', async () => {
  const hex = toHex(bytesOf('store'));
  for (const [name, content, title, todo] of [
    ['coordinator.sqlite', 'SQLite format 3\0and pages', /database of SQLite/, /--coordinator-key/],
    ['coordinator.sqlite-wal', Uint8Array.of(0x37, 0x7f, 0x06, 0x82, 1, 2, 3), /write-ahead log/, /database beside it/],
    ['x.jsonl', '{"recording":1,"software":"0.1.0"}\n', /recording of rounds/, /xaynet replay/],
    ['x.jsonl.gz', Uint8Array.of(0x1f, 0x8b, 8, 0), /packed by gzip/, /xaynet\s+replay/],
    ['model.npz', 'PK\x03\x04', /ZIP archive/, /\.npy/],
    ['key.pem', '-----BEGIN PRIVATE KEY-----\nAAAA\n', /PEM file: private key/, /openssl/],
    ['store.key', `${hex}\n`, /a key or a seed/, /store\.key opens/],
    ['agent.token', `${Buffer.from(hex, 'hex').toString('base64url')}\n`, /token of an agent/, /Authorization: Bearer/],
    ['rounds.json', '{"rounds":[],"next":null,"reports":[]}', /records of rounds/, /xaynet coordinator rounds/],
    ['status.json', '{"version":"0.1.0","uptime":1,"round":1,"phase":"sum"}', /GET \/status/, /xaynet coordinator status/],
    ['settings.toml', '[model]\nlength = 4\n', /settings of a coordinator/, /coordinator\s+check -c/],
    ['page.html', '<!doctype html><p>hello', /page of HTML/, /its URL/],
  ] as const) {
    const path = file(name, content);
    const { code, out } = await inspect(path);
    assert.equal(code, 1, out);
    assert.match(out, title);
    assert.match(out, todo);
    assert.ok(!out.includes(hex.slice(0, 12)) && !out.includes('AAAA'), out);
    assert.equal((await inspect('--diff', path, path)).code, 0, name);
    assert.equal((await inspect('--diff', path, file('longer', Buffer.concat([Buffer.from(content), Buffer.from(' ')])))).code, 1, name);
  }
  assert.match((await inspect(file('other.json', '{"a":1}'))).out, /nothing that is known/);
});

test('raw models are known by their names: how many numbers, and which is none', async () => {
  const weights = new Uint8Array(Float32Array.of(1, 2, Number.NaN).buffer);
  const whole = await inspect(file('a.f32', weights.subarray(0, 8)));
  assert.deepEqual([whole.code, /✓ 2 numbers of 4 bytes[\s\S]*✓ all are finite/.test(whole.out)], [0, true], whole.out);
  const bad = await inspect(file('b.f32', weights));
  assert.deepEqual([bad.code, /✗ number 2, counted from 0, is not finite/.test(bad.out)], [1, true], bad.out);
  assert.match((await inspect(file('c.f64', weights))).out, /✗ 12 bytes are no multiple of 8/);
  assert.equal((await inspect(file('d.i64', new Uint8Array(16)))).code, 0);
});

test('what comes through a pipe is read to its end, as files that the system makes up are', { skip: process.platform !== 'linux' }, async () => {
  assert.match((await inspect('/proc/self/status')).out, /nothing that is known, \d[\d ]{2,} bytes/);
  assert.match((await inspect('/dev/null')).out, /nothing that is known, 0 bytes/);
});

test('large fields: a line of them costs nothing, JSON has the hexadecimal of all but the largest', async () => {
  const large = new Uint8Array(64 * 1024 * 1024 + 100);
  const { documents } = JSON.parse((await inspect(file('large', large), '--as', 'sealed', '--json')).out);
  const [, tag, ciphertext] = documents[0].fields;
  assert.equal(tag.value, '00'.repeat(16));
  assert.deepEqual([ciphertext.length, ciphertext.data], [large.length - 48, undefined]);
});

test('documents inside of others are compared too', async () => {
  const box = (message: Uint8Array): Uint8Array => seal(message, round.publicKey, (length) => bytesOf('seal', length));
  const [one, other] = [file('box1', box(messageOf(payloads[0]!))), file('box2', box(messageOf(payloads[1]!)))];
  const { differences } = JSON.parse((await inspect('--diff', '--json', one, other, '--coordinator-key', toHex(round.secretKey))).out);
  assert.ok(differences.some(({ name }: { name: string }) => name === 'opened: length'));
  const vector = (bytes: string): string => file(`vector${bytes}`, JSON.stringify([{ name: 'v', kind: 'maskConfig', fields: {}, bytes }]));
  assert.equal((await inspect('--diff', vector('01020006'), vector('01020006'))).code, 0);
  const found = await inspect('--diff', vector('01020006'), vector('01020106'));
  assert.deepEqual([found.code, /v: bound\n/.test(found.out)], [1, true], found.out);
});

test('a folder is told from a file, with what is in it; a route of another kind, with what shows it', async () => {
  const recordings = join(folder, 'recordings');
  mkdirSync(recordings);
  writeFileSync(join(recordings, 'a.jsonl'), '');
  assert.match((await inspect(recordings)).err, /it is a folder, with recordings of rounds: "xaynet replay .*recordings"/);
  assert.match((await inspect(join(folder, 'data'))).err, /it is a folder, the data of a coordinator/);
  assert.match((await inspect('http://127.0.0.1:1/rounds')).err, /no document of a round: xaynet coordinator rounds shows it/);
});

test('a narrow terminal shows values, longer lines if need be, and ends', async () => {
  const { bytes } = sensitive.find(({ kind }) => kind === 'coordinator-state')!;
  const report = inspectBytes('state', bytes, { known: readKnown({}), look: { secrets: true, items: 'all' } });
  for (const columns of [1, 20, 40, 60, 80]) {
    const lines = reportLines(report, { columns, paint: (_, text) => text, unfold: true });
    assert.ok(lines.length < 200 && lines.some((line) => line.includes(toHex(bytes.subarray(8, 16)))), `${columns}: ${lines.length}`);
  }
});

test('a damaged collection is one in which something is wrong, whatever is missing in it, and does not steer the terminal', async () => {
  const state = toHex(sensitive.find(({ kind }) => kind === 'coordinator-state')!.bytes);
  const whole = { coordinator_states: [{ hex: state }], exchanges: [{ n: 0, method: 'GET', path: '/params', response_hex: toHex(encodeRoundParams(params)) }] };
  assert.equal((await inspect(file('whole.json', JSON.stringify(whole)))).code, 0);
  for (const [i, damaged] of [
    { ...whole, coordinator_states: [{ hex: state.slice(2) }] },
    { ...whole, coordinator_states: [null] },
    { ...whole, exchanges: [{ ...whole.exchanges[0], response_hex: 'abc' }] },
    { ...whole, exchanges: [{ ...whole.exchanges[0], response_hex: '00' }] },
    { ...whole, exchanges: [{ method: 'POST' }, null] },
    { ...whole, exchanges: [{ ...whole.exchanges[0], method: '\u001b[2J\u009b', response_hex: '00' }] },
    [{ kind: '__proto__', fields: {}, bytes: '0102' }],
  ].entries()) {
    const { code, out, err } = await inspect(file(`damaged${i}.json`, JSON.stringify(damaged)));
    assert.deepEqual([code, err], [1, ''], out);
    assert.ok(
      [...out].every((character) => character === '\n' || !/\p{Cc}/u.test(character)),
      out,
    );
  }
});
