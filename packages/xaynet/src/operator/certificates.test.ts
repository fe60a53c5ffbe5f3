// Real certificates for tests. A test file because it must not be shipped.

import forge from 'node-forge';

/** An authority, a server for this machine and a client, both vouched for by it. */
export function certificates(): { authority: string; server: { cert: string; key: string }; client: { cert: string; key: string } } {
  const issuer = [{ name: 'commonName', value: 'Test authority' }];
  const root = forge.pki.rsa.generateKeyPair(2048);
  const make = (name: string, keys: typeof root, extensions: object[]): string => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = keys.publicKey;
    certificate.serialNumber = String(name.length).padStart(2, '0');
    certificate.validity.notBefore = new Date(Date.now() - 86_400_000);
    certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
    certificate.setSubject([{ name: 'commonName', value: name }]);
    certificate.setIssuer(issuer);
    certificate.setExtensions(extensions);
    certificate.sign(root.privateKey, forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate);
  };
  const pair = (name: string, extensions: object[]): { cert: string; key: string } => {
    const keys = forge.pki.rsa.generateKeyPair(2048);
    return { cert: make(name, keys, extensions), key: forge.pki.privateKeyToPem(keys.privateKey) };
  };
  return {
    authority: make('Test authority', root, [{ name: 'basicConstraints', cA: true }]),
    server: pair('localhost', [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }]),
    client: pair('operator', [{ name: 'extKeyUsage', clientAuth: true }]),
  };
}
