// Certificates for tests, made in a moment: one key, any number of names, vouched for by another key or by itself.

import { createHash, generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

/** A certificate with its key, and the pins that match it. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly pins: { readonly key: string; readonly certificate: string };
}

/** A private key, PEM. */
export function privateKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

let serial = 1;

/** A certificate for 127.0.0.1 of this key; of `issuer`, or self-signed. */
export function identity(key: string, { issuer, days = 1, isAuthority = false }: { issuer?: Identity; days?: number; isAuthority?: boolean } = {}): Identity {
  const certificate = forge.pki.createCertificate();
  const secret = forge.pki.privateKeyFromPem(key);
  const publicKey = forge.pki.setRsaPublicKey(secret.n, secret.e);
  certificate.publicKey = publicKey;
  certificate.serialNumber = String(serial++).padStart(4, '0');
  certificate.validity.notBefore = new Date(Date.now() - 2 * 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + days * 86_400_000);
  const name = [{ name: 'commonName', value: isAuthority ? 'Test authority' : `server ${serial}` }];
  certificate.setSubject(name);
  certificate.setIssuer(issuer === undefined ? name : forge.pki.certificateFromPem(issuer.cert).subject.attributes);
  certificate.setExtensions(isAuthority ? [{ name: 'basicConstraints', cA: true }] : [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }]);
  certificate.sign(issuer === undefined ? secret : forge.pki.privateKeyFromPem(issuer.key), forge.md.sha256.create());
  const der = (asn1: forge.asn1.Asn1): Buffer => Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
  const pin = (bytes: Buffer): string => `sha256/${createHash('sha256').update(bytes).digest('base64')}`;
  const pins = { key: pin(der(forge.pki.publicKeyToAsn1(publicKey))), certificate: pin(der(forge.pki.certificateToAsn1(certificate))) };
  return { cert: forge.pki.certificateToPem(certificate), key, pins };
}
