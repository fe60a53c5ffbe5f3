// The example in one command: a coordinator, and a hundred people who each answer one question. It prints the histogram of each
// round and of all, and holds it against the true one, which only a program that plays all people at once can know.
import { setMaxListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Coordinator, loadSettings } from '@xaynet/coordinator';
import { toHex } from '@xaynet/core/bytes';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import { contribute, histogram } from './histogram.ts';

const QUESTION = 'On how many nights of the last week did you sleep badly?';
const ANSWERS = ['none', '1', '2', '3', '4', '5', '6', 'all 7'];

const { values } = parseArgs({ options: { people: { type: 'string', default: '100' } } });
const people = Number(values.people);
if (!Number.isInteger(people) || people < 15 || people > 900) {
  console.error(`start: --people takes a number from 15 to 900, ${values.people} given`);
  process.exit(2);
}

const stop = new AbortController();
setMaxListeners(0, stop.signal);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

const settings = loadSettings(fileURLToPath(new URL('coordinator.toml', import.meta.url)), process.env);
const coordinator = await Coordinator.start(settings);
console.log(`${people} people, ${settings.pet.update.count.min} at least in a sum: ${QUESTION}\n`);

/** What each person would say: few sleep badly every night. Known to this program only because it plays all of them. */
const answers = new Map<string, number>();
for (let i = 0; i < people; i++) {
  const keys = generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
  const answer = Math.floor(ANSWERS.length * ((i * 0.618034) % 1) ** 1.8);
  answers.set(toHex(keys.publicKey), answer);
  void contribute(coordinator.url, answer, { keys, signal: stop.signal, poll: { min: 50, max: 400 } });
}

const total = ANSWERS.map(() => 0);
let truth = ANSWERS.map(() => 0);
let exact = true;
for await (const event of coordinator.events({ signal: stop.signal })) {
  if (event.type === 'round') truth = ANSWERS.map(() => 0);
  if (event.type === 'accepted' && event.tag === 'update') truth[answers.get(toHex(event.participant))!]! += 1;
  if (event.type === 'failure') {
    console.log(`round ${event.round}: ${event.message}`);
    if (event.phase === 'update' && sum(total) > 0) break; // who has not answered by now is too few
  }
  if (event.type !== 'model') continue;
  const record = await (await fetch(`${coordinator.url}/rounds/${event.round}`)).json();
  const counts = await histogram(coordinator.url, record);
  exact &&= counts.every((count, i) => count === truth[i]);
  for (const [i, count] of counts.entries()) total[i]! += count;
  console.log(`round ${record.round}: ${record.updates} answers, added up behind their masks by ${record.masks} of the others`);
  for (const [i, label] of ANSWERS.entries()) console.log(`  ${label.padStart(5)}  ${'█'.repeat(counts[i]!)} ${counts[i]}`);
  console.log(`  the true histogram of these people is ${exact ? 'the same, exactly' : `another: ${truth.join(' ')}`}\n`);
  if (people - sum(total) < settings.pet.update.count.min) break;
}
const counted = sum(total);
if (!stop.signal.aborted) {
  console.log(`of ${people} people ${counted} were counted, ${people - counted} were not: so few are never added up, to hide each among enough others`);
  console.log(`  ${ANSWERS.map((label, i) => `${label}: ${total[i]}`).join(', ')}`);
}
stop.abort();
await coordinator.stop();
process.exitCode = exact ? 0 : 1;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
