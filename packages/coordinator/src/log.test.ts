// What may be read in a log: levels, both shapes, and above all what must never stand in it.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createLogger, type Logger, type LogLevel, SILENT_LOGGER } from './log.ts';

function logging(level: LogLevel, options: { readable?: boolean; isTTY?: boolean } = {}): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const { isTTY, ...rest } = options;
  return { logger: createLogger({ level, output: { write: (line) => lines.push(line), isTTY }, ...rest }), lines };
}

it('writes one JSON object a line where nobody watches', () => {
  const { logger, lines } = logging('info');
  logger.info({ round: 3, bytes: 12n }, 'round begins');
  assert.equal(lines.length, 1);
  const { time, ...entry } = JSON.parse(lines[0]!) as Record<string, unknown>;
  assert.deepEqual(entry, { level: 30, round: 3, bytes: '12', msg: 'round begins' });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

it('writes readable lines on a terminal, on which nothing but colour is an escape', () => {
  const { logger, lines } = logging('info', { isTTY: true });
  logger.warn({ code: 'x\u001b[2J\n', list: [1, 2] }, 'odd \u0007 message\nsecond line');
  const plain = stripVTControlCharacters(lines[0]!);
  assert.match(plain, /^\d\d:\d\d:\d\d\.\d{3} warn {2}odd \\x07 message\\x0asecond line code=x\\x1b\[2J\\x0a list=\[1,2\]\n$/);
});

it('readable lines: fields below each other, those of objects by names with a dot', () => {
  const { logger, lines } = logging('info', { readable: true });
  logger.info({ round: 1, masking: { kernel: 'wasm', more: { x: [1] } } }, 'coordinator listens');
  logger.info({ round: 2 }, 'phase begins');
  logger.info({}, 'bare');
  assert.deepEqual(
    lines.map((line) => line.slice(13)),
    ['info  coordinator listens          round=1 masking.kernel=wasm masking.more.x=[1]\n', 'info  phase begins                 round=2\n', 'info  bare\n'],
  );
});

it('writes what its level admits, a child what its own does', () => {
  for (const [level, expected] of [
    ['debug', 'diwe'],
    ['info', 'iwe'],
    ['warn', 'we'],
    ['error', 'e'],
    ['silent', ''],
  ] as const) {
    const { logger, lines } = logging(level);
    for (const [name, message] of [
      ['debug', 'd'],
      ['info', 'i'],
      ['warn', 'w'],
      ['error', 'e'],
    ] as const)
      logger[name]({}, message);
    assert.equal(lines.map((line) => JSON.parse(line).msg).join(''), expected, level);
  }
  const { logger, lines } = logging('debug');
  const child = logger.child({ part: 'http' }, 'warn');
  child.info({}, 'not this');
  child.warn({}, 'this');
  assert.deepEqual(
    lines.map((line) => [JSON.parse(line).part, JSON.parse(line).msg]),
    [['http', 'this']],
  );
  SILENT_LOGGER.child({}).error({}, 'nowhere');
});

it('takes another level at any time, for its children too unless they have their own', () => {
  const { logger, lines } = logging('warn');
  const [child, own] = [logger.child({ part: 'a' }), logger.child({ part: 'b' }, 'info')];
  child.info({}, 'not yet');
  logger.level = 'debug';
  assert.deepEqual([logger.level, child.level, own.level], ['debug', 'debug', 'info']);
  child.child({}).debug({}, 'now');
  own.debug({}, 'not this');
  logger.level = 'silent';
  logger.error({}, 'nor this');
  own.level = 'error';
  own.warn({}, 'nor this');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ['now'],
  );
});

it('never shows secrets, bytes or whole keys; addresses at debug and in warnings', () => {
  const key = new Uint8Array(32).fill(0xab);
  const fields = {
    participant: key,
    pk: key,
    remote: '10.0.0.9',
    secretKey: 'HUSH',
    keys: { secret_access_key: 'HUSH', seed: key, publicKey: key },
    body: key,
    list: [key],
    redisPassword: 'HUSH',
    seeds: 12,
  };
  const { logger, lines } = logging('debug');
  logger.info(fields, 'at info');
  logger.debug(fields, 'at debug');
  logger.child(fields).error({}, 'from a child');
  for (const line of lines) assert.doesNotMatch(line, /HUSH|171/);
  const [info, debug, child] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const entry of [info!, debug!, child!]) {
    assert.ok(!JSON.stringify(entry).includes('ab'.repeat(5)));
    assert.deepEqual([entry.participant, entry.pk], ['abababab', 'abababab']);
  }
  for (const entry of [info!, child!]) assert.ok(!JSON.stringify(entry).includes('10.0.0.9'));
  logger.warn(fields, 'somebody to act upon');
  assert.equal((JSON.parse(lines.at(-1)!) as { remote: string }).remote, '10.0.0.9');
  assert.deepEqual([debug!.remote, debug!.body, debug!.list, debug!.secretKey, debug!.seeds], ['10.0.0.9', '(32 bytes)', ['(32 bytes)'], '(hidden)', 12]);
});

it('shows an error by code and message, its stack at debug only, and is not upset by odd fields', () => {
  const { logger, lines } = logging('debug', { readable: true });
  const circle: Record<string, unknown> = { time: 5, level: 'x', msg: 7 };
  circle.self = circle;
  logger.error({ error: Object.assign(new Error('disk full'), { code: 'ENOSPC' }) }, 'not stored');
  logger.debug({ error: new Error('traced') }, 'why');
  logger.info(circle, 'odd');
  assert.match(lines[0]!, /error not stored +error\.code=ENOSPC error\.message=disk full\n$/);
  assert.match(lines[1]!, /log\.test/);
  assert.match(lines[2]!, /odd/);
});

it('every name stands once in an entry, also when a field is called as what the entry has itself', () => {
  const { logger, lines } = logging('info');
  logger.info({ time: { min: 1, max: 2 }, level: 'x', msg: 7, round: 1 }, 'odd');
  logger.child({ time: 5 }).info({}, 'odd');
  for (const line of lines) for (const name of ['time', 'level', 'msg']) assert.equal(line.split(`"${name}":`).length, 2, line);
  const [{ level, msg, ...fields }, child] = lines.map((line) => JSON.parse(line)) as [Record<string, unknown>, Record<string, unknown>];
  assert.deepEqual([level, msg, fields.time_, fields.level_, fields.msg_, fields.round, child.time_], [30, 'odd', { min: 1, max: 2 }, 'x', 7, 1, 5]);
  const readable = logging('info', { readable: true });
  readable.logger.info({ time: { min: 1 } }, 'phase begins');
  assert.match(readable.lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} info /);
});

it('holds a bounded number of lines for a reader that hangs, and says how many were lost when it reads on (W-15)', () => {
  const lines: string[] = [];
  const output = { write: (line: string) => void lines.push(line), writableLength: 0 };
  const logger = createLogger({ level: 'info', output });
  logger.info({}, 'read');
  output.writableLength = 2 ** 20;
  for (let i = 0; i < 1000; i++) logger.info({}, 'lost');
  assert.equal(lines.length, 1);
  output.writableLength = 2 ** 20 - 1;
  logger.info({}, 'read again');
  logger.info({}, 'and again');
  const entries = lines.map((line) => JSON.parse(line) as { msg: string; lost?: number });
  assert.deepEqual(
    entries.map(({ msg, lost }) => lost ?? msg),
    ['read', 1000, 'read again', 'and again'],
  );
});
