// Where training commands find and leave their files: one folder for this process, in it one for the round. A process that was killed leaves
// its folder behind, with a model in it; the next one that starts removes it, as the name says whose it was.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileError, makeFolder } from '../files.ts';

/** With the machine in it: containers share folders but not the numbers of processes. */
const PREFIX = `xaynet-train-${hostname().replaceAll(/[^\w.]/g, '_')}-`;

/** The folder of this process; others cannot look into it. */
export class WorkFolder {
  readonly #path: string;
  readonly #keep: boolean;
  #round: string | undefined;

  /** In `parent`, which is made if need be; undefined: in the system's temporary folder. Throws `file-unwritable`. */
  constructor(parent: string | undefined) {
    const where = parent === undefined ? tmpdir() : resolve(parent);
    this.#keep = parent !== undefined;
    try {
      makeFolder(where, 0o700);
      removeOrphans(where);
      this.#path = mkdtempSync(join(where, `${PREFIX}${process.pid}-`));
    } catch (error) {
      throw fileError('file-unwritable', where, error);
    }
  }

  /** A new, empty folder for a round; that of the round before is removed. Throws `file-unwritable`. */
  begin(round: string): string {
    this.done();
    const folder = join(this.#path, round.slice(0, 8));
    try {
      mkdirSync(folder, { mode: 0o700, recursive: true });
    } catch (error) {
      throw fileError('file-unwritable', folder, error);
    }
    this.#round = folder;
    return folder;
  }

  /** The round's files are of no use any more. */
  done(): void {
    if (this.#round !== undefined) rmSync(this.#round, { recursive: true, force: true });
    this.#round = undefined;
  }

  /** Training failed: in a folder that the user has named the files stay for a look, until the next round or start. Where, if so. */
  failed(): string | undefined {
    if (!this.#keep) this.done();
    return this.#round;
  }

  /** Removes the folder, unless there is something to look at. */
  close(): void {
    if (this.#round === undefined || !this.#keep) rmSync(this.#path, { recursive: true, force: true });
  }
}

/** Removes folders of processes that are gone. */
function removeOrphans(where: string): void {
  for (const name of readdirSync(where)) {
    const pid = name.startsWith(PREFIX) ? /^(\d+)-\w+$/.exec(name.slice(PREFIX.length))?.[1] : undefined;
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(join(where, name), { recursive: true, force: true });
    } catch {
      // Of another user, most likely.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
