// The agent over real HTTP against a real coordinator: a round with its model in the mean, every route as its table says, what it refuses,
// restarts and the two kinds of addresses. Roles are certain: keys are tried until the round selects them.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { matchRoute } from '@xaynet/coordinator/http';
import { generateSigningKeyPair, type SigningKeyPair } from '@xaynet/core/crypto';
import { ERRORS } from '@xaynet/core/errors';
import { chooseRole, decodeRoundParams } from '@xaynet/core/round';
import { Participant, type ParticipantRun, runParticipant } from '@xaynet/participant';
import { decodeNpy } from '@xaynet/participant/npy';
import { decodeSafetensors, encodeSafetensors } from '@xaynet/participant/safetensors';
import { decodeModelFile, encodeModelFile } from '../model-file.ts';
import { type AgentOptions, type RunningAgent, startAgent } from './agent.ts';
import { SCHEMAS } from './schemas.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-agent-'));
const state = join(folder, 'state');
const running: ParticipantRun[] = [];
let coordinator: Coordinator;
let agent: RunningAgent;
let keys: SigningKeyPair;

before(async () => {
  const many = { count: { min: 3, max: 3 }, time: { min: 0, max: 600 } };
  const one = { count: { min: 1, max: 1 }, time: { min: 0, max: 600 } };
  coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      pet: { sum: { prob: 0.002, ...one }, update: { prob: 1, ...many }, sum2: one },
      model: { length: 4 },
      store: { kind: 'memory' },
      log: { filter: 'error' },
    }),
  );
  keys = await keysFor('update');
  agent = await start();
});
after(async () => {
  await Promise.all(running.map((run) => run[Symbol.asyncDispose]()));
  await agent?.stop();
  await coordinator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Keys that the round now selects for this role. */
async function keysFor(role: 'sum' | 'update'): Promise<SigningKeyPair> {
  let params: Response;
  do params = await fetch(`${coordinator.url}/params`);
  while (params.status !== 200);
  const round = decodeRoundParams(new Uint8Array(await params.arrayBuffer()));
  for (;;) {
    const tried = generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
    if (chooseRole(round, tried).role === role) return tried;
  }
}

function start(options: Partial<AgentOptions> = {}): Promise<RunningAgent> {
  return startAgent({
    run: { url: coordinator.url, keys, poll: { min: 10, max: 50 } },
    folder: state,
    listen: { host: '127.0.0.1', portNumber: 0 },
    origins: ['http://app.example'],
    join: true,
    version: '1.2.3',
    tell: () => undefined,
    broken: (error) => assert.fail(String(error)),
    end: () => undefined,
    ...options,
  });
}

const token = (): string => readFileSync(join(state, 'token'), 'utf8').trim();

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${agent.url}${path}`, { ...init, headers: { authorization: `Bearer ${token()}`, ...init.headers } });
}

async function problem(response: Response, code: string): Promise<{ detail: string }> {
  const found = (await response.json()) as { code: string; status: number; detail: string };
  assert.equal(found.code, code, JSON.stringify(found));
  assert.equal(response.status, ERRORS[code as keyof typeof ERRORS].status);
  assert.equal(found.status, response.status);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  return found;
}

interface Task {
  readonly id: string;
  readonly round: string;
  readonly length: number;
  readonly dataType: string;
  readonly global: string | null;
  readonly model: string;
}

async function task(): Promise<Task> {
  const response = await ask('/task?wait=30');
  assert.equal(response.status, 200);
  const found = (await response.json()) as Task;
  assert.deepEqual(Object.keys(found), SCHEMAS.Task!.required);
  return found;
}

const put = (path: string, body: BodyInit, type?: string): Promise<Response> =>
  ask(path, { method: 'PUT', body, ...(type === undefined ? {} : { headers: { 'content-type': type } }) });

test('a round: the task, what is refused of a model, the model in the mean, the events of it', async () => {
  const events = ask('/events');
  const wanted = await task();
  assert.deepEqual([wanted.length, wanted.dataType, wanted.global, wanted.model], [4, 'F32', null, `/tasks/${wanted.id}/model`]);
  assert.deepEqual(await task(), wanted, 'the same for everybody who asks');
  assert.equal((await ask('/model')).status, 204, 'nothing has been learnt yet');

  const { model } = wanted;
  assert.match((await problem(await put(`${model}?format=json`, '[1,2,3]'), 'model-length')).detail, /^3 weights given, the round takes 4\./);
  assert.match((await problem(await put(model, '[1,2,3,4]', 'text/plain'), 'agent-media-unknown')).detail, /"text\/plain"/);
  const compressed = { 'content-type': 'application/vnd.xaynet.f32', 'content-encoding': 'br' };
  const sent = await ask(model, { method: 'PUT', body: new Uint8Array(16), headers: compressed });
  assert.match((await problem(sent, 'agent-media-unknown')).detail, /Content-Encoding: "br"/, 'though it is as long as four weights');
  await problem(await put(`${model}?format=csv`, '1,2,3,4'), 'http-query-invalid');
  await problem(await put(`${model}?format=json&scalar=-1`, '[1,2,3,4]'), 'scalar-invalid');
  assert.match((await problem(await put(model, 'nonsense', 'application/json'), 'model-file-invalid')).detail, /not JSON/);
  assert.match(
    (await problem(await put(model, Float32Array.of(1, Number.NaN, 3, 4), 'application/octet-stream'), 'model-file-invalid')).detail,
    /weight 1 is NaN/,
  );
  assert.match((await problem(await put(`${model}?format=f32`, new Uint8Array(2_000_000)), 'model-file-invalid')).detail, /too many/);
  await problem(await put('/tasks/0123/model?format=json', '[]'), 'agent-task-unknown');

  const taken = await put(`${model}?scalar=1/2`, encodeModelFile(Float32Array.of(1, 0.5, 0.25, -1), 'npy').slice(), 'application/x-npy');
  assert.equal(taken.status, 202);
  assert.deepEqual(await taken.json(), { id: wanted.id, round: wanted.round, length: 4 });
  await problem(await put(`${model}?format=json`, '[1,2,3,4]'), 'model-not-wanted');

  const peer = async (role: 'sum' | 'update'): Promise<void> => {
    const given = { url: coordinator.url, keys: await keysFor(role), poll: { min: 10, max: 50 } };
    running.push(runParticipant({ ...given, scalar: 0.5, train: async () => new Float32Array(4) }));
  };
  await Promise.all([peer('sum'), peer('update'), peer('update')]);
  const text = await textOf(await events, (so) => /event: round[\s\S]*event: round/.test(so));
  assert.match(text, /event: task\ndata: .*"length":4[\s\S]*event: sent\ndata: .*"tag":"update"/);

  const latest = await ask('/model?format=json');
  assert.equal(latest.headers.get('x-xaynet-length'), '4');
  const mean = ((await latest.json()) as number[]).map((weight) => Math.round(weight * 1e6) / 1e6);
  assert.deepEqual(mean, [0.333333, 0.166667, 0.083333, -0.333333]);
  const tag = latest.headers.get('etag')!;
  assert.equal((await ask('/model?format=json', { headers: { 'if-none-match': tag } })).status, 304);
  await problem(await put(`${model}?format=json`, '[1,2,3,4]'), 'model-not-wanted');

  const bytes = async (format: string): Promise<Uint8Array> => new Uint8Array(await (await ask(`/model?format=${format}`)).arrayBuffer());
  const raw = decodeModelFile(await bytes('f32'), 'x.f32');
  assert.deepEqual(decodeNpy(await bytes('npy')).data, raw);
  assert.deepEqual(decodeSafetensors(await bytes('safetensors')).tensors.weights?.data, raw);
  const accepted = await ask('/model', { headers: { accept: 'application/vnd.xaynet.f64' } });
  assert.equal(accepted.headers.get('content-type'), 'application/vnd.xaynet.f64');
  assert.equal((await accepted.arrayBuffer()).byteLength, 32);
  await problem(await ask('/model?format=i32'), 'http-format-unfit');
  await problem(await ask('/model', { headers: { accept: 'image/png' } }), 'http-not-acceptable');
});

test('leaving and joining again: the identity stays, an open task is over; skipping; a restart gives the task out again', async () => {
  const standing = async (response: Promise<Response>): Promise<Record<string, unknown>> => {
    const found = (await (await response).json()) as Record<string, unknown>;
    assert.deepEqual(Object.keys(found), SCHEMAS.Status!.required);
    return found;
  };
  const first = await standing(ask('/status'));
  assert.deepEqual([first.version, first.coordinator, first.joined, first.updates], ['1.2.3', coordinator.url, true, 1]);
  const wanted = await task();
  const waiting = ask('/tasks/none/model');
  assert.equal((await waiting).status, 405);
  const left = await standing(ask('/leave', { method: 'POST' }));
  assert.deepEqual([left.joined, left.task], [false, null]);
  assert.equal((await ask('/task')).status, 204);
  await problem(await put(`${wanted.model}?format=json`, '[1,2,3,4]'), 'model-round');
  assert.equal((await standing(ask('/join', { method: 'POST' }))).joined, true);
  assert.equal((await standing(ask('/join', { method: 'POST' }))).joined, true, 'twice is once');
  assert.equal((await task()).id, wanted.id, 'the round is still the same');
  assert.equal((await standing(ask('/status'))).participant, first.participant);

  const before = token();
  await agent.stop();
  await assert.rejects(fetch(agent.url));
  agent = await start();
  assert.equal(token(), before);
  assert.equal((await task()).id, wanted.id);
  assert.equal((await ask(`/tasks/${wanted.id}/skip`, { method: 'POST' })).status, 200);
  assert.equal((await ask('/task?wait=1')).status, 204);
  await problem(await put(`${wanted.model}?format=json`, '[1,2,3,4]'), 'model-not-wanted');
});

describe('who is let in', () => {
  const raw = (
    headers: Record<string, string>,
    method = 'GET',
    path = '/status',
  ): Promise<{ status: number; code: string | undefined; headers: NodeJS.Dict<string | string[]> }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(agent.url);
      const sent = request({ hostname, port, path, method, headers }, (response) => {
        let text = '';
        response
          .on('data', (piece) => (text += piece))
          .on('end', () =>
            resolve({ status: response.statusCode!, code: text === '' ? undefined : (JSON.parse(text).code as string), headers: response.headers }),
          );
      });
      sent.on('error', reject).end();
    });

  test('nobody without the token, whatever the route', async () => {
    for (const headers of [{}, { authorization: 'Bearer' }, { authorization: `Bearer ${token()}x` }, { authorization: `Basic ${token()}` }]) {
      for (const [method, path] of [
        ['GET', '/status'],
        ['GET', '/openapi.json'],
        ['POST', '/shutdown'],
        ['GET', '/nothing'],
      ] as const)
        assert.deepEqual([(await raw(headers, method, path)).status], [401], `${method} ${path} ${JSON.stringify(headers)}`);
    }
    assert.equal((await raw({ authorization: `bearer ${token()}` })).status, 200);
    assert.equal(statSync(join(state, 'token')).mode & 0o777, 0o600);
    assert.equal(statSync(state).mode & 0o777, 0o700);
  });

  test('no page of another origin, and none under a name that points here (DNS rebinding)', async () => {
    const authorization = `Bearer ${token()}`;
    for (const origin of ['http://evil.example', 'null', agent.url]) assert.equal((await raw({ authorization, origin })).code, 'agent-forbidden', origin);
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '1.2.3'])
      assert.equal((await raw({ authorization, host })).code, 'agent-forbidden', host);
    for (const host of ['localhost', 'LOCALHOST:99', '127.0.0.1', '[::1]:8090']) assert.equal((await raw({ authorization, host })).status, 200, host);
  });

  test('a page of an allowed origin: with the token, after a preflight', async () => {
    const origin = 'http://app.example';
    const asked = await raw({ origin, 'access-control-request-method': 'PUT' }, 'OPTIONS', '/tasks/1/model');
    assert.deepEqual([asked.status, asked.headers['access-control-allow-origin'], asked.headers['access-control-allow-methods']], [204, origin, 'PUT']);
    for (const name of ['authorization', 'content-type', 'if-none-match', 'last-event-id'])
      assert.ok(asked.headers['access-control-allow-headers']?.includes(name), `${name}: the document names it`);
    assert.equal((await raw({ origin: 'http://evil.example' }, 'OPTIONS')).code, 'agent-forbidden');
    assert.equal((await raw({ origin })).code, 'agent-unauthorized');
    const answer = await raw({ origin, authorization: `Bearer ${token()}` });
    assert.deepEqual([answer.status, answer.headers['access-control-allow-origin']], [200, origin]);
  });
});

test('the document describes every route; each refuses other methods', async () => {
  const document = (await (await ask('/openapi.json')).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { responses: object; requestBody?: { content: object } }>>;
    security: unknown;
  };
  assert.match(document.openapi, /^3\.1/);
  assert.deepEqual(document.security, [{ token: [] }]);
  assert.equal(Object.keys(document.paths).length, 10);
  assert.ok('application/x-npy' in document.paths['/tasks/{id}/model']!.put!.requestBody!.content);
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) assert.ok('401' in operation.responses && '405' in operation.responses, path);
    const methods = Object.keys(operations).map((method) => method.toUpperCase());
    const response = await ask(path.replace('{id}', 'x'), { method: 'DELETE' });
    await problem(response, 'http-method-not-allowed');
    assert.equal(response.headers.get('allow'), methods.join(', '));
    assert.ok(matchRoute([{ path } as never], path.replace('{id}', 'x')));
  }
  const names = new Set([...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name!));
  for (const name of names) assert.ok(name in SCHEMAS, name);
  await problem(await ask('/nothing'), 'http-not-found');
  await problem(await ask('/task?wait=x'), 'http-query-invalid');
});

test('one upload at a time, and a slow one ends with its client', async () => {
  await ask('/leave', { method: 'POST' });
  rmSync(join(state, 'participant.state'));
  await ask('/join', { method: 'POST' });
  const { model, id } = await task();
  const { hostname, port } = new URL(agent.url);
  const slow = request({ hostname, port, method: 'PUT', path: `${model}?format=f32`, headers: { authorization: `Bearer ${token()}`, 'content-length': 16 } });
  slow.on('error', () => undefined).write(new Uint8Array(4));
  let second: Response;
  do second = await put(`${model}?format=json`, '[1,2,3]');
  while (second.status === 422 && (await sleep(5)) === undefined);
  await problem(second, 'http-busy');
  assert.equal(second.headers.get('retry-after'), '1');
  slow.destroy();
  do second = await put(`${model}?format=json`, '[1,2,3]');
  while (second.status === 503 && (await sleep(5)) === undefined);
  await problem(second, 'model-length');
  assert.equal((await task()).id, id);
});

test('a folder that is in use, a port that is taken, a place for a socket that is not free', async () => {
  await assert.rejects(start(), { code: 'state-locked' });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const other = { folder: join(folder, 'other') };
  await assert.rejects(start({ ...other, listen: { host: '127.0.0.1', portNumber: port } }), {
    code: 'api-port-in-use',
    message: new RegExp(`--listen 127.0.0.1:${port}`),
  });
  await new Promise((resolve) => server.close(resolve));
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(start({ ...other, listen: { socket: join(folder, 'file') } }), { code: 'agent-socket-invalid', message: /another file is there/ });
  await assert.rejects(start({ ...other, listen: { socket: join(folder, 'x'.repeat(100)) } }), { code: 'agent-socket-invalid', message: /bytes/ });
  await assert.rejects(start({ folder: join(folder, 'file', 'below') }), { code: 'file-unwritable' });
});

test('on a socket: this user alone, no token; one that was left behind is replaced, one in use is not', async () => {
  const socket = join(folder, 'agent.sock');
  const status = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ socketPath: socket, path: '/status' }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
  const own = { folder: join(folder, 'socket-state'), listen: { socket }, join: false };
  const first = await start(own);
  assert.equal(first.url, `unix:${socket}`);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  assert.equal(await status(), 200);
  assert.ok(!existsSync(join(own.folder, 'token')));
  await assert.rejects(start({ ...own, folder: join(folder, 'third') }), { code: 'api-port-in-use' });
  await first.stop();
  const left = createServer();
  await new Promise<void>((resolve) => left.listen(`${socket}.left`, resolve));
  const { linkSync } = await import('node:fs');
  linkSync(`${socket}.left`, socket); // closing removes the name that was listened on, not this one
  await new Promise((resolve) => left.close(resolve));
  assert.ok(existsSync(socket));
  const second = await start(own);
  assert.equal(await status(), 200);
  await second.stop();
});

test('a state that cannot be used ends the agent with the reason', async () => {
  const broken = join(folder, 'broken');
  const ended = new Promise<Error | undefined>((resolve) => {
    void (async () => {
      const one = await start({ folder: broken, join: false });
      await one.stop();
      writeFileSync(join(broken, 'participant.state'), 'nonsense');
      const other = await start({ folder: broken, end: resolve });
      await ended;
      await other.stop();
    })();
  });
  assert.equal(((await ended) as { code?: string }).code, 'snapshot-format');
});

test('tensors keep their names from one app to the next; a model that was taken is in the state, long before it can be sent', async () => {
  const { model } = await task();
  const tensors = { b: { shape: [1, 2], data: Float32Array.of(3, 4) }, a: { shape: [2], data: Float32Array.of(1, 2) } };
  const killedNow = async (): Promise<Participant> =>
    Participant.restore(new Uint8Array(readFileSync(join(state, 'participant.state'))), { url: coordinator.url });
  assert.equal((await killedNow()).modelNeeded?.length, 4);
  const taken = await put(model, encodeSafetensors(tensors).slice(), 'application/vnd.safetensors');
  assert.equal(taken.status, 202);
  while ((await killedNow()).modelNeeded !== undefined) await sleep(5);
  const given = decodeSafetensors(new Uint8Array(await (await ask('/model?format=safetensors')).arrayBuffer()));
  assert.deepEqual(
    Object.entries(given.tensors).map(([name, { shape }]) => [name, shape]),
    [
      ['a', [2]],
      ['b', [1, 2]],
    ],
  );
});

/** What of a stream has come when `enough` is satisfied. */
async function textOf(response: Response, enough: (text: string) => boolean): Promise<string> {
  const reader = response.body!.getReader();
  let text = '';
  while (!enough(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString();
  }
  await reader.cancel();
  return text;
}
