// Reads the body of an answer within a bound: what a server announces or streams can never take more memory than the caller
// allowed. Engines whose fetch has no streams (React Native) are checked by the announced length, then by the real one.

import type { RequestTimer } from './request-time.ts';

/** The part of a fetch answer that this package uses. */
export interface FetchResponse {
  readonly status: number;
  readonly url: string;
  readonly redirected?: boolean | undefined;
  readonly type?: string | undefined;
  readonly headers: { get(name: string): string | null };
  /** A stream with `getReader`, where the engine has streams. */
  readonly body?: unknown;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface ByteStream {
  getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>; cancel(reason?: unknown): Promise<void> };
  cancel?(reason?: unknown): Promise<void>;
}

/** The bytes of the body, or undefined when there are more than `limit` or the request is over; tells `timer` whenever some arrived. */
export async function readBody(
  response: FetchResponse,
  limit: number,
  timer: Pick<RequestTimer, 'received' | 'whole' | 'over'>,
): Promise<Uint8Array | undefined> {
  const announced = Number(response.headers.get('content-length') ?? 0);
  if (announced > limit) {
    await discardBody(response);
    return undefined;
  }
  const stream = streamOf(response);
  if (stream === undefined) {
    timer.whole(announced > 0 ? announced : limit);
    const bytes = new Uint8Array(await response.arrayBuffer());
    return bytes.length > limit ? undefined : bytes;
  }
  const reader = stream.getReader();
  let body = new Uint8Array(0);
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return body.subarray(0, size);
    if (value === undefined || value.length === 0) continue;
    timer.received(value.length);
    size += value.length;
    if (size > limit || timer.over) {
      await reader.cancel().catch(() => undefined);
      return undefined;
    }
    if (size > body.length) body = grown(body, size, announced);
    body.set(value, size - value.length);
  }
}

/** A copy with room for `size` bytes and as many again, but for no more than were announced: a whole body is never held twice. */
function grown(body: Uint8Array, size: number, announced: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size <= announced ? Math.min(2 * size, announced) : 2 * size);
  larger.set(body);
  return larger;
}

/** Lets go of a body that nobody reads, so that the connection is free again. */
export async function discardBody(response: FetchResponse): Promise<void> {
  await streamOf(response)
    ?.cancel?.()
    .catch(() => undefined);
}

function streamOf({ body }: FetchResponse): ByteStream | undefined {
  return typeof body === 'object' && body !== null && 'getReader' in body ? (body as ByteStream) : undefined;
}
