// The command as a user meets it: what it prints and how it exits, by running bin/xaynet.mjs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fromBase64, toHex } from '@xaynet/core/bytes';
import { decimalNumber, fraction } from './commands/numbers.ts';
import { parseKeyFile } from './key-file.ts';
import { main } from './main.ts';

const BIN = fileURLToPath(new URL('../bin/xaynet.mjs', import.meta.url));
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'xaynet-cli-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

// With these flags the starter runs the command in its own process; without them it starts a second one, as for a user.
const DIRECT = ['--conditions=source', '--disable-warning=ExperimentalWarning'];

function xaynet(args: readonly string[], env: Record<string, string> = {}, flags: readonly string[] = DIRECT): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...flags, BIN, ...args], { cwd: folder, env: { ...process.env, NODE_OPTIONS: '', ...env } });
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** The same without a process: for what commander and our own error messages say. */
async function here(args: readonly string[]): Promise<Ended> {
  let out = '';
  let err = '';
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

describe('the command line', { concurrency: 3 }, () => {
  test('help and version everywhere, on standard output, exit 0', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
    for (const [args, expected] of [
      [
        ['--help'],
        /Usage: xaynet \[options\] <command>[\s\S]*demo[\s\S]*coordinator[\s\S]*participant[\s\S]*keygen[\s\S]*config[\s\S]*Exit codes:\n +0 +done\n +1 +failed/,
      ],
      [['chaos', '--help'], /--rounds[\s\S]*--kills-per-round[\s\S]*--chunked[\s\S]*--keep[\s\S]*Exit codes[\s\S]*Examples:/],
      [['demo', '--help'], /--participants[\s\S]*--rounds[\s\S]*--seed[\s\S]*--mask[\s\S]*--pad[\s\S]*--json[\s\S]*Exit codes[\s\S]*Examples:/],
      [['coordinator', '--help'], /-c, --config <file>[\s\S]*\[model\]\n {2}length/],
      [['participant', '--help'], /--url[\s\S]*--keys[\s\S]*--state[\s\S]*--model[\s\S]*Examples:/],
      [['agent', '--help'], /--url[\s\S]*--state[\s\S]*--listen[\s\S]*--allow-origin[\s\S]*Examples:/],
      [['help', 'keygen'], /--out <file>[\s\S]*--force[\s\S]*"kind": "xaynet-keys"/],
      [['config', '--help'], /explain \[name\] {2}explain one configuration/],
      [['--version'], new RegExp(`^${version}\n$`)],
      [['keygen', '-V'], new RegExp(`^${version}\n$`)],
    ] as const) {
      const { code, out, err } = await here(args);
      assert.match(out, expected, args.join(' '));
      assert.deepEqual([code, err], [0, ''], args.join(' '));
    }
  });

  test('a wrong command line: what is wrong, a suggestion, exit 2, nothing on standard output', async () => {
    for (const [args, expected] of [
      [['dmeo'], /unknown command 'dmeo'\n\(Did you mean demo\?\)/],
      [['demo', '--participant', '5'], /unknown option '--participant'\n\(Did you mean --participants\?\)/],
      [['demo', '--participants', '3'], /argument '3' is invalid\. A whole number from 4 to 100/],
      [['chaos', '--participants', '3'], /argument '3' is invalid\. A whole number from 12 to 500/],
      [['demo', '--rounds', '1.5'], /argument '1\.5' is invalid\. A whole number from 1 to 1000/],
      [['demo', '--mask', 'Power2/F32'], /group\/data\/bound\/model is expected, for example Power2\/F32\/B0\/M6/],
      [['help', 'coordinator', 'modl'], /unknown command 'coordinator modl'\n\(Did you mean model\?\)/],
      [['simulate', '--adversary', 'constructor=0.1'], /argument 'constructor=0\.1' is invalid\. One of garbage, replay/],
      [['simulate', '--adversary', 'boost=0.05=7'], /argument 'boost=0\.05=7' is invalid\. A number from 0 to 1/],
      [['simulate', '--chunk', '193'], /argument '193' is invalid\. A whole number from 194 to/],
      [['simulate', '--tau', '1e-10'], /argument '1e-10' is invalid\. A number from 1e-9 to 10/],
      [['simulate', '--skew', '0.1'], /--skew does nothing without --partition dirichlet or sizes/],
      [['simulate', '--optimiser', 'fedavgm', '--beta2', '0.9'], /--beta2 does nothing without --optimiser fedadam or fedyogi/],
      [['simulate', '--slowdown', '10'], /--slowdown does nothing without --stragglers above 0/],
      [['simulate', '--weights', '10', '--learning-rate', '1'], /--learning-rate does nothing without real data/],
      [['demo', 'more'], /too many arguments for 'demo'/],
      [['coordinator'], /required option '-c, --config <file>' not specified/],
      [['participant', '--url', 'http://127.0.0.1:1', '--train', 'x', '--model', 'y.f32'], /--train and --model exclude each other/],
      [['participant', '--url', 'http://127.0.0.1:1', '--model', 'y.f32', '--fail-fast'], /--fail-fast needs --train/],
      [['participant', '--url', 'http://127.0.0.1:1', '--format', 'npy'], /--format needs --train/],
      [['participant', '--url', 'http://127.0.0.1:1', '--train', 'x', '--like', 'y.safetensors'], /--like needs --format safetensors/],
      [['agent', '--url', 'http://127.0.0.1:1', '--state', 's', '--listen', '0.0.0.0:1'], /--listen 0\.0\.0\.0 can be reached from other machines/],
      [['agent', '--url', 'http://127.0.0.1:1', '--state', 's', '--listen', 'here:1'], /unix:\/path\/agent\.sock, for example/],
      [['participant', '--url', 'http://127.0.0.1:1', '--scalar', '-1'], /for example 1, 0\.25 or 57\/1287/],
    ] as const) {
      const { code, out, err } = await here(args);
      assert.match(err, expected, args.join(' '));
      assert.match(err, /--help/);
      assert.doesNotMatch(err, /\n +at /, 'no stack trace');
      assert.deepEqual([code, out], [2, ''], args.join(' '));
    }
    const { code, out } = await here([]);
    assert.equal(code, 2);
    assert.match(out, /^Usage: xaynet/);
  });

  test('results that cannot be written are no success', { skip: !existsSync('/dev/full') }, async () => {
    const full = openSync('/dev/full', 'w');
    try {
      const child = spawn(process.execPath, [...DIRECT, BIN, 'completion', 'bash', '--json'], { stdio: ['ignore', full, 'pipe'] });
      let err = '';
      child.stderr!.on('data', (data) => (err += data));
      assert.equal(await new Promise((resolve) => child.on('close', resolve)), 1);
      assert.equal(JSON.parse(err).error.message, 'A file cannot be written. (standard output: no space left)');
    } finally {
      closeSync(full);
    }
  });

  test('the starter without flags: the same output and exit code, through a second process', async () => {
    const shown = await xaynet(['--version'], {}, []);
    assert.deepEqual([shown.code, shown.err], [0, '']);
    assert.match(shown.out, /^\d+\.\d+\.\d+\n$/);
    const wrong = await xaynet(['dmeo'], {}, []);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /Did you mean demo/);
  });

  test('npm start without --: npm keeps the options, which is said instead of running something else', async () => {
    const kept = await xaynet(['demo', '12'], { npm_lifecycle_event: 'start', npm_config_participants: 'true', npm_config_json: 'true' });
    assert.deepEqual([kept.code, kept.out], [2, '']);
    assert.match(kept.err, /npm took --participants for its own\. Write -- before the options: npm start -- --participants/);
  });

  test('a checkout without its packages: what to do', async () => {
    const bare = join(folder, 'bare', 'packages', 'xaynet');
    for (const part of ['bin', 'src', 'package.json']) cpSync(join(BIN, '..', '..', part), join(bare, part), { recursive: true });
    const child = spawn(process.execPath, [...DIRECT, join(bare, 'bin', 'xaynet.mjs'), '--help']);
    let err = '';
    child.stderr.on('data', (data) => (err += data));
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 1);
    assert.equal(err, `xaynet: the packages it needs are not installed. Run "npm ci" in ${join(folder, 'bare')}.\n`);
  });

  test('keygen: a private file that parses, the public key printed, never overwritten by accident', async () => {
    const { code, out } = await xaynet(['keygen', '--out', 'keys.json']);
    assert.equal(code, 0);
    const path = join(folder, 'keys.json');
    const first = readFileSync(path, 'utf8');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const keys = parseKeyFile(first, path);
    const printed = /public key {2}(\S+)\n {5}\(hex\) {2}(\S+)\n/.exec(out);
    assert.equal(toHex(fromBase64(printed![1]!)), toHex(keys.publicKey));
    assert.equal(printed![2], toHex(keys.publicKey));
    assert.ok(!out.includes(JSON.parse(first).secretKey), 'the secret stays in the file');

    const again = await here(['keygen', '--out', path]);
    assert.equal(again.code, 1);
    assert.match(again.err, /^xaynet: A file of this name exists already\. \(.*\/keys\.json\)\n {2}.*--force.*\[file-exists\]/);
    assert.equal(readFileSync(path, 'utf8'), first);
    assert.equal((await here(['keygen', '--out', path, '--force'])).code, 0);
    assert.notEqual(readFileSync(path, 'utf8'), first);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  test('keygen where it cannot write; --debug shows where the error comes from', async () => {
    const plain = await here(['keygen', '--out', 'no/such/folder/keys.json']);
    assert.equal(plain.code, 1);
    assert.match(plain.err, /A file cannot be written\. \(no\/such\/folder\/keys\.json: the folder does not exist\)/);
    assert.doesNotMatch(plain.err, /\n +at /);
    for (const shown of [await here(['--debug', 'keygen', '--out', 'no/such']), await xaynet(['keygen', '--out', 'no/such'], { XAYNET_DEBUG: '1' })]) {
      assert.match(shown.err, /\n +at .*(keygen|private-file)/);
    }
  });

  test('a coordinator that is not there, and one that is something else', async () => {
    const server = createServer((_, response) => response.end('<html>hello</html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const other = await here(['participant', '--url', `http://127.0.0.1:${port}`]);
      assert.equal(other.code, 1);
      assert.match(other.err, /The answer is not that of a PET coordinator\..*18 bytes/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    const gone = await xaynet(['participant', '--url', `http://127.0.0.1:${port}`]);
    assert.equal(gone.code, 1);
    assert.match(gone.err, /ECONNREFUSED[\s\S]*\[transport-unreachable\]/);
    const plain = await here(['participant', '--url', 'http://192.0.2.1/']);
    assert.match(plain.err, /\[transport-insecure\]/);
    assert.equal(plain.code, 1);
  });

  test('a coordinator that is not ready yet is waited for', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      if (++asked < 3) response.writeHead(503, { 'retry-after': '0' });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const { code, err } = await here(['participant', '--url', `http://127.0.0.1:${port}`, '--poll', '0.05']);
      assert.deepEqual([code, asked], [1, 3]);
      assert.match(err, /^trying again: The coordinator is not ready at the moment\. .*503[\s\S]*not that of a PET coordinator/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('participant: files that are missing or wrong are named', async () => {
    const url = 'http://127.0.0.1:1';
    writeFileSync(join(folder, 'bad-keys.json'), '{"kind":"xaynet-keys","version":1,"publicKey":"AA==","secretKey":"AA=="}');
    writeFileSync(join(folder, 'nan.json'), '[1, 2, null]');
    writeFileSync(join(folder, 'cut.f32'), new Uint8Array(7));
    for (const [args, expected] of [
      [['--keys', join(folder, 'none.json')], /none\.json: no such file/],
      [['--keys', join(folder, 'bad-keys.json')], /"secretKey" holds 1 bytes, 64 expected/],
      [['--model', 'weights.bin'], /weights\.bin: the name must end in \.npy, \.safetensors, \.json, \.f32, /],
      [['--model', join(folder, 'nan.json')], /nan\.json: not an array of numbers/],
      [['--state', join(folder, 'nan.json')], /not a snapshot of a participant\. \(.*nan\.json\)/],
      [['--model', join(folder, 'cut.f32')], /cut\.f32: 7 bytes are not a multiple of 4/],
    ] as const) {
      const { code, err } = await here(['participant', '--url', url, ...args]);
      assert.match(err, expected);
      assert.doesNotMatch(err, /\n +at |defect/);
      assert.equal(code, 1, args.join(' '));
    }
    const state = await here(['participant', '--url', url, '--state', 'no/such/state']);
    assert.match(state.err, /no\/such\/state: the folder does not exist/);
    assert.equal(state.code, 1);
  });

  test('coordinator: what is wrong with its file, its port or its folder', async () => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return name;
    };
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const { port } = busy.address() as AddressInfo;
    try {
      for (const [name, expected] of [
        ['none.toml', /none\.toml.*ENOENT/],
        [file('bad.toml', '[model]\nlength = = 4\n'), /bad\.toml:2:/],
        [
          file('impossible.toml', '[model]\nlength = 4\n[pet.update.count]\nmin = 5\nmax = 4\n[pet.sum]\nprob = nan\n'),
          /pet\.sum\.prob = nan[\s\S]*impossible\.toml:4: pet\.update\.count\.min/,
        ],
        [
          file('busy.toml', `[model]\nlength = 4\n[api]\nbind_address = "127.0.0.1:${port}"\n[store]\npath = "${join(folder, 'busy-data')}"\n`),
          new RegExp(`127\\.0\\.0\\.1:${port}`),
        ],
        [
          file('folder.toml', `[model]\nlength = 4\n[api]\nbind_address = "127.0.0.1:0"\n[store]\npath = "${join(folder, 'bad.toml')}/data"\n`),
          /bad\.toml\/data/,
        ],
      ] as const) {
        const { code, out, err } = await here(['coordinator', '-c', join(folder, name)]);
        assert.match(err, expected, name);
        assert.doesNotMatch(err, /\n +at |defect/, name);
        assert.deepEqual([code, out], [1, ''], name);
      }
    } finally {
      await new Promise((resolve) => busy.close(resolve));
    }
  });
});

test('fractions on the command line are exact', () => {
  assert.deepEqual(fraction('0.1'), { numerator: 1n, denominator: 10n });
  assert.deepEqual(fraction('57/1287'), { numerator: 19n, denominator: 429n });
  assert.deepEqual(fraction('3'), { numerator: 3n, denominator: 1n });
  for (const wrong of ['', '-1', '1/0', '1e3', 'x', '1.', '0.5/2']) assert.throws(() => fraction(wrong), { code: 'commander.invalidArgument' });
});

test('decimal numbers on the command line may have an exponent, as the bounds in messages do', () => {
  const rate = decimalNumber(0.000001, 100);
  assert.deepEqual(['1e-3', '1E-6', '.5', '100', '2.5e+1'].map(rate), [0.001, 0.000001, 0.5, 100, 25]);
  for (const wrong of ['', '-1', '1e', '1e-7', '1e999', 'Infinity', 'NaN', '0x1', '1.', '1_0'])
    assert.throws(() => rate(wrong), { code: 'commander.invalidArgument' });
});
