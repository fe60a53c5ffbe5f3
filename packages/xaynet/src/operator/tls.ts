// Authorities and client certificates from the command line, the same for all commands that talk to a coordinator.

import type { Command } from 'commander';
import { readWholeFile } from '../files.ts';

/** PEM files: authorities instead of the usual ones, and a client certificate with its key. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What node:https takes of them. */
export interface TlsOptions {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Adds `--ca`, `--cert` and `--key`. */
export function addTlsOptions(command: Command): Command {
  return command
    .option('--ca <file>', 'PEM file with certificates of authorities that are trusted instead of the usual ones')
    .option('--cert <file>', 'PEM file with a client certificate; needs --key')
    .option('--key <file>', 'PEM file with the key of the client certificate')
    .hook('preAction', (_, action) => {
      const { cert, key } = action.opts<TlsFiles>();
      if ((cert === undefined) !== (key === undefined)) action.error('error: --cert and --key go together');
    });
}

/** Reads the files. Throws `file-unreadable`. */
export function readTlsFiles({ ca, cert, key }: TlsFiles): TlsOptions {
  return {
    ...(ca === undefined ? {} : { ca: Buffer.from(readWholeFile(ca)) }),
    ...(cert === undefined ? {} : { cert: Buffer.from(readWholeFile(cert)) }),
    ...(key === undefined ? {} : { key: Buffer.from(readWholeFile(key)) }),
  };
}
