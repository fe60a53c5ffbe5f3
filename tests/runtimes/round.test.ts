// One round after another against a real coordinator, with one participant of each engine and one Python script in each (by default without the
// engines that need long; which ones is printed, and CI leaves out none): everybody's role is drawn as ever. Models are one-hot, so the mean
// itself says who was counted: all who were selected for update, and nobody else; who was selected for sum delivered sum and sum2, or there would
// be no mean. It goes on until everybody has had both roles. The coordinator's clock goes by leaps: a phase ends when all are ready, so a slow
// machine only takes longer.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { toBase64, toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { encodeRoundParams } from '@xaynet/core/round';
import { ENGINES, type Engine } from './engines.ts';
import { thorough } from './left-out.ts';
import { LeapingClock } from './round/clock.ts';
import { counted } from './round/one-hot.ts';
import { type Player, playEngine, playHermes, playPython, type Seat, type Told } from './round/players.ts';

const LENGTH = 1000;
const ROUNDS = 30;
const QUICKJS_MB = 16;

const python = [process.env.XAYNET_PYTHON, 'python3', '/usr/bin/python3'].find(
  (path) => path && spawnSync(path, ['-c', 'import numpy'], { stdio: 'ignore' }).status === 0,
);
const PYTHON_HOW = 'install Python 3 with numpy (Debian: apt-get install python3-numpy) or set XAYNET_PYTHON to a Python that has it';

/** What is known of a participant. */
interface Member {
  readonly name: string;
  key: string | undefined;
  /** Role by round. */
  readonly roles: Map<string, string>;
  readonly means: string[];
  readonly errors: string[];
}

/** Interpreters need seconds of CPU a round, and pages have a suite of their own. */
const SPARED: readonly string[] = ['Chromium', 'Hermes', 'QuickJS'];
const seated = ENGINES.filter(({ name }) => thorough || !SPARED.includes(name));
if (!thorough) console.log(`  ${SPARED.join(', ')} LEFT OUT of the round of all engines: in CI and with XAYNET_RUNTIMES=all`);

const missing = [
  ...seated.filter((engine) => engine.find() === undefined).map(({ name, how }) => `${name}: ${how}`),
  ...(python ? [] : [`Python: ${PYTHON_HOW}`]),
];
const skip = missing.length > 0 && process.env.CI !== 'true' && `to have all: ${missing.join('; ')}`;
if (skip) console.log(`  the round of all engines LEFT OUT, ${skip}`);

function start(engine: Engine, seat: Seat): Promise<Player> {
  if (engine.name === 'Hermes') return playHermes(seat);
  const lines = engine.name === 'QuickJS' || engine.name === 'JavaScriptCore';
  return playEngine(engine, lines ? 'lines' : 'fetch', seat, engine.name === 'QuickJS' ? QUICKJS_MB : undefined);
}

test('whole rounds with a participant of each engine and a Python script in each of them', { skip, timeout: 240_000 }, async () => {
  assert.deepEqual(missing, []);
  const clock = new LeapingClock();
  const window = { min: 1000, max: 2000 };
  const settings = parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: { prob: 0.45, count: { min: 1, max: 50 }, time: window },
      update: { prob: 1, count: { min: 3, max: 50 }, time: window },
      sum2: { count: { min: 1, max: 50 }, time: window },
    },
    model: { length: LENGTH },
    store: { kind: 'memory' },
    log: { filter: 'error' },
  });
  const coordinator = await Coordinator.start(settings, { clock });
  const members: Member[] = [...seated.map(({ name }) => name), 'Python'].map((name) => ({ name, key: undefined, roles: new Map(), means: [], errors: [] }));
  const began = Date.now();

  let round = '';
  let phase = '';
  let leapt = '';
  let accepted = new Map<string, Set<string>>();
  const rounds: string[] = [];
  const problems: string[] = [];
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const withRole = (role: string): Member[] => members.filter(({ roles }) => roles.get(round) === role);
  const complete = (): boolean =>
    ['sum', 'update'].every((role) => members.every(({ roles }) => [...roles].some(([of, is]) => rounds.includes(of) && is === role)));

  /** Ends the phase when everybody is ready. */
  function look(): void {
    if (!['sum', 'update', 'sum2'].includes(phase) || leapt === `${round} ${phase}`) return;
    if (members.some(({ roles }) => !roles.has(round))) return;
    const wanted = withRole(phase === 'update' ? 'update' : 'sum');
    const done = accepted.get(phase);
    if (!wanted.every(({ key }) => done?.has(key!))) return;
    leapt = `${round} ${phase}`;
    setImmediate(() => clock.leap(1000 * (window.min + 100)));
    // A round that chance left without a sum participant, or with fewer than three updates, ends by its time, whose second half begins with
    // the end of the first, whenever that was noticed.
    if (wanted.length < (phase === 'update' ? 3 : 1)) setTimeout(() => clock.leap(1000 * (window.max + 100)), 200);
  }

  const listening = (async () => {
    for await (const event of coordinator.events()) {
      if (event.type === 'round') {
        round = toHex(sha256(encodeRoundParams(event.params)));
        accepted = new Map();
      } else if (event.type === 'phase') phase = event.phase;
      else if (event.type === 'accepted') accepted.set(event.tag, (accepted.get(event.tag) ?? new Set()).add(toBase64(event.participant)));
      else if (event.type === 'rejected' || event.type === 'refused') problems.push(`${event.type} in ${event.phase}: ${event.code}`);
      else if (event.type === 'model') {
        rounds.push(round);
        const weights = event.model.toWeights('F32') as Float32Array;
        const updates = withRole('update').map((member) => members.indexOf(member));
        const share = 1 / updates.length;
        if (counted(weights).join() !== updates.join()) problems.push(`the mean counts ${counted(weights)}, selected for update were ${updates}`);
        for (const i of updates) if (Math.abs(weights[i]! - share) > 1e-6) problems.push(`weight ${i} is ${weights[i]}, not ${share}`);
        const names = (role: string): string =>
          withRole(role)
            .map(({ name }) => name)
            .join(', ');
        console.log(`  round ${rounds.length}, ${((Date.now() - began) / 1000).toFixed(0)} s: update ${names('update')}; sum ${names('sum')}`);
        if (problems.length > 0 || complete() || rounds.length === ROUNDS) finish();
      }
      look();
    }
  })();

  const tell =
    (member: Member) =>
    (told: Told): void => {
      if (process.env.XAYNET_ROUND_LOG) appendFileSync(process.env.XAYNET_ROUND_LOG, `${member.name} ${JSON.stringify(told)}\n`);
      if (told.type === 'round') member.key = told.participant;
      else if (told.type === 'selected') member.roles.set(told.round, told.task);
      else if (told.type === 'model') member.means.push(told.counted.join());
      else if (told.type === 'refused') problems.push(`${member.name}: ${told.tag} refused: ${told.code}`);
      else if (told.type === 'error') {
        member.errors.push(`${told.code}: ${told.message}`);
        if (['ended', 'output', 'broken', 'script'].includes(told.code)) problems.push(`${member.name}: ${told.message}`);
      }
      look();
      if (problems.length > 0) finish();
    };
  const players: Player[] = [];
  const stuck: unknown[] = [];
  try {
    for (const [index, member] of members.entries()) {
      const seat: Seat = { url: coordinator.url, index, tell: tell(member) };
      players.push(index < seated.length ? await start(seated[index]!, seat) : playPython(python!, seat));
    }
    await finished;
    assert.deepEqual(problems, []);
    assert.ok(complete(), `after ${rounds.length} rounds: ${members.map(({ name, roles }) => `${name} ${[...roles.values()]}`).join('; ')}`);
    // Every engine fetched a mean and saw in it what the coordinator published (the command reads it for its script).
    for (const { name, means, errors } of members) {
      assert.ok(name === 'Python' || means.some((mean) => mean !== ''), `${name} saw no mean`);
      assert.deepEqual(errors, [], name);
    }
  } finally {
    const stopped = await Promise.allSettled(players.map((player) => player.stop()));
    await coordinator.stop();
    await listening;
    stuck.push(...stopped.filter(({ status }) => status === 'rejected'));
  }
  assert.deepEqual(stuck, []);
});
