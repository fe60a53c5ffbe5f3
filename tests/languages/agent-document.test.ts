// docs/AGENT.md: its transcripts one after another, and its client in Python, against agents of a coordinator that has finished one round.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { generateSigningKeyPair, type SigningKeyPair } from '@xaynet/core/crypto';
import { chooseRole, decodeRoundParams, type RoundParams } from '@xaynet/core/round';
import { RoundForge } from '../../bench/coordinator/messages.ts';
import { type RunningAgent, startAgent } from '../../packages/xaynet/src/agent/agent.ts';
import type { Address } from '../../packages/xaynet/src/agent/server.ts';
import { oneRound } from '../project/one-round.ts';
import { exchangesOf, matches, run } from '../project/transcripts.ts';

const document = readFileSync(new URL('../../docs/AGENT.md', import.meta.url), 'utf8');
const exchanges = exchangesOf(document);
const folder = mkdtempSync(join(tmpdir(), 'xaynet-agent-document-'));
const home = join(folder, '.xaynet');
const phase = (count: number): object => ({ count: { min: count, max: count }, time: { min: 0, max: 600 } });
const agents: RunningAgent[] = [];
let coordinator: Coordinator;

before(async () => {
  coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      pet: { sum: { prob: 0.01, ...phase(1) }, update: { prob: 1, ...phase(3) }, sum2: phase(1) },
      model: { length: 4 },
      store: { kind: 'memory' },
      log: { filter: 'error' },
    }),
  );
  await oneRound(coordinator);
  mkdirSync(join(folder, 'state'));
  // Now it wants three updates: the agents' two are taken, and the round stays as it is.
  for (const message of new RoundForge(await roundNow(), 1).sumMessages()) await fetch(`${coordinator.url}/message`, { method: 'POST', body: message.slice() });
  agents.push(await agent(join(folder, 'state'), { socket: join(folder, 'state', 'agent.sock') }));
  agents.push(await agent(home, { host: '127.0.0.1', portNumber: 0 }));
});
after(async () => {
  for (const each of agents) await each.stop();
  await coordinator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function agent(state: string, listen: Address): Promise<RunningAgent> {
  const keys = await updateKeys();
  const none = (): void => undefined;
  const given = { url: coordinator.url, keys, poll: { min: 10, max: 50 } };
  return startAgent({ run: given, folder: state, listen, origins: [], join: true, version: '1.0.0', tell: none, broken: none, end: none });
}

async function roundNow(): Promise<RoundParams> {
  return decodeRoundParams(new Uint8Array(await (await fetch(`${coordinator.url}/params`)).arrayBuffer()));
}

/** Keys that the round selects for an update. */
async function updateKeys(): Promise<SigningKeyPair> {
  const params = await roundNow();
  for (;;) {
    const keys = generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
    if (chooseRole(params, keys).role === 'update') return keys;
  }
}

test('there are transcripts', () => assert.ok(exchanges.length >= 10, `${exchanges.length}`));

for (const { line, command, expected } of exchanges) {
  test(`docs/AGENT.md, line ${line}: ${command.split('\n')[0]}`, async () => {
    const printed = await run(command, { folder, xaynet: 'false', env: { HOME: folder } });
    assert.ok(matches(expected, printed), `expected\n${expected}\nprinted\n${printed}`);
  });
}

test('docs/AGENT.md: the client in Python', async () => {
  const [, client] = /```python\n([\s\S]*?)```/.exec(document)!;
  writeFileSync(join(folder, 'client.py'), client!);
  assert.equal(await run(`'${process.env.XAYNET_PYTHON ?? 'python3'}' client.py`, { folder, xaynet: 'false', env: { HOME: folder } }), '4\n');
});
