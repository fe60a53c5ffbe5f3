// Training commands that do what they should, and those that crash, hang, write garbage or leave something running: the files, the words,
// the processes and the pauses. Real shells and real files; whole rounds are in commands.test.ts and tests/rounds.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '@xaynet/core/errors';
import { rational } from '@xaynet/core/mask';
import type { GlobalModel, LocalModel, TrainContext } from '@xaynet/participant';
import { decodeSafetensors, encodeSafetensors } from '@xaynet/participant/safetensors';
import type { NamedTensors } from '@xaynet/participant/tensors';
import { decodeModelFile } from '../model-file.ts';
import { TensorShapes } from '../tensor-shapes.ts';
import { filledIn } from './command-line.ts';
import { Lines } from './lines.ts';
import { Trainer, type TrainerOptions } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-trainer-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const ROUND = 'abcdef0123456789'.repeat(4);
const NODE = `'${process.execPath}'`;

interface Run {
  readonly trained: Promise<LocalModel>;
  readonly trainer: Trainer;
  readonly said: string[];
  readonly lines: string[];
  readonly controller: AbortController;
}

function run(command: string, given: Partial<TrainerOptions> & { global?: number[]; length?: number; dataType?: 'F32' | 'I64' } = {}): Run {
  const { global, length = 3, dataType = 'F32', ...options } = given;
  const [said, lines, controller]: [string[], string[], AbortController] = [[], [], new AbortController()];
  const trainer = new Trainer({
    command,
    format: 'raw',
    shapes: new TensorShapes(),
    work: folder,
    timeout: undefined,
    say: (text) => void said.push(text),
    line: (text, stream) => void lines.push(`${stream}: ${text}`),
    failed: () => void said.push('failed'),
    stopping: new AbortController().signal,
    ...options,
  });
  const context = { round: ROUND, dataType, length, signal: controller.signal } as TrainContext;
  const model = global && ({ weights: Float32Array.from(global) } as unknown as GlobalModel);
  return { trained: trainer.train(model, context), trainer, said, lines, controller };
}

const folders = (): string[] => readdirSync(folder).filter((name) => name.startsWith('xaynet-train-'));

async function refused({ trained, trainer }: Run, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(trained, (error: Error & { code: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
  await trainer.close();
}

test('files and variables: the global model in, the trained one and its share out, nothing left', async () => {
  const script = join(folder, "it's a script.mjs");
  writeFileSync(
    script,
    `import { readFileSync, writeFileSync } from 'node:fs';
const { XAYNET_GLOBAL: global, XAYNET_MODEL, XAYNET_SCALAR_FILE, XAYNET_ROUND, XAYNET_DATA_TYPE, XAYNET_WORK } = process.env;
const weights = global === '' ? Float32Array.of(7, 7, 7) : new Float32Array(new Uint8Array(readFileSync(global)).buffer).map((w) => 2 * w);
writeFileSync(XAYNET_MODEL, weights);
writeFileSync(XAYNET_SCALAR_FILE, '57/1287\\n');
console.log(XAYNET_ROUND, XAYNET_DATA_TYPE, process.argv.slice(2).join(' '), XAYNET_MODEL.startsWith(XAYNET_WORK));
console.error('no newline at the end');
process.stderr.write('bye');
`,
  );
  const command = `${NODE} "${script}" {length} '{round}' {unknown} "$((1 + 1))"`;
  const { trained, trainer, lines, said } = run(command, { global: [1, 2, -3.5] });
  assert.deepEqual(await trained, { weights: Float32Array.of(2, 4, -7), scalar: rational(19, 429) });
  assert.deepEqual(lines.sort(), [`stderr: bye`, `stderr: no newline at the end`, `stdout: ${ROUND} f32 3 ${ROUND} {unknown} 2 true`]);
  assert.match(said.join(), /^round abcdef01: trained in \d+\.\d s$/);
  const first = run(command);
  assert.deepEqual((await first.trained).weights, Float32Array.of(7, 7, 7), 'without a global model the variable is there and empty');
  await Promise.all([trainer.close(), first.trainer.close()]);
  assert.deepEqual(folders(), []);
});

test('JSON, and integers', async () => {
  const json = run('cp "$XAYNET_GLOBAL" "$XAYNET_MODEL"; echo {model} >&2', { format: 'json', global: [1, 0.5, -2] });
  assert.deepEqual(await json.trained, { weights: Float64Array.of(1, 0.5, -2), scalar: undefined });
  assert.match(json.lines.join(), /model\.json$/);
  const integers = run("printf '\\001\\0\\0\\0\\0\\0\\0\\200' > {model}; test {format}{data-type} = i64i64", { dataType: 'I64', length: 1 });
  assert.deepEqual((await integers.trained).weights, BigInt64Array.of(1n - 2n ** 63n));
  await Promise.all([json.trainer.close(), integers.trainer.close()]);
});

test('npy: flat out, any shape in', async () => {
  const shape = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }";
  const file = Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, shape.length, 0]),
    Buffer.from(shape),
    Buffer.from(Float64Array.of(1, 2, 3).buffer),
  ]);
  writeFileSync(join(folder, 'given.npy'), file);
  const { trained, trainer } = run(`head -c 128 {global} | grep -aq "'<f4'.*(3,)" && cp '${join(folder, 'given.npy')}' {model}`, {
    format: 'npy',
    global: [7, 8, 9],
  });
  assert.deepEqual((await trained).weights, Float64Array.of(1, 2, 3));
  await trainer.close();
});

test('safetensors: names and shapes are remembered, over a restart too, and a change is an error; the share may stand in the file', async () => {
  const remembered = join(folder, 'tensors.json');
  const file = (name: string, tensors: NamedTensors, metadata = {}): string => {
    writeFileSync(join(folder, name), encodeSafetensors(tensors, metadata));
    return `cp '${join(folder, name)}' {model}`;
  };
  const two = { bias: { shape: [1], data: Float32Array.of(1) }, kernel: { shape: [2, 1], data: Float32Array.of(2, 3) } };
  const first = run(file('two', two, { scalar: '1/3' }), { format: 'safetensors', shapes: new TensorShapes(remembered), global: [7, 8, 9] });
  assert.deepEqual(await first.trained, { weights: Float32Array.of(1, 2, 3), scalar: rational(1, 3) });
  const shapes = new TensorShapes(remembered);
  const given = join(folder, 'seen');
  const again = run(`cp {global} '${given}'; cp {global} {model}`, { format: 'safetensors', shapes, global: [7, 8, 9] });
  assert.deepEqual((await again.trained).weights, Float32Array.of(7, 8, 9));
  const { tensors } = decodeSafetensors(new Uint8Array(readFileSync(given)));
  assert.deepEqual(tensors, { bias: { shape: [1], data: Float32Array.of(7) }, kernel: { shape: [2, 1], data: Float32Array.of(8, 9) } });
  const turned = run(file('turned', { ...two, kernel: { ...two.kernel, shape: [1, 2] } }), { format: 'safetensors', shapes, work: undefined });
  await refused(turned, 'tensor-shape', /kernel: \[2, ?1\] expected, \[1, ?2\] given/);
  const renamed = run(file('renamed', { bias: two.bias, weight: two.kernel }), { format: 'safetensors', shapes, work: undefined });
  await refused(renamed, 'tensor-missing', /kernel/);
  const garbage = run('echo nonsense > {model}', { format: 'safetensors', shapes, work: undefined });
  await refused(garbage, 'tensors-file-invalid', /./);
  const like = new TensorShapes(undefined, join(folder, 'two'));
  assert.deepEqual(decodeModelFile(like.encode(Float32Array.of(4, 5, 6)), 'x.safetensors'), Float32Array.of(4, 5, 6));
  assert.deepEqual(Object.keys(decodeSafetensors(like.encode(Float32Array.of(4, 5, 6))).tensors), ['bias', 'kernel']);
  writeFileSync(remembered, '{}');
  assert.throws(() => new TensorShapes(remembered), { code: 'manifest-invalid', message: /tensors\.json/ });
  await Promise.all([first.trainer.close(), again.trainer.close()]);
});

describe('a command that fails costs the round, with its last words', () => {
  for (const [what, command, code, message] of [
    ['crash', 'echo one >&2; echo two >&2; exit 3', 'train-failed', /exit code 3 after \d+\.\d s; it said last: two\)$/],
    ['signal', 'kill -9 $$', 'train-failed', /ended by SIGKILL/],
    ['no such program', 'no-such-program-here', 'train-failed', /exit code 127.*no-such-program-here.*not found/],
    ['no model', 'true', 'train-failed', /ended well but wrote no .*model\.f32 \(XAYNET_MODEL\)\)$/],
    ['wrong length', 'head -c 16 /dev/zero > {model}', 'model-length', /the command wrote 4 weights, the round takes 3/],
    ['half a weight', 'head -c 13 /dev/zero > {model}', 'model-file-invalid', /13 bytes are not a multiple of 4/],
    ['nothing in it', ': > {model}', 'model-file-invalid', /no weights/],
    ['NaN', "printf '\\0\\0\\0\\0\\0\\0\\300\\177\\0\\0\\0\\0' > {model}", 'model-file-invalid', /weight 1 is NaN/],
    ['far too much', 'truncate -s 1T {model}', 'model-file-invalid', /1099511627776 bytes are too many for 3 weights/],
    ['a pipe that nobody writes to', 'mkfifo {model}', 'model-file-invalid', /not a file/],
    ['a share that is none', 'head -c 12 /dev/zero > {model}; echo much > {scalar-file}', 'scalar-invalid', /given as "much"/],
  ] as const) {
    test(what, async () => {
      const failing = run(command, { work: undefined });
      await refused(failing, code, message);
      assert.deepEqual(failing.said, ['failed'], 'and without --work nothing is kept');
    });
  }
});

test('with --work the files of a failed training stay for a look, until the next one begins', async () => {
  const failing = run('echo "not a model" > {model}; exit 1');
  await refused(failing, 'train-failed', /exit code 1/);
  const [, kept] = /its files are in (\S+)/.exec(failing.said.join())!;
  assert.equal(readFileSync(join(kept!, 'model.f32'), 'utf8'), 'not a model\n');
  const again = run('exit 1', {}); // this process lives, so its folder is no orphan
  await refused(again, 'train-failed', /exit code 1/);
  assert.equal(folders().length, 2);
  for (const name of folders()) rmSync(join(folder, name), { recursive: true });
});

test('a command that hangs is stopped at the time limit, with all that it started', async () => {
  const pids = join(folder, 'pids');
  const hanging = run(`trap '' TERM; sleep 300 & echo $! > '${pids}'; while :; do wait; done`, { timeout: 1, grace: 50, work: undefined });
  hanging.trained.catch(() => undefined);
  const pid = await until(() => existsSync(pids) && Number(readFileSync(pids, 'utf8')));
  await refused(hanging, 'train-failed', /not done within 1 s, so it was stopped/);
  await until(() => !isRunning(pid));
});

test('the end of the round stops it at once, and that is no failure', async () => {
  const { trained, trainer, said, lines, controller } = run('echo begun; sleep 300');
  await until(() => lines.length > 0);
  controller.abort();
  await assert.rejects(trained);
  await trainer.close();
  assert.deepEqual(said, ['round abcdef01: over before the training was done, which was stopped']);
  assert.deepEqual(folders(), []);
});

test('what a command leaves running ends with it', async () => {
  const left = run(`sleep 300 & echo $!; head -c 12 /dev/zero > {model}`);
  await left.trained;
  const pid = Number(left.lines[0]!.split(' ')[1]);
  await until(() => !isRunning(pid));
  await left.trainer.close();
});

test('when this process is killed, the command ends too, and the next start removes its folder', async () => {
  const parent = join(folder, 'parent.ts');
  const module = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
  writeFileSync(
    parent,
    `import { Trainer } from ${module('./trainer.ts')};
const none = () => undefined;
const trainer = new Trainer({ command: 'sleep 300 & echo $$ $!; wait', format: 'raw', shapes: undefined, work: ${JSON.stringify(folder)}, timeout: undefined, say: none,
  line: (text) => console.log(text), failed: none, stopping: new AbortController().signal });
void trainer.train(undefined, { round: ${JSON.stringify(ROUND)}, dataType: 'F32', length: 3, signal: new AbortController().signal });
`,
  );
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', parent], { stdio: ['ignore', 'pipe', 'inherit'] });
  const text = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
  const pids = text.trim().split(' ').map(Number);
  assert.ok(pids.length === 2 && pids.every(isRunning), text);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await until(() => !pids.some(isRunning));
  assert.equal(folders().length, 1, 'it could not clean up');
  const next = run('head -c 12 /dev/zero > {model}');
  await next.trained;
  await next.trainer.close();
  assert.deepEqual(folders(), []);
});

test('after a second failure in a row rounds are left out for a while', async () => {
  const failing = run('exit 1', { work: undefined });
  const context = { round: ROUND, dataType: 'F32', length: 3, signal: failing.controller.signal } as TrainContext;
  await assert.rejects(failing.trained);
  assert.ok(failing.trainer.isReady(context), 'once is no habit');
  await assert.rejects(failing.trainer.train(undefined, context));
  assert.ok(!failing.trainer.isReady(context));
  assert.match(failing.said.at(-1)!, /^round abcdef01: left out: 2 trainings in a row have failed; no other is tried for \d+ s$/);
  await failing.trainer.close();
});

test('a work folder that cannot be is an error at the start', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.throws(() => run('true', { work: join(file, 'below') }), { code: 'file-unwritable', message: /part of the path is not a folder/ });
});

test('placeholders: only the known ones, quoted for the shell that reads them', () => {
  const given = { round: 'a', global: '', model: "/tmp/it's/m", length: 3, dataType: 'f32', format: 'f32', scalarFile: 's', work: 'C:\\a b' };
  assert.equal(filledIn(`x {model} {global} {length} {nope} {print $1} '{format}'`, given, 'linux'), `x '/tmp/it'\\''s/m' '' 3 {nope} {print $1} 'f32'`);
  assert.equal(filledIn('{work}', given, 'win32'), '"C:\\a b"');
});

test('lines: cut anywhere, without end, longer than one should be', () => {
  const told: string[] = [];
  const lines = new Lines((line) => void told.push(line), 2);
  for (const piece of ['a', 'b\nc\r', '\n', '\n', 'ü'.slice(0, 1), '\rd']) lines.push(Buffer.from(piece));
  const euro = Buffer.from('€\n');
  lines.push(euro.subarray(0, 1));
  lines.push(euro.subarray(1));
  lines.push(Buffer.alloc(10_000, 'x'));
  lines.end();
  assert.deepEqual(told.slice(0, 5), ['ab', 'c', '', 'ü', 'd€']);
  assert.deepEqual(
    told.slice(5).map((line) => line.length),
    [4096, 4096, 1808],
  );
  assert.equal(lines.last.length, 2);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A child that nobody has waited for yet is dead all the same.
    return !existsSync('/proc') || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until<T>(look: () => T | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found) return found;
    await sleep(10);
  }
}
