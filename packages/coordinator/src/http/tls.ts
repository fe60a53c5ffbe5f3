// TLS with the three settings of the original: certificate chain, key, and authorities of client certificates (coordinator 3.4). All files
// are read and compared before a port is bound, because what TLS itself says of a wrong file (or only says to clients) helps nobody.

import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';

/** Paths of PEM files, relative ones from the working directory. */
export interface TlsFiles {
  /** The server's certificate, then those that lead to its authority. */
  readonly certificate: string;
  /** The private key of the certificate, not encrypted. */
  readonly key: string;
  /** Certificates of authorities: only clients with a certificate of one of them are let in. */
  readonly clientAuth: string | undefined;
}

/** What was read from the files. */
export interface TlsMaterial {
  /** For a TLS server and for `setSecureContext`. */
  readonly context: SecureContextOptions;
  /** What the operator should know: certificates that hold no more, not yet, or not for long. */
  readonly notices: readonly string[];
  /** SHA-256 of the files, hexadecimal: another one, other files. */
  readonly fingerprint: string;
}

const DAY = 24 * 60 * 60 * 1000;
const SOON = 14 * DAY;

/**
 * Reads and checks the files. Throws `tls-file-unreadable`, `tls-certificate-invalid`, `tls-key-invalid`, and `tls-key-mismatch` for a key
 * that is not the certificate's. `now` in milliseconds decides what has expired.
 * @example
 * ```ts
 * import { readTls } from '@xaynet/coordinator';
 * const files = { certificate: 'certificate.pem', key: 'key.pem', clientAuth: undefined };
 * readTls(files); // throws tls-file-unreadable: there are none here
 * ```
 */
export function readTls(files: TlsFiles, now: number = Date.now()): TlsMaterial {
  const cert = readPem(files.certificate);
  const chain = certificatesOf(cert, files.certificate);
  const key = readPem(files.key);
  if (!chain[0]!.checkPrivateKey(privateKeyOf(key, files.key))) throw new XaynetError('tls-key-mismatch', `${files.key} and ${files.certificate}`);
  const notices = chain.flatMap((certificate) => ageOf(certificate, files.certificate, now));
  const context: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2' };
  if (files.clientAuth !== undefined) {
    const authorities = readPem(files.clientAuth);
    for (const certificate of certificatesOf(authorities, files.clientAuth)) notices.push(...ageOf(certificate, files.clientAuth, now));
    context.ca = authorities;
  }
  try {
    createSecureContext(context);
  } catch (error) {
    throw new XaynetError('tls-certificate-invalid', `${files.certificate}: ${(error as Error).message}`, { cause: error });
  }
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([context.cert, context.key, context.ca]))
    .digest('hex');
  return { context, notices, fingerprint };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new XaynetError('tls-file-unreadable', `${file}: ${(error as NodeJS.ErrnoException).code ?? error}`, { cause: error });
  }
}

function certificatesOf(pem: string, file: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (TRUSTED )?CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw invalid('tls-certificate-invalid', file, 'it holds no PEM certificate');
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw invalid('tls-certificate-invalid', file, (error as Error).message);
    }
  });
}

function privateKeyOf(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // The text of an error may quote the file; its code does not.
    const { code } = error as NodeJS.ErrnoException;
    const encrypted = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem);
    throw invalid('tls-key-invalid', file, encrypted ? 'it is encrypted' : `it holds no PEM private key (${code ?? 'unreadable'})`);
  }
}

function invalid(code: ErrorCode, file: string, why: string): XaynetError {
  return new XaynetError(code, `${file}: ${why}`);
}

function ageOf(certificate: X509Certificate, file: string, now: number): string[] {
  const name = `The certificate "${certificate.subject.replaceAll('\n', ', ')}" of ${file}`;
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  if (to < now) return [`${name} has expired on ${day(to)}: clients refuse it.`];
  if (from > now) return [`${name} does not hold before ${day(from)}: clients refuse it until then.`];
  return to < now + SOON ? [`${name} expires on ${day(to)}.`] : [];
}
