// The one IndexedDB database of this package, `xaynet`, with rows by name, as promises. A write is done when the browser says that it is
// on the disk (strict durability, where there is a choice): messages are sent afterwards.

import { XaynetError } from '@xaynet/core/errors';

interface Request<T> {
  readonly result: T;
  onsuccess: (() => void) | null;
}

interface ObjectStore {
  get(name: string): Request<unknown>;
  put(row: unknown, name: string): Request<unknown>;
  delete(name: string): Request<unknown>;
}

interface Transaction {
  readonly error: Error | null;
  objectStore(name: string): ObjectStore;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}

interface Connection {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: 'readonly' | 'readwrite', options?: { readonly durability: 'strict' }): Transaction;
  close(): void;
  onversionchange: (() => void) | null;
  onclose: (() => void) | null;
}

interface OpenRequest extends Request<Connection> {
  readonly error: Error | null;
  onerror: (() => void) | null;
  onupgradeneeded: (() => void) | null;
}

const ROWS = 'participants';

/** An open database. All methods reject with `store-failed`. */
export interface Database {
  read(name: string): Promise<unknown>;
  /** Puts what `decide` makes of the row that is there; undefined: nothing is written, and false the answer. All in one transaction. */
  replace(name: string, decide: (there: unknown) => unknown): Promise<boolean>;
  remove(name: string): Promise<void>;
}

/** Opens the database; `closed` is told when the browser has closed it, as it does when site data are cleared. */
export function openDatabase(closed: () => void): Promise<Database> {
  const { indexedDB } = globalThis as unknown as { indexedDB?: { open(name: string, version: number): OpenRequest } };
  return new Promise((resolve, reject) => {
    if (indexedDB === undefined) throw new XaynetError('store-failed', 'there is no IndexedDB here');
    const request = indexedDB.open('xaynet', 1); // throws where the user has forbidden storage
    request.onupgradeneeded = () => request.result.createObjectStore(ROWS);
    request.onerror = () => reject(failure(request.error));
    request.onsuccess = () => {
      const connection = request.result;
      connection.onversionchange = () => {
        connection.close();
        closed();
      };
      connection.onclose = closed;
      resolve(databaseOf(connection));
    };
  }).catch((error: unknown) => {
    throw failure(error);
  }) as Promise<Database>;
}

function databaseOf(connection: Connection): Database {
  const run = async <T>(mode: 'readonly' | 'readwrite', work: (rows: ObjectStore, answer: (value: T) => void) => void): Promise<T> => {
    try {
      return await new Promise<T>((resolve, reject) => {
        const transaction = connection.transaction(ROWS, mode, { durability: 'strict' });
        let answer: T;
        transaction.oncomplete = () => resolve(answer);
        transaction.onabort = () => reject(transaction.error);
        work(transaction.objectStore(ROWS), (value) => {
          answer = value;
        });
      });
    } catch (error) {
      throw failure(error);
    }
  };
  return {
    read: (name) =>
      run('readonly', (rows, answer) => {
        const request = rows.get(name);
        request.onsuccess = () => answer(request.result);
      }),
    replace: (name, decide) =>
      run('readwrite', (rows, answer) => {
        const request = rows.get(name);
        request.onsuccess = () => {
          const row = decide(request.result);
          answer(row !== undefined);
          if (row !== undefined) rows.put(row, name);
        };
      }),
    remove: (name) => run('readwrite', (rows) => void rows.delete(name)),
  };
}

function failure(error: unknown): XaynetError {
  if (error instanceof XaynetError) return error;
  const { name, message } = (error ?? {}) as Partial<Error>;
  return new XaynetError('store-failed', `IndexedDB: ${[name, message].filter(Boolean).join(': ') || 'no reason given'}`, { cause: error });
}
