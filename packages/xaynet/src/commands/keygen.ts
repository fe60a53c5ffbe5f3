// `xaynet keygen`: a fresh signing key pair in a file that only its owner can read. The public key is a participant's identity
// towards a coordinator; the file is what `xaynet participant --keys` takes.

import { randomBytes } from 'node:crypto';
import { toBase64, toHex } from '@xaynet/core/bytes';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import type { Command } from 'commander';
import { writePrivateFile } from '../files.ts';
import { explain } from '../help/manual.ts';
import { keyFileText } from '../key-file.ts';

/** Adds `keygen` to `program`; `print` takes what goes to standard output. */
export function addKeygen(program: Command, print: (text: string) => void): void {
  const command = program
    .command('keygen')
    .summary('make a key pair for a participant')
    .description('Makes a fresh Ed25519 key pair, writes it to a file of mode 0600 and prints the public key.')
    .option('--out <file>', 'where to write the keys', 'xaynet-keys.json')
    .option('--force', 'replace the file when there is one')
    .option('--json', 'one JSON document on standard output')
    .action((options: { out: string; force?: true; json?: true }) => {
      const keys = generateSigningKeyPair((length) => new Uint8Array(randomBytes(length)));
      writePrivateFile(options.out, keyFileText(keys), { replace: options.force === true });
      const publicKey = toBase64(keys.publicKey);
      const hex = toHex(keys.publicKey);
      if (options.json) print(`${JSON.stringify({ publicKey, hex, file: options.out }, undefined, 2)}\n`);
      else print(`public key  ${publicKey}\n     (hex)  ${hex}\n      file  ${options.out} (mode 0600; holds the secret key)\n`);
    });
  explain(command, {
    json: ['{"publicKey": base64, "hex": the same in hexadecimal, "file": where the keys are}'],
    files: [
      [
        'xaynet-keys.json',
        'JSON of mode 0600: {"kind": "xaynet-keys", "version": 1, "publicKey": base64 of 32 bytes, "secretKey": base64 of 64 bytes (Ed25519 seed, then public key)}. Keep it secret.',
      ],
    ],
    examples: [
      ['xaynet keygen --out device-7.json', 'make the keys of a device'],
      ['xaynet participant --url http://127.0.0.1:8081 --keys device-7.json --model weights.f32', 'take part with them'],
      ['xaynet keygen --out device-8.json --json | jq -r .publicKey', 'the public key alone'],
    ],
    seeAlso: ['xaynet participant', 'docs/PARTICIPANT.md'],
  });
}
