// The private histogram of examples/statistics against the true one of those who were counted, which the test knows from the
// coordinator's events; and its one command, as its README says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, loadSettings, parseSettings } from '@xaynet/coordinator';
import { toHex } from '@xaynet/core/bytes';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import { runParticipant } from '@xaynet/participant';
import { contribute, histogram } from '../../examples/statistics/histogram.ts';

const folder = fileURLToPath(new URL('../../examples/statistics/', import.meta.url));
const BUCKETS = 8;

test('statistics: the histogram of every round is that of the people counted in it, and nobody is counted twice', async ({ signal }) => {
  const settings = loadSettings(`${folder}coordinator.toml`, {
    XAYNET__PET__SUM__PROB: '0.35', // so many help in the first round that enough are left to answer in the second
    XAYNET__PET__SUM__COUNT__MIN: '1',
    XAYNET__PET__SUM__TIME__MIN: '0.5',
    XAYNET__PET__UPDATE__COUNT__MIN: '3',
    XAYNET__PET__UPDATE__TIME__MIN: '0.8',
  });
  const coordinator = await Coordinator.start(settings);
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort());
  setMaxListeners(0, stop.signal);
  const answers = new Map<string, number>();
  for (let i = 0; i < 30; i++) {
    const keys = generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
    answers.set(toHex(keys.publicKey), (i * i) % BUCKETS);
    void contribute(coordinator.url, (i * i) % BUCKETS, { keys, minUpdates: 3, signal: stop.signal, poll: { min: 20, max: 100 } });
  }
  try {
    const counted = new Set<string>();
    let ofRound: string[] = [];
    let rounds = 0;
    for await (const event of coordinator.events({ signal: stop.signal })) {
      if (event.type === 'round') ofRound = [];
      if (event.type === 'accepted' && event.tag === 'update') ofRound.push(toHex(event.participant));
      if (event.type !== 'model') continue;
      const truth = Array.from({ length: BUCKETS }, (_, bucket) => ofRound.filter((key) => answers.get(key) === bucket).length);
      const record = await (await fetch(`${coordinator.url}/rounds/${event.round}`)).json();
      assert.deepEqual(await histogram(coordinator.url, record), truth);
      assert.equal(record.updates, ofRound.length);
      for (const key of ofRound) {
        assert.ok(!counted.has(key), 'counted in two rounds');
        counted.add(key);
      }
      if (++rounds === 2) break;
    }
    assert.equal(rounds, 2, 'two rounds in time');
    assert.ok(counted.size >= 6, `${counted.size} of 30 in two rounds`);
  } finally {
    stop.abort();
    await coordinator.stop();
  }
});

test('statistics: who claims five of an answer adds one', async ({ signal }) => {
  const { mask } = loadSettings(`${folder}coordinator.toml`, {});
  const coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      pet: {
        sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.5, max: 5 } },
        update: { prob: 1, count: { min: 3 }, time: { min: 0.5, max: 5 } },
        sum2: { count: { min: 1, max: 50 }, time: { min: 0.1, max: 5 } },
      },
      mask: { group_type: mask.group, data_type: mask.data, bound_type: mask.bound, model_type: mask.model },
      model: { length: BUCKETS },
      store: { kind: 'memory' },
      log: { filter: 'error' },
    }),
  );
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort());
  setMaxListeners(0, stop.signal);
  for (let i = 0; i < 12; i++) {
    runParticipant({ url: coordinator.url, signal: stop.signal, poll: { min: 20, max: 100 }, train: () => Int32Array.of(5, -5, 1, 0, 0, 0, 0, 0) });
  }
  try {
    for await (const event of coordinator.events({ signal: stop.signal })) {
      if (event.type !== 'model') continue;
      const record = await (await fetch(`${coordinator.url}/rounds/${event.round}`)).json();
      const { updates } = record;
      assert.deepEqual(await histogram(coordinator.url, record), [updates, -updates, updates, 0, 0, 0, 0, 0]);
      break;
    }
  } finally {
    stop.abort();
    await coordinator.stop();
  }
});

test('statistics: its command prints rounds whose histograms are exact, says how many were counted, and ends', async ({ signal }) => {
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', `${folder}start.ts`, '--people', '60'], {
    env: { ...process.env, NODE_OPTIONS: '', XAYNET__PET__SUM__TIME__MIN: '0.7', XAYNET__PET__UPDATE__TIME__MIN: '0.9' },
  });
  signal.addEventListener('abort', () => child.kill());
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, output);
  assert.match(
    output,
    /^round \d+: \d\d answers, added up behind their masks by \d+ of the others\n( {2} *\S.*\n){8} {2}the true histogram of these people is the same, exactly$/m,
  );
  const [, counted, left] = output.match(/of 60 people (\d+) were counted, (\d+) were not/) ?? [];
  // Usually all but a dozen. On a busy machine a round may end before ten have come, and then it is the last.
  assert.ok(Number(counted) >= 10 && Number(counted) + Number(left) === 60, output);
  assert.doesNotMatch(output, /another/);
});
