// A service as it might run anywhere: it answers requests over HTTP, and beside that takes part in rounds with data of its own. The
// two never wait for each other: without a coordinator it goes on predicting with the last model that it got, also after a restart.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { toHex } from '@xaynet/core/bytes';
import { runParticipant } from '@xaynet/participant';
import { fileStore } from '@xaynet/participant/node';
import { FEATURES, shareOf } from './cells.ts';
import { predict, train, WEIGHTS } from './model.ts';

const { values: options } = parseArgs({
  options: {
    coordinator: { type: 'string', default: 'http://127.0.0.1:8081' },
    port: { type: 'string', default: '0' },
    share: { type: 'string', default: '1/8' }, // stands for the data that this service has
    state: { type: 'string', default: 'service.state' }, // identity and work under way; the model is kept beside it
  },
});
const [index, services] = options.share.split('/').map(Number);
const cells = shareOf(index!, services!);

/** The latest global model, and of how many rounds one came since the start. */
let model: Float32Array | undefined = await readFile(`${options.state}.model`).then(
  (bytes) => new Float32Array(new Uint8Array(bytes).buffer),
  () => undefined,
);
const health = { ok: true, participant: '', samples: cells.features.length, round: '', task: 'none', models: 0, error: '' };

const run = runParticipant({
  url: options.coordinator,
  store: fileStore(options.state),
  poll: { max: 500 },
  scalar: cells.features.length / 100, // who has more samples has more to say
  train: (global) => train(global === undefined ? new Float32Array(WEIGHTS) : Float32Array.from(global.weights, Number), cells),
  onGlobalModel: async (global) => {
    if (global?.length !== WEIGHTS) return;
    model = Float32Array.from(global.weights, Number);
    health.models++;
    await writeFile(`${options.state}.model.new`, new Uint8Array(model.buffer));
    await rename(`${options.state}.model.new`, `${options.state}.model`); // the old one or the new one, whenever this is killed
  },
});

const server = createServer((request, response) => {
  route(request, response).catch((error: Error) => json(response, 500, { error: error.message }));
});
server.listen(Number(options.port), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`));

for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(signal, stop); // 'disconnect': the program that started this one is gone

for await (const event of run.events()) {
  if (event.type === 'round') Object.assign(health, { round: event.round, task: 'none', participant: toHex(event.participant), error: '' });
  if (event.type === 'selected') health.task = event.task;
  if (event.type === 'error') health.error = event.error.message;
  if (event.type === 'error' && event.fatal) process.exitCode = 1;
}

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0];
  if (path === '/healthz' && request.method === 'GET') return json(response, 200, health);
  if (path !== '/predict') return json(response, 404, { error: 'there are POST /predict and GET /healthz' });
  if (request.method !== 'POST') return json(response.setHeader('allow', 'POST'), 405, { error: 'POST a sample' });
  const features = parse(await body(request));
  if (features === undefined) return json(response, 400, { error: `{"features": […]} with ${FEATURES} numbers expected` });
  if (model === undefined) return json(response.setHeader('retry-after', '5'), 503, { error: 'no model yet: the first round is under way' });
  json(response, 200, { malignant: predict(model, features) });
}

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) if (text.length < 10_000) text += chunk;
  return text;
}

function parse(text: string): number[] | undefined {
  try {
    const { features } = JSON.parse(text);
    return Array.isArray(features) && features.length === FEATURES && features.every(Number.isFinite) ? features : undefined;
  } catch {
    return undefined;
  }
}

function json(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
}

/** Answers what was asked, saves the participant, ends. */
async function stop(): Promise<void> {
  server.close();
  server.closeIdleConnections();
  await run.stop().catch(() => undefined);
  if (process.connected) process.disconnect();
}
