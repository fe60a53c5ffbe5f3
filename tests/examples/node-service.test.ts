// The services of examples/node-service by their one command: processes of their own against a real coordinator, which learn together, answer
// over HTTP, stay who they are when they are killed, and predict without a coordinator.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { heldOut } from '../../examples/node-service/cells.ts';

const folder = fileURLToPath(new URL('../../examples/node-service/', import.meta.url));
const FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
const env = { ...process.env, NODE_OPTIONS: '', XAYNET__PET__SUM__TIME__MIN: '0.5' };

const health = async (url: string): Promise<Record<string, string & number>> => (await fetch(`${url}/healthz`)).json();
const post = (url: string, body: string): Promise<Response> => fetch(`${url}/predict`, { method: 'POST', body });

/** Share of the samples that nobody has which the service at `url` names rightly. */
async function accuracy(url: string): Promise<number> {
  const { features, malignant } = heldOut();
  const answers = await Promise.all(features.map(async (sample) => (await post(url, JSON.stringify({ features: sample }))).json()));
  return answers.filter((answer, row) => answer.malignant > 0.5 === (malignant[row] === 1)).length / answers.length;
}

/** Waits for something, as long as the test has time: it must get to its end, where it ends the processes that it started. */
async function untilOr(signal: AbortSignal, condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('services learn together, stay who they are when they are killed, and predict without a coordinator', async ({ signal }) => {
  const until = (condition: () => boolean | Promise<boolean>): Promise<void> => untilOr(signal, condition);
  const states = mkdtempSync(join(tmpdir(), 'xaynet-services-test-'));
  const child = spawn(process.execPath, [...FLAGS, `${folder}start.ts`, '--states', states], { env });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close');
  const services = (): string[][] => [...output.matchAll(/^service 1 +(http\S+) +process (\d+)$/gm)].map(([, url, pid]) => [url!, pid!]);
  const models = (): number[] =>
    [...output.matchAll(/^round \d+ +right for ([\d.]+) %, by the mean of \d+ models that nobody saw$/gm)].map(([, share]) => Number(share));
  let alone: ChildProcess | undefined;
  try {
    await until(() => services().length === 1);
    const [url, pid] = services()[0]!;
    const features = heldOut().features[0]!;
    if ((await health(url!)).models === 0) {
      const early = await post(url!, JSON.stringify({ features }));
      assert.equal(early.status, 503, 'nothing to predict with yet');
      assert.ok(early.headers.get('retry-after'));
    }
    for (const body of ['', 'null', '[]', '{"features":[1,2]}', JSON.stringify({ features: [...features.slice(1), '1'] }), 'x'.repeat(100_000)]) {
      assert.equal((await post(url!, body)).status, 400, body.slice(0, 20));
    }
    assert.equal((await fetch(`${url}/predict`)).status, 405);
    assert.equal((await fetch(`${url}/other`)).status, 404);

    // A round that failed brings the same model again, so the services' count alone does not say that there was a second one.
    await until(async () => models().length >= 2 && (await health(url!)).models! >= 2);
    const { participant, samples } = await health(url!);
    assert.match(participant!, /^[0-9a-f]{64}$/);
    assert.equal(samples, 58);
    assert.match(output, /^before {7}right for 62\.8 % of 113 samples that nobody has$/m);
    assert.ok(models()[1]! > 75, output);
    assert.ok((await accuracy(url!)) > 0.75);

    process.kill(Number(pid), 'SIGKILL');
    await until(() => services().length === 2);
    assert.match(output, /^service 1 {4}ended \(SIGKILL\); starting it again with its state$/m);
    assert.equal(services()[1]![0], url, 'on the port it had');
    assert.ok((await accuracy(url!)) > 0.75, 'it has its model again at once');
    await until(async () => (await health(url!)).participant !== '');
    assert.equal((await health(url!)).participant, participant);

    child.kill('SIGTERM');
    const [code] = await ended;
    assert.equal(code, 0, output);
    await assert.rejects(fetch(url!), 'no service goes on');

    const options = ['--coordinator', 'http://127.0.0.1:9', '--share', '1/8', '--state', join(states, '1.state')];
    alone = spawn(process.execPath, [...FLAGS, `${folder}service.ts`, ...options], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(alone.stdout!, 'data');
    const offline = String(line).trim().replace('listening on ', '');
    assert.ok((await accuracy(offline)) > 0.75, 'it predicts without a coordinator');
    await until(async () => (await health(offline)).error !== '');
    alone.kill('SIGTERM');
    assert.deepEqual(await once(alone, 'exit'), [0, null]);
  } finally {
    child.kill('SIGTERM');
    alone?.kill('SIGKILL');
    await ended;
    rmSync(states, { recursive: true, force: true });
  }
});
