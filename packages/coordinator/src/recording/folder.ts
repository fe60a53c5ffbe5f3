// The folder of recordings: how its files are called, which are the newest, and the few operations that a recorder needs, as an argument, so
// that a test can have a disk that is full.

import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that grows. */
export interface GrowingFile {
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

/** What a recorder does to its folder. Every method rejects with the system's error. */
export interface RecordingFolder {
  /** A new file; the folder is made when it is missing. */
  create(name: string): Promise<GrowingFile>;
  /** Names in it. */
  list(): Promise<readonly string[]>;
  remove(name: string): Promise<void>;
}

const NAME = /^(\d{8}T\d{6}Z-[0-9a-f]{8})-(\d{4,})\.jsonl$/;

/** What all files of a run are called, before their number. */
export function runName(at: number, id: string): string {
  return `${new Date(at).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}-${id}`;
}

/** The name of a file. */
export function fileName(run: string, part: number): string {
  return `${run}-${String(part).padStart(4, '0')}.jsonl`;
}

/** Run and part that a name stands for; undefined: it is no recording. */
export function partOf(name: string): { readonly run: string; readonly part: number } | undefined {
  const [, run, part] = NAME.exec(name) ?? [];
  return run === undefined ? undefined : { run, part: Number(part) };
}

/** The recordings among `names` in the order of their time; the files of `last` come last, whatever a clock said. */
export function inOrder(names: readonly string[], last?: string): string[] {
  const parts = names.flatMap((name) => {
    const found = partOf(name);
    return found === undefined ? [] : [{ name, ...found, late: found.run === last ? 1 : 0 }];
  });
  parts.sort((a, b) => a.late - b.late || (a.run < b.run ? -1 : a.run > b.run ? 1 : a.part - b.part));
  return parts.map(({ name }) => name);
}

/** A folder of this machine; it and its files can be read by their owner only. */
export function systemFolder(path: string): RecordingFolder {
  return {
    async create(name) {
      await mkdir(path, { recursive: true, mode: 0o700 });
      const file = await open(join(path, name), 'ax', 0o600);
      return { append: (text) => appendAll(file, text), close: () => file.close() };
    },
    list: () => readdir(path),
    remove: (name) => rm(join(path, name), { force: true }),
  };
}

async function appendAll(file: FileHandle, text: string): Promise<void> {
  await file.appendFile(text);
}
