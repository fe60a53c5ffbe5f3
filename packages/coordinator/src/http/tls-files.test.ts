// Real certificates for tests: an authority, a server, clients, each as a PEM file in a folder that is removed at the end. A test file because
// it must not be shipped; its own test shows that OpenSSL accepts what it makes.

import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import forge from 'node-forge';

/** Validity around now, in days. */
export interface Validity {
  readonly from?: number;
  readonly to?: number;
}

export interface Issued {
  /** Path of the certificate file. */
  readonly certificate: string;
  /** Path of the key file. */
  readonly key: string;
  readonly pem: string;
  readonly keyPem: string;
}

const DAY = 24 * 60 * 60 * 1000;
const folder = mkdtempSync(join(tmpdir(), 'xaynet-tls-'));
after(() => rmSync(folder, { recursive: true }));

let serial = 1;
const KEYS = new Map<string, string>();

/** A key of 2048 bits as PEM; the same for the same name, because they take long to make. */
function keyOf(name: string): string {
  const found = KEYS.get(name) ?? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  KEYS.set(name, String(found));
  return String(found);
}

/** Path of a file with this text. */
export function file(text: string, name = `file-${serial++}.pem`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A certificate for `name` by `issuer`, or by itself: then it is an authority. `keyName` tells keys apart. */
export function issue(name: string, issuer?: Issued, { from = -1, to = 30, keyName = 'one' }: Validity & { keyName?: string } = {}): Issued {
  const keyPem = keyOf(keyName);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicOf(keyPem);
  certificate.serialNumber = (serial++).toString(16).padStart(4, '0');
  certificate.validity.notBefore = new Date(Date.now() + from * DAY);
  certificate.validity.notAfter = new Date(Date.now() + to * DAY);
  certificate.setSubject([{ name: 'commonName', value: name }]);
  certificate.setIssuer(issuer === undefined ? [{ name: 'commonName', value: name }] : forge.pki.certificateFromPem(issuer.pem).subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: issuer === undefined },
    { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(issuer?.keyPem ?? keyPem), forge.md.sha256.create());
  const pem = forge.pki.certificateToPem(certificate);
  return { certificate: file(pem), key: file(keyPem), pem, keyPem };
}

function publicOf(keyPem: string): forge.pki.PublicKey {
  const { n, e } = forge.pki.privateKeyFromPem(keyPem);
  return forge.pki.setRsaPublicKey(n, e);
}

/** An authority of its own key, and a server's certificate by it. */
export const AUTHORITY: Issued = issue('Test Authority', undefined, { keyName: 'authority' });
export const SERVER: Issued = issue('server', AUTHORITY);

it('makes certificates that their authority vouches for', () => {
  const [server, authority] = [new X509Certificate(SERVER.pem), new X509Certificate(AUTHORITY.pem)];
  assert.ok(server.verify(authority.publicKey) && server.checkIssued(authority));
  assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1');
});
