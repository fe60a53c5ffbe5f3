import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventQueue } from './event-queue.ts';
import { Timeline } from './timeline.ts';

const stuck = (): void => {};

test('what is planned comes by time, then in the order of planning, unless it is called off', () => {
  const queue = new EventQueue();
  const ran: string[] = [];
  const times = [5, 3, 9, 3, 1, 7, 3, 8, 2];
  const planned = times.map((at, i) => queue.add(at, () => ran.push(`${at}.${i}`), false));
  planned[1]!.off = true;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) next.run();
  assert.deepEqual(ran, ['1.4', '2.8', '3.3', '3.6', '5.0', '7.5', '8.7', '9.2']);
  assert.equal(queue.first, undefined);
});

test('virtual time stands still while somebody works and jumps over an hour in no time', async () => {
  const log: string[] = [];
  const begun = performance.now();
  await new Promise<void>((resolve) => {
    const timeline = new Timeline({ virtual: true, atOnce: 2, onStuck: resolve });
    for (const name of ['a', 'b', 'c']) {
      timeline.add(async () => {
        log.push(`${name} ${timeline.now}`);
        await new Promise((later) => setTimeout(later, 3)); // real work: it takes no virtual time
        log.push(`${name} works`);
        await timeline.sleep(3_600_000 + (name === 'b' ? 50 : 0));
        log.push(`${name} ${timeline.now}`);
      });
    }
    timeline.begin(() => true);
  });
  assert.ok(performance.now() - begun < 60_000);
  assert.deepEqual(log.slice(0, 2), ['a 0', 'b 0'], 'two at once');
  assert.deepEqual([...log].sort(), ['a 0', 'a 3600000', 'a works', 'b 0', 'b 3600100', 'b works', 'c 0', 'c 3600000', 'c works']);
  assert.equal(log.at(-1), 'b 3600100');
});

test('time does not go on before the coordinator is settled, and its deadlines happen alone', async () => {
  const log: string[] = [];
  let busy = 0;
  await new Promise<void>((resolve) => {
    const timeline = new Timeline({ virtual: true, atOnce: 4, onStuck: resolve });
    timeline.coordinatorClock.setTimer(1000, () => {
      log.push(`deadline ${timeline.now}`);
      busy = 3;
    });
    const cancel = timeline.coordinatorClock.setTimer(1000, () => log.push('never'));
    timeline.add(async () => {
      cancel();
      await timeline.sleep(1000);
      log.push(`actor ${timeline.now}, the coordinator is ${busy === 0 ? 'settled' : 'at work'}`);
    });
    timeline.begin(() => busy === 0 || busy-- === 0);
  });
  assert.deepEqual(log, ['deadline 1000', 'actor 1000, the coordinator is settled']);
});

test('news wake those who wait for them, a round everybody, and news from before one waits are not missed', async () => {
  const log: string[] = [];
  await new Promise<void>((resolve) => {
    const timeline = new Timeline({ virtual: true, atOnce: 4, onStuck: resolve });
    const wait = (name: string, topic: 'round' | 'sums' | 'seeds', delay: number): void =>
      timeline.add(async () => {
        await timeline.untilNews(topic, timeline.latest, delay);
        log.push(`${name} ${timeline.now}`);
      });
    wait('s', 'sums', 300);
    wait('r', 'round', 200);
    wait('e', 'seeds', 100);
    timeline.add(async () => {
      const known = timeline.latest;
      timeline.tell('sums');
      await timeline.untilNews('sums', known, 700);
      log.push(`late ${timeline.now}`);
      timeline.tell('round');
    });
    timeline.begin(() => true);
  });
  assert.deepEqual(log, ['s 300', 'late 700', 'e 800', 'r 900']);
});

test('in real time an actor sleeps really, and the end waits for who works', async () => {
  const timeline = new Timeline({ virtual: false, atOnce: 1, onStuck: stuck });
  const log: string[] = [];
  await new Promise<void>((resolve) => {
    timeline.add(async () => {
      await timeline.sleep(20);
      log.push(timeline.now >= 20 ? 'slept' : `woken at ${timeline.now}`);
      resolve();
      await new Promise((later) => setTimeout(later, 5));
      log.push('worked');
      await timeline.sleep(1);
      log.push('never');
    });
    timeline.begin(() => true);
  });
  await timeline.end();
  await new Promise((later) => setTimeout(later, 10));
  assert.deepEqual(log, ['slept', 'worked']);
});
