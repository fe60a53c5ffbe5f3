// One tick of a participant in an engine that can print but neither read nor ask: it is told the snapshot to go on from and the answers that
// are known, and prints the first request that it has no answer for, or what became of the tick. Chance comes from a seed, so that the same
// process, started again with one answer more, comes to the same place: the participant is killed and restored at every request.
import { fromHex, toBase64, toHex } from '@xaynet/core/bytes';
import { maskingBackend } from '@xaynet/core/mask';
import { type Fetch, Participant, type ParticipantOptions } from '@xaynet/participant';
import { say } from '../suite/say.ts';
import { counted, oneHot } from './one-hot.ts';
import { type AnswerLine, packRequest, unpackAnswer } from './wire.ts';

/** What a tick is told, as the global `xaynetTick`. */
export interface TickOrders {
  readonly url: string;
  readonly index: number;
  /** Hexadecimal; empty before the first tick. */
  readonly snapshot: string;
  readonly seed: number;
  /** Milliseconds since the first tick: the clock of this one, which stands still. */
  readonly now: number;
  readonly answers: readonly AnswerLine[];
}

/** What a tick prints. */
export type TickLine =
  | { readonly request: ReturnType<typeof packRequest> }
  | {
      readonly snapshot: string;
      readonly outcome: string;
      readonly round: string | undefined;
      readonly state: string;
      readonly task: string;
      readonly participant: string;
      readonly sent: string | undefined;
      readonly accepted: boolean | undefined;
      readonly error: string | undefined;
      readonly counted: readonly number[] | undefined;
      readonly kernel: string;
    }
  | { readonly broken: string };

const orders = (globalThis as unknown as { xaynetTick: TickOrders }).xaynetTick;
const tell = (line: TickLine): void => say(JSON.stringify(line));

let asked = 0;
const recorded: Fetch = (url, request) => {
  const answer = orders.answers[asked++];
  if (answer !== undefined) return Promise.resolve(unpackAnswer(url, answer));
  tell({ request: packRequest(url, request) });
  return new Promise(() => undefined); // nothing more happens: the process ends, and begins again with the answer
};

let chance = orders.seed;
function random(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    chance = (Math.imul(chance, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = chance >> 16;
  }
  return bytes;
}

async function tick(): Promise<void> {
  const clock = { now: () => orders.now, after: () => () => undefined };
  const options: ParticipantOptions = { url: orders.url, fetch: recorded, random, clock, threads: 0 };
  const participant = orders.snapshot === '' ? await Participant.create(options) : await Participant.restore(fromHex(orders.snapshot), options);
  const { outcome, error, failure, sent, verdict } = await participant.tick();
  const wanted = participant.modelNeeded;
  if (wanted !== undefined) participant.setModel(oneHot(orders.index, wanted.length), { round: wanted.round });
  const global = participant.newGlobalModel ? await participant.globalModel() : undefined;
  tell({
    snapshot: toHex(participant.snapshot()),
    outcome,
    round: participant.round,
    state: participant.state,
    task: participant.task,
    participant: toBase64(participant.publicKey),
    sent: sent?.tag,
    accepted: verdict?.accepted,
    error: (error ?? failure)?.message,
    counted: global === undefined ? undefined : counted(global.weights),
    kernel: maskingBackend().kernel,
  });
}

tick().catch((error: unknown) => tell({ broken: String((error as Error)?.stack ?? error) }));
