// The client library, which only coordinators with a Redis need: an optional package, imported when a store is opened. What is used of it is
// little, and stated here, so that this package needs nothing of it to be compiled. Replies come as they are on the wire, bulk strings as
// Buffers: the library's own mappings turn binary field names into UTF-8, and two participants into one.

import { XaynetError } from '@xaynet/core/errors';

/** An argument of a command. */
export type Arg = string | Buffer;
/** A reply: a status, an integer, a bulk string, nothing, or a list. */
export type Reply = string | number | Buffer | null | readonly Reply[];

/** A connection. */
export interface LibraryClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  sendCommand(args: readonly Arg[], options: { readonly typeMapping: unknown }): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/** What is used of `@redis/client`. */
export interface RedisLibrary {
  createClient(options: object): LibraryClient;
  readonly RESP_TYPES: { readonly BLOB_STRING: number };
}

const NAME = '@redis/client';

/** The library; throws `storage-library-missing`. `load`: instead of the import. */
export async function redisLibrary(load: () => Promise<unknown> = () => import(NAME)): Promise<RedisLibrary> {
  try {
    const module = (await load()) as RedisLibrary & { readonly default?: RedisLibrary };
    return typeof module.createClient === 'function' ? module : module.default!;
  } catch (error) {
    throw new XaynetError('storage-library-missing', `${NAME}: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}`, { cause: error });
  }
}
