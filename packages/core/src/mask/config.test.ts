import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Reader } from '../bytes/reader.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { MASK_CONFIGS, maskConfig, parseMaskConfig, readMaskConfig, readMaskConfigIndices, writeMaskConfig, writeMaskConfigIndices } from './config.ts';

const table = JSON.parse(readFileSync(new URL('../../../../vectors/group-orders.json', import.meta.url), 'utf8'));

test('the catalogue is the table of vectors/group-orders.json, number by number', () => {
  assert.equal(MASK_CONFIGS.length, 240);
  assert.equal(new Set(MASK_CONFIGS).size, 240);
  for (const record of table.configs) {
    const config = maskConfig(record.group, record.data, record.bound, record.model);
    assert.equal(config.order, BigInt(record.order), record.wire);
    assert.equal(config.bytesPerNumber, record.bytes_per_number, record.wire);
    assert.equal(config.prngBytes, record.prng_bytes, record.wire);
    assert.equal(config.addShift, BigInt(record.add_shift), record.wire);
    assert.equal(config.expShift, 10n ** BigInt(record.exp_shift_log10), record.wire);
    assert.equal(config.maxModels, { M3: 1e3, M6: 1e6, M9: 1e9, M12: 1e12 }[config.model], record.wire);
    const writer = new Writer(4);
    writeMaskConfig(writer, config);
    assert.equal(toHex(writer.finish()), record.wire);
    assert.equal(readMaskConfig(new Reader(fromHex(record.wire), 'test')), config);
  }
});

test('there is one object for each configuration, by every way to it, and nobody can change it', () => {
  for (const config of MASK_CONFIGS) {
    assert.equal(maskConfig(config.group, config.data, config.bound, config.model), config);
    assert.equal(parseMaskConfig(config.name), config);
    assert.ok(Object.isFrozen(config));
    const writer = new Writer(16);
    writeMaskConfigIndices(writer, config);
    assert.equal(readMaskConfigIndices(new Reader(writer.finish(), 'test')), config);
  }
  assert.ok(Object.isFrozen(MASK_CONFIGS));
});

test('wire ids and REST indices differ (wire 3.1, A.3)', () => {
  const config = maskConfig('Prime', 'F64', 'Bmax', 'M9');
  const wire = new Writer(4);
  writeMaskConfig(wire, config);
  assert.equal(toHex(wire.finish()), '0101ff09');
  const rest = new Writer(16);
  writeMaskConfigIndices(rest, maskConfig('Power2', 'I64', 'Bmax', 'M12'));
  assert.equal(toHex(rest.finish()), '02000000030000000400000003000000'); // participant A.2
});

test('exactly nine configurations draw more bytes than they store (wire 3.6)', () => {
  const traps = MASK_CONFIGS.filter((config) => config.prngBytes !== config.bytesPerNumber);
  assert.deepEqual(
    traps.map((config) => [config.name, config.bytesPerNumber, config.prngBytes]),
    [
      ['Power2/F32/B4/M12', 11, 12],
      ['Power2/F64/B0/M6', 11, 12],
      ['Power2/F64/B2/M9', 13, 14],
      ['Power2/F64/B6/M12', 16, 17],
      ['Power2/F64/Bmax/M3', 264, 265],
      ['Power2/I32/B4/M12', 11, 12],
      ['Power2/I32/Bmax/M9', 12, 13],
      ['Power2/I64/B4/M12', 11, 12],
      ['Power2/I64/Bmax/M9', 16, 17],
    ],
  );
  for (const { order, bytesPerNumber } of traps) assert.equal(order, 256n ** BigInt(bytesPerNumber));
});

test('unknown ids, indices and names are refused, each field on its own', () => {
  for (const hex of ['03000003', '00040003', '00000103', '00000303', '0000fe03', '00000004', '00000000', '000000ff']) {
    assert.throws(() => readMaskConfig(new Reader(fromHex(hex), 'test')), { code: 'decode-config' }, hex);
  }
  for (let field = 0; field < 4; field++) {
    for (const [index, known] of [
      [[3, 4, 5, 4][field]!, false],
      [[2, 3, 4, 3][field]!, true],
      [255, false],
      [0xffff_ffff, false],
    ] as const) {
      const writer = new Writer(16);
      for (let i = 0; i < 4; i++) writer.u32le(i === field ? index : 0);
      const read = () => readMaskConfigIndices(new Reader(writer.finish(), 'test'));
      if (known) read();
      else assert.throws(read, { code: 'decode-config' }, `field ${field}, index ${index}`);
    }
  }
  assert.throws(() => readMaskConfig(new Reader(fromHex('000000'), 'test')), { code: 'decode-truncated' });
  assert.throws(() => readMaskConfigIndices(new Reader(new Uint8Array(15), 'test')), { code: 'decode-truncated' });
  for (const name of ['', 'Prime/F32/B0', 'prime/F32/B0/M3', 'Prime/F32/B1/M3', 'Prime/F32/B0/M3/', 'toString']) {
    assert.throws(() => parseMaskConfig(name), { code: 'config-unknown' }, name);
  }
  assert.throws(() => maskConfig('Prime', 'F16' as 'F32', 'B0', 'M3'), { code: 'config-unknown' });
});
