// TLS with real certificates (coordinator 3.4): what is wrong with files is said before a port is bound, clients are let in by their
// certificate or not at all, certificates change without a connection noticing.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { ErrorCode } from '@xaynet/core/errors';
import { createLogger } from '../log.ts';
import { ask, FakePort, get, post, Raw, using } from './raw-client.test.ts';
import { type HttpServer, startHttp } from './server.ts';
import { readTls, type TlsFiles } from './tls.ts';
import { AUTHORITY, file, issue, SERVER } from './tls-files.test.ts';

const FILES: TlsFiles = { certificate: SERVER.certificate, key: SERVER.key, clientAuth: undefined };
const CLIENT = issue('client', AUTHORITY);
const STRANGER = issue('stranger', issue('Other Authority'));

/** Sends a message as a participant would: it trusts the authority and nothing else. Resolves to the status, or rejects. */
function message(server: HttpServer, options: ConnectionOptions & { path?: string; method?: string } = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: server.host, port: server.portNumber, path: '/message', method: 'POST', ca: AUTHORITY.pem, agent: false, ...options },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    sent.on('error', reject);
    sent.end('sealed');
  });
}

/** The name of the certificate that a new connection is shown. */
function shown(server: HttpServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: server.host, port: server.portNumber, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('TLS: files', () => {
  const rejects = (files: Partial<TlsFiles>, code: ErrorCode, name: string): void =>
    assert.throws(
      () => readTls({ ...FILES, ...files }),
      (error: Error & { code?: string }) => error.code === code && error.message.includes(name) && !error.message.includes('PRIVATE KEY-----'),
      code,
    );

  it('says which file is missing, no PEM, encrypted, or of another pair', () => {
    rejects({ certificate: '/nowhere/tls.pem' }, 'tls-file-unreadable', '/nowhere/tls.pem: ENOENT');
    rejects({ key: '/' }, 'tls-file-unreadable', 'EISDIR');
    rejects({ clientAuth: '/nowhere/ca.pem' }, 'tls-file-unreadable', '/nowhere/ca.pem');
    for (const text of ['', 'no PEM', SERVER.keyPem]) rejects({ certificate: file(text) }, 'tls-certificate-invalid', 'no PEM certificate');
    rejects({ certificate: file('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') }, 'tls-certificate-invalid', '.pem: ');
    rejects({ clientAuth: file('') }, 'tls-certificate-invalid', 'no PEM certificate');
    for (const text of ['', SERVER.pem, SERVER.keyPem.slice(0, 400)]) rejects({ key: file(text) }, 'tls-key-invalid', 'no PEM private key');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    rejects({ key: file(String(encrypted)) }, 'tls-key-invalid', 'it is encrypted');
    rejects({ key: file(String(privateKey.export({ type: 'sec1', format: 'pem' }))) }, 'tls-key-mismatch', SERVER.certificate);
    rejects({ key: AUTHORITY.key }, 'tls-key-mismatch', AUTHORITY.key);
  });

  it('reads a chain, and keys in the forms of the original', () => {
    assert.deepEqual(readTls({ ...FILES, certificate: file(SERVER.pem + AUTHORITY.pem) }).notices, []);
    rejects({ certificate: file(AUTHORITY.pem + SERVER.pem) }, 'tls-key-mismatch', SERVER.key);
  });

  it('tells of certificates that hold no more, not yet, or not for long', () => {
    const notice = (from: number, to: number): string => readTls({ ...FILES, certificate: issue('dated', AUTHORITY, { from, to }).certificate }).notices.join();
    assert.match(notice(-10, -1), /"CN=dated" of .* has expired on \d{4}-\d\d-\d\d: clients refuse it/);
    assert.match(notice(1, 30), /does not hold before/);
    assert.match(notice(-1, 13), /expires on/);
    assert.equal(notice(-1, 15), '');
    assert.match(readTls({ ...FILES, clientAuth: issue('old', undefined, { from: -9, to: -1 }).certificate }).notices[0]!, /"CN=old" of .* has expired/);
  });

  it('a mistake ends the start before the port is touched, a notice does not', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port: portNumber } = taken.address() as { port: number };
    const options = { host: '127.0.0.1', corsOrigins: [], statusCodes: false, port: new FakePort() };
    await assert.rejects(startHttp({ ...options, portNumber, tls: { ...FILES, key: AUTHORITY.key } }), { code: 'tls-key-mismatch' });
    await assert.rejects(startHttp({ ...options, portNumber, tls: FILES }), { code: 'api-port-in-use' });
    taken.close();
    const lines: string[] = [];
    const logger = createLogger({ level: 'warn', output: { write: (line) => lines.push(line) } });
    const tls = { ...FILES, certificate: issue('old', AUTHORITY, { from: -9, to: -1 }).certificate };
    await using({ tls, logger }, async (server) => {
      await assert.rejects(message(server), { code: 'CERT_HAS_EXPIRED' });
      assert.equal(await message(server, { rejectUnauthorized: false }), 200);
    });
    assert.match(lines[0]!, /has expired/);
  });
});

describe('TLS: clients', () => {
  it('a participant that trusts the authority posts its message, whatever name it asks for', () =>
    using({ tls: FILES }, async (server, port) => {
      assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/);
      assert.equal(await message(server), 200);
      assert.equal(await message(server, { servername: 'another.example', checkServerIdentity: () => undefined }), 200);
      assert.equal(await message(server, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), 200);
      assert.equal(Buffer.from(port.received[0]!).toString(), 'sealed');
      assert.equal(port.addresses[0], '127.0.0.1');
      await assert.rejects(message(server, { ca: STRANGER.pem }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
      await assert.rejects(message(server, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
      assert.equal(port.received.length, 3);
    }));

  it('T14 plain HTTP and noise on the TLS port end the connection and nothing else', () =>
    using({ tls: FILES, limits: { headersMs: 100 } }, async (server, port) => {
      const plain = { host: server.host, portNumber: server.portNumber };
      for (const text of [post('m'), '\u0000\u0001binary', '\u0016\u0003\u0001\u0002\u0000\u0001']) {
        const raw = new Raw(plain).write(text);
        if (text.startsWith('\u0016')) raw.socket.end();
        assert.doesNotMatch(await raw.end(), /^HTTP/);
      }
      assert.equal(await message(server), 200);
      assert.equal(port.received.length, 1);
    }));

  it('T14 a handshake that is never ended ends in time, and a stop waits for none', async () => {
    await using({ tls: FILES, limits: { headersMs: 60 } }, async (server) => {
      await new Raw({ host: server.host, portNumber: server.portNumber }).end();
    });
    await using({ tls: FILES }, async (server) => {
      const raw = new Raw({ host: server.host, portNumber: server.portNumber });
      while (server.connections < 1) await new Promise((resolve) => setTimeout(resolve, 2));
      await server.close();
      await raw.end();
    });
  });

  it('with client certificates required, only those of the authority are let in', () =>
    using({ tls: { ...FILES, clientAuth: AUTHORITY.certificate } }, async (server, port) => {
      assert.equal(await message(server, { cert: CLIENT.pem, key: CLIENT.keyPem }), 200);
      await assert.rejects(message(server));
      await assert.rejects(message(server, { cert: STRANGER.pem, key: STRANGER.keyPem }));
      const expired = issue('late', AUTHORITY, { from: -9, to: -1 });
      await assert.rejects(message(server, { cert: expired.pem, key: expired.keyPem }));
      for (const path of ['/params', '/healthz', '/nope']) await assert.rejects(message(server, { path, method: 'GET' }), path);
      assert.equal(port.received.length, 1);
      while (server.connections > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }));
});

describe('TLS: new certificates while it runs', () => {
  it('new connections get the new one, open ones go on, wrong files change nothing', async () => {
    const certificate = file(issue('first', AUTHORITY).pem);
    await using({ tls: { ...FILES, certificate } }, async (server) => {
      const open = new Raw(server);
      assert.equal((await open.write(get('/params')).answer()).status, 200);
      assert.equal(await shown(server), 'first');
      const { writeFileSync } = await import('node:fs');
      writeFileSync(certificate, issue('second', AUTHORITY, { from: -1, to: 5 }).pem);
      assert.equal(await shown(server), 'first', 'not before it is asked for');
      const before = server.tlsFingerprint;
      assert.match(server.reloadTls().join(), /"CN=second".* expires on/);
      assert.ok(before !== undefined && server.tlsFingerprint !== before);
      assert.equal(await shown(server), 'second');
      assert.equal((await open.write(get('/params')).answer()).status, 200);
      writeFileSync(certificate, 'broken');
      assert.throws(() => server.reloadTls(), { code: 'tls-certificate-invalid' });
      assert.equal(await shown(server), 'second');
      open.destroy();
    });
  });

  it('client certificates stay required', () =>
    using({ tls: { ...FILES, clientAuth: AUTHORITY.certificate } }, async (server) => {
      server.reloadTls();
      await assert.rejects(message(server));
      assert.equal(await message(server, { cert: CLIENT.pem, key: CLIENT.keyPem }), 200);
    }));

  it('does nothing without TLS', () =>
    using({}, async (server) => {
      assert.deepEqual(server.reloadTls(), []);
      assert.equal((await ask(server, get('/params'))).status, 200);
    }));
});
