// A participant that runs by itself in an engine, and prints its events. Built into one script for each engine.
import { toBase64 } from '@xaynet/core/bytes';
import { maskingBackend } from '@xaynet/core/mask';
import { type Fetch, runParticipant } from '@xaynet/participant';
import { say } from '../suite/say.ts';
import { counted, oneHot, type Place } from './one-hot.ts';
import { type AnswerLine, packRequest, unpackAnswer } from './wire.ts';

const { url, index, way } = (globalThis as unknown as { xaynetRound: Place }).xaynetRound;
const tell = (line: object): void => say(JSON.stringify(line));

/** Asks the embedder and waits for its answer. */
const byLines: Fetch = async (address, request) => {
  tell({ request: packRequest(address, request) });
  const { readline } = globalThis as unknown as { readline(): string };
  return unpackAnswer(address, JSON.parse(readline()) as AnswerLine);
};

const run = runParticipant({
  url,
  poll: { min: 50, max: 400 },
  threads: 0,
  ...(way === 'lines' ? { fetch: byLines } : {}),
  onGlobalModel: (global) => tell({ type: 'model', counted: global === undefined ? [] : counted(global.weights) }),
  train: async (_, { length }) => oneHot(index, length),
});

async function report(): Promise<void> {
  tell({ type: 'kernel', ...maskingBackend() });
  for await (const event of run.events()) {
    const { type } = event;
    if (type === 'round') tell({ type, round: event.round, participant: toBase64(event.participant) });
    else if (type === 'selected') tell({ type, round: event.round, task: event.task });
    else if (type === 'sent') tell({ type, round: event.round, tag: event.tag, accepted: event.accepted });
    else if (type === 'refused') tell({ type, round: event.round, tag: event.tag, code: event.code });
    else if (type === 'error') tell({ type, code: event.error.code, message: event.error.message });
  }
}

report().catch((error: unknown) => tell({ type: 'error', code: 'script', message: String(error) }));
