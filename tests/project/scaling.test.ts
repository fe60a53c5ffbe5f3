// docs/SCALING.md says what the script makes of the measurements, and the script's arithmetic is what the page says that it is.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { BAR, coordinationIn, type Measured } from '../../bench/fleet/report.ts';
import { DEPLOYMENTS, estimate, readMeasured, SUPPOSED, scalingText, withTables } from '../../bench/fleet/scaling.ts';

const document = readFileSync(new URL('../../docs/SCALING.md', import.meta.url), 'utf8');
const measured = readMeasured();

test('the tables of docs/SCALING.md are what the script makes of bench/fleet/measured.json', () => {
  assert.equal(withTables(document, measured), document, 'npm run scaling -- --write');
  assert.doesNotMatch(scalingText(measured), /NaN|undefined|Infinity/);
});

test('a measurement that changes changes the tables', () => {
  const slower: Measured = { ...measured, rounds: measured.rounds.map((round) => ({ ...round, cpu: 2 * round.cpu })) };
  assert.notEqual(withTables(document, slower), document);
});

test('what the page says in words holds in the measurements: at most one script that judges for an update, and one that looks or peeks, whatever the length', () => {
  const fleets = measured.rounds.filter(({ redis }) => redis !== undefined);
  assert.ok(fleets.length >= 6);
  for (const { redis, counted, seconds, coordinators, length } of fleets) {
    const what = `${length} weights, ${coordinators} processes`;
    assert.equal(redis!.verdicts, counted, what);
    assert.ok(redis!.judging <= counted, `${what}: ${redis!.judging} scripts that judge`);
    // Members also look by themselves, every 15th of a lease of three seconds, and store a sum now and then.
    const own = 1.5 * coordinators * (seconds / (3 / 15) + 2) + counted / 8;
    const others = redis!.scripts - redis!.judging;
    assert.ok(others <= counted + own, `${what}: ${others} looks, peeks and sums, ${own} of them by themselves`);
  }
});

test('the bar: coordination is less than 5 % of the cost of one process with models of 10⁵ weights or more', () => {
  const { rounds, coordination } = measured;
  let compared = 0;
  for (const round of rounds.filter(({ redis, length }) => redis !== undefined && length >= 100_000)) {
    const alone = rounds.find(({ length, coordinators }) => length === round.length && coordinators === 0)!;
    const result = coordination.find(({ members, sums }) => members === round.coordinators && sums === 1)!;
    const { member, redis } = coordinationIn(round, result);
    assert.ok(member + redis < BAR * (alone.cpu / alone.counted), `${round.length} weights, ${round.coordinators} members: ${member + redis} s`);
    compared++;
  }
  assert.ok(compared >= 6);
});

test('the arithmetic: proportions that can be done in the head', () => {
  const one = estimate(measured, SUPPOSED);
  const twice = estimate(measured, { ...SUPPOSED, updates: 2 * SUPPOSED.updates });
  const near = (found: number, expected: number, what: string): void => assert.ok(Math.abs(found / expected - 1) < 1e-9, `${what}: ${found}, not ${expected}`);
  near(one.message, 7 * SUPPOSED.weights + 112 * SUPPOSED.sums, 'bytes of a message');
  near(one.uploaded, SUPPOSED.updates * one.message, 'bytes up');
  near(one.rowBytes, 8 + 128 * SUPPOSED.updates, 'a row of seeds');
  near(one.derive, (SUPPOSED.updates * SUPPOSED.weights * measured.participant.derive) / SUPPOSED.threads, 'derivation');
  near(one.storageRequestsPerUpdate > 1 ? Math.ceil((7 * SUPPOSED.weights) / 2 ** 24) : 1, 11, 'parts of an object');
  near(one.pollsHeld, SUPPOSED.edges / SUPPOSED.held, 'polls behind a CDN');
  for (const name of ['uploaded', 'uploadRate', 'redisCpu', 'redisMemory', 'derive', 'open'] as const) near(twice[name], 2 * one[name], name);
  for (const name of ['cpuPerUpdate', 'coordination', 'message', 'modelBytes', 'floatBytes', 'participantCpu', 'unmasking'] as const)
    near(twice[name], one[name], name);
  assert.deepEqual(
    twice.breaks.map(({ what, updates }) => [what, Math.round(updates)]),
    one.breaks.map(({ what, updates }) => [what, Math.round(updates)]),
    'what breaks does not depend on what is asked for',
  );
});

test('what is measured is what is said at lengths that were measured', () => {
  const fleets = measured.rounds.filter(({ blobs }) => blobs === 's3');
  const length = Math.max(...fleets.map((round) => round.length));
  const fleet = fleets.filter((round) => round.length === length).sort((x, y) => y.coordinators - x.coordinators)[0]!;
  const { cpuPerUpdate } = estimate(measured, { ...SUPPOSED, weights: length, sums: 1 });
  assert.ok(Math.abs(cpuPerUpdate - fleet.cpu / fleet.counted) < 1e-9);
});

test('with 25 million weights the first thing that breaks is with the sum participants', () => {
  const long = Object.values(DEPLOYMENTS).filter(({ weights }) => weights === 25e6);
  assert.equal(long.length, 2);
  for (const deployment of long) assert.match(estimate(measured, deployment).breaks[0]!.what, /^a sum participant derives/);
});
