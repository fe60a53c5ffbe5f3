// Secrets at rest: what must stay secret is in the database as ChaCha20-Poly1305 boxes under one key that lives elsewhere: in the
// environment, in a file of the operator's, or in a file beside the database, which is then worth as much as the secrets are.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { XaynetError } from '@xaynet/core/errors';
import type { Disk } from './files/disk.ts';

/** Name of the key file that is made in the data folder when no key is given. */
export const KEY_FILE = 'store.key';

/** Where the key comes from, in this order; neither given: {@link KEY_FILE} in the data folder. */
export interface SecretOptions {
  /** The key itself, 64 hexadecimal digits. */
  readonly key?: string | undefined;
  /** A file with that key in its first line, readable by nobody else. */
  readonly keyFile?: string | undefined;
}

/** What a box holds; a box of one kind does not open as another. */
export type SecretKind = 'key check' | 'coordinator state' | 'identity seed' | 'fleet secret';

/** What is sealed under a key, so that a wrong one is noticed before anything else. */
export const KEY_CHECK: Uint8Array = new Uint8Array(16);

const CIPHER = 'chacha20-poly1305';
const FORMAT = 1;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const HEX = /^[0-9a-f]{64}$/i;
/** All modes of a key file that let others in. */
const OTHERS = 0o077;

/** Seals and opens under one key. */
export class Secrets {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Format byte, random nonce, ciphertext, tag. */
  seal(kind: SecretKind, secret: Uint8Array): Uint8Array {
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_LENGTH });
    cipher.setAAD(associated(kind), { plaintextLength: secret.length });
    return Buffer.concat([Uint8Array.of(FORMAT), nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  }

  /** What was sealed; another key, another kind, other bytes: undefined. */
  open(kind: SecretKind, box: Uint8Array): Uint8Array | undefined {
    if (box.length < 1 + NONCE_LENGTH + TAG_LENGTH || box[0] !== FORMAT) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#key, box.subarray(1, 1 + NONCE_LENGTH), { authTagLength: TAG_LENGTH });
    const sealed = box.subarray(1 + NONCE_LENGTH, -TAG_LENGTH);
    decipher.setAAD(associated(kind), { plaintextLength: sealed.length });
    decipher.setAuthTag(box.subarray(-TAG_LENGTH));
    const secret = decipher.update(sealed);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return Uint8Array.from(secret);
  }
}

/**
 * The secrets of the store in `folder`. A key file is made only where `isNew` says that nothing is sealed yet. Throws `option-invalid`,
 * `storage-key-missing`, `storage-key-exposed` for a file that others may read, `storage-key-wrong` for one that holds no key.
 */
export function loadSecrets(disk: Disk, folder: string, { key, keyFile }: SecretOptions, isNew: boolean): Secrets {
  if (key !== undefined) return keySecrets(key);
  const path = keyFile ?? join(folder, KEY_FILE);
  const found = readKey(path);
  if (found !== undefined) return new Secrets(found);
  if (keyFile !== undefined || !isNew) throw new XaynetError('storage-key-missing', path);
  return new Secrets(makeKey(disk, folder, path));
}

/**
 * The secrets of a store without a folder of its own, whose key must be given. Throws `option-invalid`, `storage-key-missing`,
 * `storage-key-exposed`, `storage-key-wrong`.
 */
export function givenSecrets({ key, keyFile }: SecretOptions): Secrets {
  if (key !== undefined) return keySecrets(key);
  if (keyFile === undefined)
    throw new XaynetError('storage-key-missing', 'neither store.key nor store.key_file is set, and a store on a server has no folder to make one in');
  const found = readKey(keyFile);
  if (found === undefined) throw new XaynetError('storage-key-missing', keyFile);
  return new Secrets(found);
}

function keySecrets(key: string): Secrets {
  if (!HEX.test(key)) throw new XaynetError('option-invalid', `key: 64 hexadecimal digits expected, ${key.length} characters given`);
  return new Secrets(Buffer.from(key, 'hex'));
}

function readKey(path: string): Uint8Array | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw new XaynetError('storage-key-missing', `${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    const { mode } = fstatSync(file);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      throw new XaynetError('storage-key-exposed', `${path} has mode 0${(mode & 0o777).toString(8)}`);
    }
    const text = readFileSync(file, 'latin1').split('\n', 1)[0]!.trim();
    if (!HEX.test(text)) throw new XaynetError('storage-key-wrong', `${path}: 64 hexadecimal digits expected in its first line`);
    return Buffer.from(text, 'hex');
  } finally {
    closeSync(file);
  }
}

/** Under another name first: a file of this name has a whole key in it. */
function makeKey(disk: Disk, folder: string, path: string): Uint8Array {
  const key = randomBytes(32);
  const temporary = `${path}.tmp`;
  disk.remove(temporary);
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeFileSync(file, `${key.toString('hex')}\n`);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  disk.rename(temporary, path);
  disk.syncFolder(folder);
  return key;
}

function associated(kind: SecretKind): Uint8Array {
  return Buffer.from(`xaynet store: ${kind}`);
}
