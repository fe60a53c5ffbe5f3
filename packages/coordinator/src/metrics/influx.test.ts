// What reaches an InfluxDB: which points, in which requests; and that a database that is slow, down or wrong costs nothing but warnings.
// The database here is a server that remembers what it was sent; tests/influx has a real one.

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import type { CoordinatorEvent } from '../events.ts';
import { createLogger } from '../log.ts';
import { InfluxRecorder } from './influx.ts';
import type { Point } from './line-protocol.ts';

interface Got {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly lines: string[];
}

/** A server that answers each write with `status`, once `gate` lets it. */
async function fakeInflux(status = 204, gate: Promise<void> = Promise.resolve()) {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then(async (body) => {
      got.push({ url: request.url!, authorization: request.headers.authorization, lines: body.split('\n') });
      await gate;
      response.writeHead(status).end(status === 204 ? undefined : '{"error":"database not found"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { got, port, close };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

function logging(): { logger: ReturnType<typeof createLogger>; lines: string[] } {
  const lines: string[] = [];
  return { logger: createLogger({ level: 'debug', readable: false, output: { write: (line) => lines.push(line) } }), lines };
}

const point = (value: number): Point => ({ measurement: 'phase', fields: { value: BigInt(value) }, time: BigInt(value) });
const about = { round: 3, tag: 'sum', participant: new Uint8Array(32), bytes: 7 } as unknown as Extract<CoordinatorEvent, { type: 'accepted' }>;

it('sends the points of a round in the order of the original, with user and password as basic authentication', async () => {
  const server = await fakeInflux();
  const { logger, lines } = logging();
  let time = 100n;
  const recorder = new InfluxRecorder({
    url: `http://some%40body:p%C3%A4ss@127.0.0.1:${server.port}/influx/`,
    db: 'me trics',
    masks: async () => 2,
    logger,
    now: () => time++,
  });
  const params = { sum: 0.5, update: 1 } as Extract<CoordinatorEvent, { type: 'round' }>['params'];
  const events: CoordinatorEvent[] = [
    { type: 'phase', round: 3, phase: 'idle' },
    { type: 'round', round: 3, params },
    { type: 'phase', round: 3, phase: 'sum' },
    { ...about, type: 'accepted', phase: 'sum' },
    { ...about, type: 'rejected', phase: 'sum', code: 'sum-already-exists' },
    { ...about, type: 'discarded', phase: 'update', code: 'message-discarded' },
    { type: 'refused', round: 3, phase: 'update', code: 'signature-invalid', bytes: 9 },
    { type: 'phase', round: 3, phase: 'unmask' },
  ];
  for (const event of events) recorder.take(event);
  await Promise.resolve();
  recorder.take({ type: 'failure', round: 3, phase: 'unmask', code: 'mask-ambiguous', message: 'no "majority"' });
  await recorder.stop();
  await server.close();
  assert.deepEqual(lines, []);
  assert.deepEqual(recorder.counts, { sent: 11, dropped: 0, failed: 0 });
  assert.equal(server.got.length, 1);
  const [{ url, authorization, lines: sent }] = server.got as [Got];
  assert.equal(url, '/influx/write?precision=ns&db=me+trics');
  assert.equal(authorization, `Basic ${Buffer.from('some@body:päss').toString('base64')}`);
  assert.deepEqual(sent, [
    'phase value=0i 100',
    'round_total_number value=3i 101',
    'round_param_sum,round_id=3,phase=0 value=0.5 102',
    'round_param_update,round_id=3,phase=0 value=1 103',
    'phase value=1i 104',
    'message_accepted,round_id=3,phase=1 value=1i 105',
    'message_rejected,round_id=3,phase=1 value=1i 106',
    'message_discarded,round_id=3,phase=2 value=1i 107',
    'phase value=4i 108',
    'masks_total_number,round_id=3,phase=4 value=2i 109',
    'event title="Phase error",description="no \\"majority\\"" 110',
  ]);
});

it('keeps 4 048 points while the database is slow, drops the rest with one warning, and has two requests under way at most', async () => {
  let open!: () => void;
  const server = await fakeInflux(204, new Promise((resolve) => (open = resolve)));
  const { logger, lines } = logging();
  const recorder = new InfluxRecorder({ url: `http://127.0.0.1:${server.port}`, db: 'metrics', logger });
  recorder.record(point(1));
  while (server.got.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 2; i <= 600; i++) recorder.record(point(i));
  while (server.got.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 601; i <= 5_000; i++) recorder.record(point(i));
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(server.got.length, 2, 'the third request waits');
  open();
  await recorder.stop();
  await server.close();
  // 1 and 500 were under way; 99 and 3 949 more found room.
  assert.deepEqual(recorder.counts, { sent: 501 + 4_048, dropped: 5_000 - 501 - 4_048, failed: 0 });
  assert.equal(server.got.flatMap((request) => request.lines).length, 501 + 4_048);
  assert.ok(server.got.every((request) => request.lines.length <= 500));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /points for InfluxDB are lost/);
});

it('warns once when the database refuses or is not there, never tries again, never says the password', async () => {
  const server = await fakeInflux(404);
  const { logger, lines } = logging();
  const wrong = new InfluxRecorder({ url: `http://me:hush-hush@127.0.0.1:${server.port}`, db: 'nowhere', logger });
  wrong.record(point(1));
  await wrong.stop();
  await server.close();
  const gone = new InfluxRecorder({ url: `http://me:hush-hush@127.0.0.1:${server.port}`, db: 'metrics', logger });
  for (let i = 0; i < 1_200; i++) gone.record(point(i));
  await gone.stop();
  gone.record(point(1));
  await gone.stop();
  assert.deepEqual(
    [wrong.counts, gone.counts],
    [
      { sent: 0, dropped: 0, failed: 1 },
      { sent: 0, dropped: 0, failed: 1_200 },
    ],
  );
  assert.equal(server.got.length, 1);
  assert.equal(lines.length, 2, lines.join(''));
  assert.match(lines[0]!, /"status":404,"answer":"\{\\"error\\":\\"database not found\\"\}"/);
  assert.match(lines[1]!, /ECONNREFUSED/);
  assert.ok(lines.every((line) => !line.includes('hush-hush') && line.includes(`127.0.0.1:${server.port}`)));
});

it('gives up what a silent database does not take within the two seconds of a stop', async () => {
  const server = await fakeInflux(204, new Promise(() => {}));
  const { logger } = logging();
  const recorder = new InfluxRecorder({ url: `http://127.0.0.1:${server.port}`, db: 'metrics', logger });
  for (let i = 0; i < 1_600; i++) recorder.record(point(i));
  await recorder.stop();
  await server.close();
  const { sent, dropped, failed } = recorder.counts;
  assert.deepEqual([sent, dropped + failed], [0, 1_600]);
});

it('says so when masks cannot be counted', async () => {
  const { logger, lines } = logging();
  const recorder = new InfluxRecorder({ url: 'http://127.0.0.1:1', db: 'metrics', logger, masks: () => Promise.reject(new Error('closed')) });
  recorder.take({ type: 'phase', round: 9, phase: 'unmask' });
  await recorder.stop();
  assert.match(lines[0]!, /"round":9,"error":\{"message":"closed"\}.*masks of the round/);
});
