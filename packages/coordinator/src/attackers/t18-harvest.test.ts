// T18: whoever records traffic now to decrypt it with a quantum computer later. Sealed boxes are X25519 in any version of the protocol; TLS in
// front of them is a hybrid with ML-KEM wherever both ends have it, which nothing here may switch off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { using } from '../http/raw-client.test.ts';

const [major, minor] = process.versions.openssl.split('.').map(Number);
const hasHybrid = major! > 3 || (major === 3 && minor! >= 5);

test('T18: TLS agrees on X25519MLKEM768 with a client that has it', { skip: !hasHybrid && 'this runtime has no ML-KEM' }, () =>
  using({ encrypted: true }, async (server) => {
    const negotiated = await new Promise<unknown>((resolve, reject) => {
      const socket = connect({ host: server.host, port: server.portNumber, rejectUnauthorized: false }, () => {
        resolve((socket.getEphemeralKeyInfo() as { name?: string }).name);
        socket.destroy();
      });
      socket.on('error', reject);
    });
    assert.equal(negotiated, 'X25519MLKEM768');
  }),
);
