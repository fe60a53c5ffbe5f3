// The state of a participant in a file. Two processes that go on from the same state would answer sum2 twice or mask two models, so
// whoever finds that the file is not what it wrote itself stops writing, and with that stops sending.

import { createHash } from 'node:crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { StateStore } from '../ports.ts';
import { readFileIfAny, removeLeftovers, writePrivateFile } from './private-file.node.ts';

/**
 * Keeps the state in the file `path`: mode 0600, replaced as a whole and flushed to the disk before `save` resolves, so that a crash at any
 * moment leaves the old state or the new one.
 *
 * Rejects with `file-unreadable`, `file-unwritable`, and `state-locked` when the file changed since this store loaded or saved it: another
 * process takes part with it, or a state that lies there was not loaded first. That is noticed at the next save, not at once; to keep
 * other processes out from the beginning, hold a lock of your own, as `xaynet participant --state` does.
 * @example
 * ```ts
 * import { rmSync } from 'node:fs';
 * import { runParticipant } from '@xaynet/participant';
 * import { fileStore } from '@xaynet/participant/node';
 *
 * const path = `${process.env.TMPDIR ?? '/tmp'}/participant-${process.pid}.state`;
 * const run = runParticipant({
 *   url: 'http://127.0.0.1:8081',
 *   store: fileStore(path),
 *   train: (global, { length }) => new Float32Array(length),
 * });
 * await run.stop(); // the next start goes on from the file
 * rmSync(path);
 * ```
 */
export function fileStore(path: string): StateStore {
  let known: string | undefined;
  const read = (): Uint8Array | undefined => readFileIfAny(path);
  return {
    async load(): Promise<Uint8Array | undefined> {
      removeLeftovers(path);
      const bytes = read();
      known = digestOf(bytes);
      return bytes;
    },
    async save(snapshot: Uint8Array): Promise<void> {
      if (digestOf(read()) !== known) throw new XaynetError('state-locked', `${path} is not what this participant wrote`);
      writePrivateFile(path, snapshot, { replace: true });
      known = digestOf(snapshot);
    },
  };
}

function digestOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
}
