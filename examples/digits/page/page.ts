// The page: a participant, a model, and what they show. Everything that knows of rounds is in `join` below.
import type { Weights } from '@xaynet/core/mask';
import type { ParticipantEvent } from '@xaynet/participant';
import { runBrowserParticipant } from '@xaynet/participant/browser';
import { heldOut, parseDigits, shareOf } from '../src/digits.ts';
import { HIDDEN, Learner } from '../src/learner.ts';
import { drawChart } from './chart.ts';
import { element, percent } from './element.ts';
import { RoundHistory } from './history.ts';
import { drawBytes, drawWeights } from './pictures.ts';
import { ReaderView } from './reader.ts';
import { RoundView } from './round-view.ts';
import { takeSeat } from './seat.ts';
import { Taught } from './taught.ts';
import { bytes, ROLES, sentence } from './words.ts';

const coordinator = document.querySelector<HTMLMetaElement>('meta[name=coordinator]')!.content;
const seat = await takeSeat();
const name = `digits tab ${seat}`;
const digits = parseDigits(await (await fetch('/digits.csv')).text());
const judges = heldOut(digits);
const share = shareOf(digits, 2 * seat - 1); // stands for what was written on this device; the devices have the even ones
const taught = new Taught(seat);

/** One model reads, always the newest of all; another is trained by this tab. */
const reader = await Learner.create();
const learner = await Learner.create();
const untrained = { round: 0, updates: 0, accuracy: reader.accuracy(judges) };
const initial = await reader.weights();
let identity = '';

const past = new RoundHistory(coordinator, (weights) => {
  reader.load(weights);
  return reader.accuracy(judges);
});
const view = new ReaderView(
  judges,
  (image) => reader.probabilities(image),
  (digit, image) => {
    taught.add(digit, image);
    element('taught').textContent = `Taught: ${taught.count}. This tab trains on what you taught, from the next round on; it never leaves this browser.`;
    showWho();
  },
);
new RoundView(coordinator, showHistory);
new ResizeObserver(showAccuracy).observe(element('chart'));
new BroadcastChannel(name).onmessage = ({ data }) => showSent(data);
showWho();
void showHistory();

/** Takes part until the signal aborts: this is all that a participant is. */
async function join(signal: AbortSignal): Promise<void> {
  const run = runBrowserParticipant({
    url: coordinator,
    name, // each tab is another participant; without a name, one tab of this origin would take part
    signal,
    worker: () => new Worker('/engine.js', { type: 'module', name }),
    poll: { min: 100, max: 600 },
    scalar: () => examples() / 100,
    train: async (global, context) => {
      learner.load(global?.weights ?? initial);
      await learner.train(taught.with(share), context.signal);
      const weights = await learner.weights();
      showLearnt(weights);
      return weights;
    },
  });
  for await (const event of run.events()) showEvent(event);
}

let running: AbortController | undefined;
function toggle(): void {
  const button = element<HTMLButtonElement>('pause');
  if (running === undefined) {
    running = new AbortController();
    void join(running.signal);
  } else {
    running.abort();
    running = undefined;
    element('status').textContent = 'Paused. This tab keeps its place and goes on where it was.';
  }
  button.textContent = running === undefined ? 'Take part' : 'Pause';
}
element<HTMLButtonElement>('pause').onclick = toggle;
element<HTMLButtonElement>('pause').disabled = false;
toggle();

function examples(): number {
  return share.labels.length + taught.count;
}

function showWho(): void {
  element('who').textContent = `Tab ${seat}${identity}, with ${examples()} digits of its own`;
}

function showEvent(event: ParticipantEvent): void {
  const text = running === undefined ? undefined : sentence(event, examples());
  if (text !== undefined) element('status').textContent = text;
  if (event.type === 'round') {
    element('role').textContent = 'no role yet';
    element('role').dataset.round = event.round;
    identity = `, participant ${Array.from(event.participant.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')}…`;
    showWho();
  }
  if (event.type === 'selected') element('role').textContent = ROLES[event.task];
  if (event.type === 'waiting' && event.waitingFor === 'round' && element('role').textContent === 'no role yet') {
    element('role').textContent = 'done for this round'; // before the tab was opened again
    element('status').textContent = 'This tab had done its part of this round before. It goes on with the next one.';
  }
}

function showLearnt(weights: Weights): void {
  const own = percent(learner.accuracy(judges));
  drawWeights(element<HTMLCanvasElement>('learnt'), weights as Float32Array, HIDDEN);
  element('learnt-text').textContent = `what this tab learnt in its last training; alone it reads ${own}`;
}

function showSent(sent: Uint8Array): void {
  if (sent.length < 1000) return; // a message for the sum, which holds no model
  drawBytes(element<HTMLCanvasElement>('sent'), sent);
  element('sent-text').textContent = `${bytes(sent.length)}, as they were sent`;
  element('bytes').textContent = `${Array.from(sent.subarray(0, 32), (byte) => byte.toString(16).padStart(2, '0')).join(' ')} …`;
}

async function showHistory(until?: number): Promise<void> {
  await past.refresh(until).catch(() => undefined); // the coordinator is away: the participant says so
  view.refresh();
  showAccuracy();
}

function showAccuracy(): void {
  const points = [...(past.fromStart || past.rounds.length === 0 ? [untrained] : []), ...past.rounds];
  const after = points.at(-1)!;
  const change = points.length < 2 ? undefined : after.accuracy - points.at(-2)!.accuracy;
  element('after').textContent = percent(after.accuracy);
  element('change').textContent =
    change === undefined ? 'before the first round' : `${change < 0 ? '−' : '+'}${(100 * Math.abs(change)).toFixed(1)} with round ${after.round}`;
  element('change').className = change === undefined ? '' : change < 0 ? 'down' : 'up';
  drawChart(element<SVGSVGElement>('chart'), points);
  element('rounds').replaceChildren(
    ...points
      .slice(1)
      .map((point, i) => row(String(point.round), String(point.updates), percent(points[i]!.accuracy), percent(point.accuracy)))
      .reverse(),
  );
}

function row(...texts: string[]): HTMLTableRowElement {
  const made = document.createElement('tr');
  for (const text of texts) made.insertCell().textContent = text;
  return made;
}
