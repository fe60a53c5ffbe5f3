// `fetch` that counts how many bytes of message and answer bodies travel. The demo's participants talk through it.

import type { Fetch } from '@xaynet/participant';

/** A fetch that tells `onBytes` of every request: bytes of its body, and of the answer's as announced. */
export function countingFetch(onBytes: (up: number, down: number) => void): Fetch {
  return async (url, request) => {
    const response = await fetch(url, request);
    onBytes(request.body?.length ?? 0, Number(response.headers.get('content-length') ?? 0));
    return response;
  };
}
