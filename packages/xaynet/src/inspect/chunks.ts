// Chunks of several files that belong to one message, put together by core's reassembler, which joins what a coordinator would (wire 6.7).

import { toHex } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import { decodeChunk, MAX_CHUNKS, type Message, parseMessage, Reassembler, verifyMessage } from '@xaynet/core/message';
import { grouped } from '../figures.ts';
import { payloadChecks } from './checks/message.ts';
import { type InspectOptions, inspectBytes } from './inspect.ts';
import { payloadOf } from './layouts/message.ts';
import type { Report } from './report.ts';
import { countText } from './show.ts';

/** The payloads that the chunks among these reports give, or what is missing of them. */
export function joinedReports(reports: readonly Report[], options: InspectOptions): Report[] {
  const groups = new Map<string, Message[]>();
  for (const message of reports.flatMap(chunksIn)) {
    const { messageId } = decodeChunk(message.payload);
    const key = `${toHex(message.participant)}/${message.tag}/${messageId}/${toHex(message.coordinator)}`;
    groups.set(key, [...(groups.get(key) ?? []), message]);
  }
  return [...groups.values()].flatMap((messages) => joined(messages, options));
}

/** The signed chunk messages in a report. */
function chunksIn({ kind, bytes, inside }: Report): Message[] {
  const here: Message[] = [];
  if (kind === 'message' && bytes !== undefined) {
    try {
      const message = parseMessage(bytes);
      if (message.multipart && verifyMessage(message)) {
        decodeChunk(message.payload);
        here.push(message);
      }
    } catch (error) {
      if (!isXaynetError(error)) throw error;
    }
  }
  return [...here, ...inside.flatMap(chunksIn)];
}

function joined(messages: readonly Message[], options: InspectOptions): Report[] {
  const [{ tag, participant }] = messages as [Message];
  const chunks = messages.map(({ payload }) => decodeChunk(payload));
  const { messageId } = chunks[0]!;
  const source = `chunks of message ${messageId}`;
  const most = Number.MAX_SAFE_INTEGER;
  const reassembler = new Reassembler({ maxBytes: most, maxMessages: 1, maxBytesPerMessage: () => most });
  for (const message of messages) {
    const result = reassembler.add(message);
    if (result.status !== 'complete') continue;
    const report = inspectBytes(source, result.payload, { ...options, as: `payload-${tag}`, because: `${messages.length} chunks put together` });
    const checks = payloadChecks(tag, result.payload, options.known, participant);
    return [{ ...report, checks }];
  }
  const last = chunks.find((chunk) => chunk.last)?.id;
  const ids = new Set(chunks.map(({ id }) => id));
  const missing = Array.from({ length: Math.min(MAX_CHUNKS, (last ?? Math.max(...ids)) + 1) }, (_, id) => id).filter((id) => !ids.has(id));
  const named = missing.length === 0 ? '' : `number ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
  const unknown = last === undefined ? `${named === '' ? '' : ' and '}those after ${grouped(Math.max(...ids))}, the last among them` : '';
  const says = `${countText(messages.length, 'chunk', 'chunks')} of ${payloadOf(tag)} here; missing: ${named}${unknown}`;
  return [
    {
      source,
      kind: `payload-${tag}`,
      title: 'chunks that are not all there',
      size: chunks.reduce((sum, { data }) => sum + data.length, 0),
      because: 'they have sender, tag and message id in common',
      fields: [],
      signed: undefined,
      checks: [{ outcome: 'open', says, section: 'wire 6.7' }],
      verdict: undefined,
      inside: [],
      bytes: undefined,
    },
  ];
}
