// `xaynet keygen`: a fresh signing key pair in a file that only its owner can read. The public key is a participant's identity
// towards a coordinator; the file is what `xaynet participant --keys` takes.

import { randomBytes } from 'node:crypto';
import { toBase64, toHex } from '@xaynet/core/bytes';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import type { Command } from 'commander';
import { writePrivateFile } from '../files.ts';
import { keyFileText } from '../key-file.ts';

/** Adds `keygen` to `program`. */
export function addKeygen(program: Command): void {
  program
    .command('keygen')
    .summary('make a key pair for a participant')
    .description('Makes a fresh Ed25519 key pair, writes it to a file of mode 0600 and prints the public key.')
    .option('--out <file>', 'where to write the keys', 'xaynet-keys.json')
    .option('--force', 'replace the file when there is one')
    .addHelpText(
      'after',
      `
The file is JSON: {"kind": "xaynet-keys", "version": 1, "publicKey": base64 of 32 bytes,
"secretKey": base64 of 64 bytes (Ed25519 seed, then public key)}. Keep it secret.

Examples:
  xaynet keygen --out device-7.json
  xaynet participant --url http://127.0.0.1:8081 --keys device-7.json --model weights.f32`,
    )
    .action((options: { out: string; force?: true }) => {
      const keys = generateSigningKeyPair((length) => new Uint8Array(randomBytes(length)));
      writePrivateFile(options.out, keyFileText(keys), { replace: options.force === true });
      process.stdout.write(
        `public key  ${toBase64(keys.publicKey)}\n     (hex)  ${toHex(keys.publicKey)}\n      file  ${options.out} (mode 0600; holds the secret key)\n`,
      );
    });
}
