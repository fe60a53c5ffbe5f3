import assert from 'node:assert/strict';
import { test } from 'node:test';
import { troubles } from './trouble.ts';

const LEASE = 1000;

test('the same seed gives the same troubles; no kills, none', () => {
  assert.deepEqual(troubles(7, 3, 5, LEASE), troubles(7, 3, 5, LEASE));
  assert.notDeepEqual(troubles(7, 3, 5, LEASE), troubles(8, 3, 5, LEASE));
  assert.deepEqual(troubles(7, 3, 0, LEASE), []);
});

test('in thirty rounds of four kills every kind of trouble comes, to leaders and others, pauses beyond the lease among them', () => {
  const all = Array.from({ length: 30 }, (_, round) => troubles(1, round, 4, LEASE)).flat();
  const kinds = new Set(all.map(({ trouble }) => ('role' in trouble ? `${trouble.kind} ${trouble.role}` : `${trouble.kind} ${trouble.act}`)));
  for (const kind of ['kill', 'terminate', 'pause', 'line', 'lose'])
    for (const role of ['leader', 'follower']) assert.ok(kinds.has(`${kind} ${role}`), `${kind} ${role}`);
  assert.ok(kinds.has('redis kill') && kinds.has('redis pause'));
  assert.equal(all.filter(({ trouble }) => trouble.kind === 'kill').length, 120);
  assert.ok(all.filter(({ trouble }) => trouble.kind === 'pause' && trouble.for > 1.2 * LEASE).length >= 15);
});
