import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BaseUrl, isSecureUrl } from './base-url.ts';

test('requests go below the base path, one slash apart, and its query is kept (participant 2.1, Q-10)', () => {
  for (const [base, params] of [
    ['http://h', 'http://h/params'],
    ['http://h/', 'http://h/params'],
    ['http://h/pre', 'http://h/pre/params'],
    ['http://h/pre/', 'http://h/pre/params'],
    ['http://h/pre//', 'http://h/pre/params'],
    ['http://h/pre?x=1', 'http://h/pre/params?x=1'],
    ['http://h?', 'http://h/params'],
    ['HTTPS://H:8081/Pre#part', 'https://h:8081/Pre/params'],
    ['http://[::1]:8081/', 'http://[::1]:8081/params'],
  ] as const) {
    assert.equal(new BaseUrl(base).at('params'), params, base);
  }
  assert.equal(new BaseUrl('http://h/pre?x=1').at('seeds', 'pk=A'), 'http://h/pre/seeds?x=1&pk=A');
  assert.equal(new BaseUrl('http://h').at('seeds', 'pk=A'), 'http://h/seeds?pk=A');
});

test('what is no URL of a coordinator is refused', () => {
  const bad = [
    '',
    'localhost:8081',
    '127.0.0.1:8081',
    'http://',
    'http:///params',
    'ftp://x/',
    'http:x',
    '//h/',
    'http://h:port/',
    'http://h:80:80/',
    'http://u:p@h/',
    'http://h\\@127.0.0.1/',
    'http://h h/',
    'http://h\t/',
    ' http://h/',
  ];
  for (const url of bad) assert.throws(() => new BaseUrl(url), { code: 'transport-url' }, url);
  assert.throws(() => new BaseUrl(undefined as unknown as string), { code: 'transport-url' });
});

test('only https and this machine are secure, whatever is dressed up as it (threats T2)', () => {
  for (const url of ['https://x/', 'http://localhost', 'http://LOCALHOST:1/', 'http://127.0.0.1:8081/', 'http://127.9.9.9/', 'http://[::1]/'])
    assert.ok(isSecureUrl(url), url);
  for (const url of [
    'http://h/',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'http://evil.example/?127.0.0.1',
    'http://127.0.0.1@evil.example/',
    'http://evil.example\\@localhost/',
    'http://[::2]/',
    'http://0.0.0.0/',
    'http://10.0.0.1/',
    'ftp://localhost/',
    '/relative',
  ])
    assert.ok(!isSecureUrl(url), url);
});
