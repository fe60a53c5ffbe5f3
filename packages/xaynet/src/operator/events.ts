// Follows a coordinator's Server-Sent Events for as long as the caller likes: over lost connections and restarts of the coordinator, from the
// last event seen on, so that nothing that it still keeps is missed.

import { setTimeout as sleep } from 'node:timers/promises';
import { isXaynetError } from '@xaynet/core/errors';
import type { Client } from './client.ts';

/** One event. */
export interface StreamEvent {
  readonly type: string;
  readonly id: string | undefined;
  /** Its data, parsed; the text itself where it is no JSON. */
  readonly data: unknown;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/**
 * The events from now on, until `signal` aborts. The first connection must succeed; later `trouble` is told why one was lost, and undefined
 * when there is one again; `opened` of the first connection.
 */
export async function* followEvents(
  client: Client,
  options: { types?: string | undefined; signal: AbortSignal; trouble: (why: string | undefined) => void; opened?: () => void },
): AsyncGenerator<StreamEvent, void> {
  const { signal, trouble, opened } = options;
  let last: string | undefined;
  let wait = FIRST_WAIT;
  let connected = false;
  let lost = false;
  while (!signal.aborted) {
    try {
      const path = `/events${options.types === undefined ? '' : `?types=${encodeURIComponent(options.types)}`}`;
      const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) };
      const response = await client.open(path, { headers, signal });
      if (!connected) opened?.();
      connected = true;
      if (lost) trouble(undefined);
      lost = false;
      wait = FIRST_WAIT;
      for await (const event of parseEvents(response as AsyncIterable<Uint8Array>)) {
        last = event.id ?? last;
        yield event;
      }
      throw new Error('the coordinator ended the stream');
    } catch (error) {
      if (signal.aborted) return;
      // A mistake on this side, or an answer that will not change, is no reason to ask again.
      if (!connected || ((isXaynetError(error, 'transport-status') || isXaynetError(error, 'transport-refused')) && /: 4\d\d/.test(error.message))) throw error;
      if (!lost) trouble(error instanceof Error ? error.message : String(error));
      lost = true;
      await sleep(wait, undefined, { signal }).catch(() => undefined);
      wait = Math.min(LONGEST_WAIT, 2 * wait);
    }
  }
}

/** The events in the bytes of a stream (HTML, 9.2.6). */
export async function* parseEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent, void> {
  const decoder = new TextDecoder();
  let text = '';
  let fields: { event?: string; id?: string; data: string[] } = { data: [] };
  for await (const piece of bytes) {
    text += decoder.decode(piece, { stream: true });
    const lines = text.split(/\r\n|\n/);
    text = lines.pop()!;
    for (const line of lines) {
      if (line === '') {
        if (fields.data.length > 0) yield { type: fields.event ?? 'message', id: fields.id, data: parsed(fields.data.join('\n')) };
        fields = { data: [] };
        continue;
      }
      const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
      if (name === 'data') fields.data.push(value);
      else if (name === 'event' || name === 'id') fields[name] = value;
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
