// What a coordinator says of a message, to a client that asks with an Accept header (which browsers send without a preflight).
// Originals answer an empty 200 whatever became of it: then there is no verdict, and none is made up.

import { discardBody, type FetchResponse, readBody } from './http-body.ts';
import type { Verdict } from './ports.ts';

/** The header that asks. */
export const ASKING: Readonly<Record<string, string>> = { accept: 'application/problem+json' };

/** More than any refusal takes; what is longer is no verdict. */
const MAX_BYTES = 4096;
/** Its time is bounded by the time of the whole request. */
const UNTIMED = { received: () => undefined, whole: () => undefined, over: false };

/**
 * The verdict of an answer; undefined when it holds none. A refusal is one that a repetition cannot change: a 4xx with a problem document
 * (RFC 9457) that names a code, but neither 408 nor 429. Reads or discards the body.
 */
export async function verdictOf(response: FetchResponse): Promise<Verdict | undefined> {
  const { status, headers } = response;
  const refused = status >= 400 && status <= 499 && status !== 408 && status !== 429 && /^application\/problem\+json/i.test(headers.get('content-type') ?? '');
  if (!refused) {
    await discardBody(response);
    return status === 200 && headers.get('x-verdict') === 'accepted' ? { accepted: true } : undefined;
  }
  const bytes = await readBody(response, MAX_BYTES, UNTIMED);
  try {
    const { code, title, detail } = JSON.parse(String.fromCharCode(...bytes!)) as Record<string, unknown>;
    if (typeof code !== 'string' || !/^[a-z0-9-]{1,64}$/.test(code)) return undefined;
    return { accepted: false, code, reason: plain(`${title ?? ''} ${detail ?? ''}`) };
  } catch {
    return undefined; // cut off, or no JSON
  }
}

/** Whether the coordinator refuses only because this message, or an earlier one of the participant, counts already. */
export function countsAlready({ code }: { readonly code: string }): boolean {
  return /^(sum|update|mask)-already-/.test(code);
}

/** Words of a stranger, to be shown: one line of printable ASCII, of bounded length. */
function plain(text: string): string {
  return text
    .replace(/[^!-~]+/g, ' ')
    .trim()
    .slice(0, 400);
}
