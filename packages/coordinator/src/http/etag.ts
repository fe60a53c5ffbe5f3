// Strong entity tags: the SHA-256 of a published document, worked out once per array. Published arrays never change, so an array is
// its own cache key, and a tag that matches means the same bytes, also after a restart.

import { createHash } from 'node:crypto';

const TAGS = new WeakMap<Uint8Array, string>();

/** The entity tag of a published document, quotes included. */
export function etagOf(body: Uint8Array): string {
  let tag = TAGS.get(body);
  if (tag === undefined) {
    tag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    TAGS.set(body, tag);
  }
  return tag;
}

/** True when an `If-None-Match` header names this tag (or `*`), so that the client need not be sent the body again. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag) return true;
  return ifNoneMatch.split(',').some((item) => {
    const tag = item.trim();
    return tag === '*' || tag.replace(/^W\//, '') === etag;
  });
}
