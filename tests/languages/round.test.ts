// The examples in Python and shell as they stand, in processes of their own, together in the rounds of a real coordinator: each gets updates
// accepted, and the global model learns to read digits that nobody trained on. Participants in this process are the sum participants.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { toBase64 } from '@xaynet/core/bytes';
import { runParticipant } from '@xaynet/participant';
import { loadDigits, splitDigits } from '../../packages/xaynet/src/learning/digits.ts';

const root = new URL('../../', import.meta.url);
const path = (name: string): string => fileURLToPath(new URL(name, root));
const PYTHON = process.env.XAYNET_PYTHON ?? 'python3';
const XAYNET = [process.execPath, '--conditions=source', '--disable-warning=ExperimentalWarning', path('packages/xaynet/bin/xaynet.mjs')];

const folder = mkdtempSync(join(tmpdir(), 'xaynet-languages-'));
const children: { child: ChildProcess; text: () => string }[] = [];
after(async () => {
  for (const { child } of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function run(command: string, ...args: string[]): () => string {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (piece) => (text += piece));
  child.stderr.on('data', (piece) => (text += piece));
  children.push({ child, text: () => text });
  return () => text;
}

const xaynet = (...args: string[]): (() => string) => run(XAYNET[0]!, ...XAYNET.slice(1), ...args);

async function until<T>(what: string, look: () => T | undefined | false | null): Promise<T> {
  for (const begun = performance.now(); performance.now() - begun < 150_000; await sleep(25)) {
    const found = look();
    if (found) return found;
  }
  throw new Error(`no ${what} after 150 s:\n${children.map(({ text }) => text()).join('\n---\n')}`);
}

/** The public key that a program printed. */
const keyIn = (text: () => string): Promise<string> => until('participant', () => /participant (\S{44})/.exec(text())?.[1]);

/** Share of the held-out digits that these weights read right. */
function accuracy(weights: Float32Array): number {
  const { images, labels } = splitDigits(loadDigits()).test;
  let right = 0;
  for (const [row, label] of labels.entries()) {
    const scores = Array.from({ length: 10 }, (_, digit) => {
      let score = weights[640 + digit]!;
      for (let i = 0; i < 64; i++) score += images[row * 64 + i]! * weights[10 * i + digit]!;
      return score;
    });
    if (scores.indexOf(Math.max(...scores)) === label) right++;
  }
  return right / labels.length;
}

test('two Python scripts, one of them over HTTP, and a shell script learn together', async () => {
  const coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      pet: {
        sum: { prob: 0.3, count: { min: 1, max: 50 }, time: { min: 1, max: 10 } },
        update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 3, max: 10 } },
        sum2: { count: { min: 1, max: 50 }, time: { min: 0.5, max: 10 } },
      },
      model: { length: 650 },
      store: { kind: 'memory' },
      log: { filter: 'error' },
    }),
  );
  const stop = new AbortController();
  const accepted = new Map<string, number>();
  const models: Float32Array[] = [];
  coordinator.on((event) => {
    if (event.type === 'accepted' && event.tag === 'update') accepted.set(toBase64(event.participant), (accepted.get(toBase64(event.participant)) ?? 0) + 1);
    if (event.type === 'model') models.push(event.model.toWeights('F32'));
  });
  const sums = Array.from({ length: 10 }, () =>
    runParticipant({ url: coordinator.url, signal: stop.signal, poll: { min: 20, max: 200 }, shouldTrain: () => false, train: () => new Float32Array(0) }),
  );
  try {
    const common = ['--url', coordinator.url, '--poll', '0.2'];
    const train = (share: number): string => `'${PYTHON}' '${path('examples/python/train.py')}' ${share} 4`;
    const texts = [
      xaynet('participant', ...common, '--state', 'one', '--train', train(0)),
      xaynet('participant', ...common, '--state', 'two', '--train', train(1)),
      xaynet('agent', ...common, '--state', 'three', '--listen', '127.0.0.1:0'),
      xaynet('agent', ...common, '--state', 'four', '--listen', `unix:${join('four', 'agent.sock')}`),
    ];
    await until('agents', () => existsSync(join(folder, 'three', 'token')) && existsSync(join(folder, 'four', 'address')));
    const client = run(PYTHON, path('examples/python/agent_client.py'), 'three', '2', '4');
    const shell = run('sh', path('examples/shell/participant.sh'), 'four', '1/1287');
    const keys = await Promise.all(texts.map(keyIn));
    await until('updates of everybody and two models', () => keys.every((key) => accepted.has(key)) && models.length >= 2);
    assert.match(client(), /round [0-9a-f]{8}: trained/);
    assert.match(shell(), /task [0-9a-f]{16}: 202/);
    const [first, last] = [accuracy(models[0]!), accuracy(models.at(-1)!)];
    assert.ok(last > 0.85, `${first} of the digits read right after the first round, ${last} after ${models.length}`);
    assert.ok(models.at(-1)!.some((weight) => weight !== 0));
    for (const { child } of children) child.kill('SIGTERM');
    assert.deepEqual(await Promise.all(children.slice(0, 4).map(({ child }) => ended(child))), [0, 0, 0, 0]);
    for (const { child } of children) await ended(child);
    assert.deepEqual(readdirSync(join(folder, 'three')).sort(), ['address', 'participant.state', 'participant.state.lock', 'token']);
    assert.equal(readFileSync(join(folder, 'three', 'address'), 'utf8').slice(0, 17), 'http://127.0.0.1:');
  } finally {
    stop.abort();
    await Promise.all(sums.map((sum) => sum.done));
    await coordinator.stop();
  }
});

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}
