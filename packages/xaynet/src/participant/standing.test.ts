import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParticipantEvent } from '@xaynet/participant';
import { Progress } from '../terminal/progress.ts';
import { Standing } from './standing.ts';

const round = 'abcdef0123456789';
const event = (fields: object): ParticipantEvent => ({ round, ...fields }) as ParticipantEvent;

function made(isTTY: boolean): { standing: Standing; at: (now: number) => string } {
  let text = '';
  let time = 0;
  const now = (): number => time;
  const progress = new Progress({ isTTY, columns: 120, write: (more: string) => (text += more) }, { env: {}, now });
  const standing = new Standing(progress, now);
  return {
    standing,
    at: (moment) => {
      time = moment;
      text = '';
      standing.show();
      return text.replaceAll('\r\u001b[2K', '|');
    },
  };
}

test('on a terminal the line says what it does or waits for, and for how long', () => {
  const { standing, at } = made(true);
  assert.equal(at(5000), '');
  standing.take(event({ type: 'waiting', waitingFor: 'seeds' }));
  assert.equal(at(5500), '', 'not before it lasts');
  assert.equal(at(17_000), '|round abcdef01: waits for the updates of the others (12 s)');
  standing.take(event({ type: 'progress', task: 'sum2', done: 1, total: 4 }));
  at(18_000);
  standing.take(event({ type: 'progress', task: 'sum2', done: 2, total: 4 }));
  assert.equal(at(19_000), '|████████████············  50 %  round abcdef01: masks added up: 2 of 4 (2 s)', 'since the first mask');
  standing.take(event({ type: 'progress', task: 'sum2', done: 4, total: 4 }));
  assert.equal(at(30_000), '');
  standing.take(event({ type: 'selected', task: 'update' }));
  standing.take(event({ type: 'training' }));
  assert.equal(at(33_000), '|round abcdef01: trains (3 s)');
  standing.take(event({ type: 'sending', tag: 'update', part: 1, parts: 3, bytes: 5 }));
  assert.match(at(36_000), /sends its update message, 1 of 3 parts are there/);
  standing.close();
  assert.equal(at(99_000), '');
});

test('in a log: a computation after two seconds, a wait once when it lasts half a minute', () => {
  const { standing, at } = made(false);
  standing.take(event({ type: 'waiting', waitingFor: 'network' }));
  assert.equal(at(29_000), '');
  assert.equal(at(31_000), 'round abcdef01: waits for the coordinator to answer\n');
  assert.equal(at(99_000), '');
  standing.take(event({ type: 'progress', task: 'update', done: 1, total: 9 }));
  assert.equal(at(100_000), '');
  assert.match(at(101_500), /seeds sealed: 1 of 9\n$/);
  standing.take(event({ type: 'progress', task: 'mask', done: 2, total: 9 }));
  assert.equal(at(103_600), '');
  assert.match(at(130_000), /weights masked: 2 of 9\n$/);
  standing.close();
});
