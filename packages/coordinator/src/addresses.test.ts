// Addresses: one spelling for each, the /64 that IPv6 is counted by, ranges of both families.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AddressSet, countedAddress, normalAddress, parseAddressRange } from './addresses.ts';

it('one spelling for one address', () => {
  const cases = {
    '10.0.0.1': '10.0.0.1',
    '::ffff:10.0.0.1': '10.0.0.1',
    '::FFFF:0a00:0001': '10.0.0.1',
    '2001:DB8:0:0:0:0:0:1': '2001:db8::1',
    'fe80::1%eth0': 'fe80::1',
    '::1': '::1',
  };
  for (const [text, normal] of Object.entries(cases)) assert.equal(normalAddress(text), normal, text);
  for (const text of ['', 'localhost', '10.0.0', '10.0.0.1:80', '[::1]', '1::2::3', ' ::1', '010.0.0.1']) assert.equal(normalAddress(text), undefined, text);
});

it('T14 IPv6 is counted by its /64: all addresses of a network are one, two networks are two', () => {
  const cases = {
    '10.0.0.1': '10.0.0.1',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::',
    '2001:db8:1:2::': '2001:db8:1:2::',
    '2001:db8::1': '2001:db8::',
    '2001:db8:0:1::1': '2001:db8:0:1::',
    '::1': '::',
    '::': '::',
    '1::4:5:6:7:8': '1:0:0:4::',
    'a::': 'a::',
  };
  for (const [normal, counted] of Object.entries(cases)) assert.equal(countedAddress(normal), counted, normal);
  for (let i = 0; i < 100; i++) {
    const host = normalAddress(`2001:db8:0:${i.toString(16)}:${(i * 97).toString(16)}::${i.toString(16)}`)!;
    assert.equal(countedAddress(host), normalAddress(`2001:db8:0:${i.toString(16)}::`));
  }
});

it('ranges', () => {
  assert.deepEqual(parseAddressRange('10.0.0.0/8'), { address: '10.0.0.0', bits: 8 });
  assert.deepEqual(parseAddressRange('::1'), { address: '::1', bits: 128 });
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '/8', '10.0.0.0/8/8', '10.0.0.0/-1', 'x', 'fe80::1%eth0'])
    assert.equal(parseAddressRange(text), undefined, text);
  const set = new AddressSet(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7', '0.0.0.0/32']);
  for (const address of ['10.255.0.1', '2001:db8:ffff::1', '192.0.2.7', '0.0.0.0']) assert.ok(set.has(address), address);
  for (const address of ['11.0.0.1', '2001:db9::1', '192.0.2.8', '::', '', 'x']) assert.ok(!set.has(address), address);
  assert.ok(new AddressSet(['0.0.0.0/0']).has('8.8.8.8'));
  assert.ok(!new AddressSet([]).has('8.8.8.8'));
  assert.throws(() => new AddressSet(['10.0.0.0/99']), RangeError);
});
