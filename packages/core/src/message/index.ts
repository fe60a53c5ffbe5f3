// Messages: what participants send, from the fields of a payload to signed plain messages and back.
export * from './chunk.ts';
export * from './encoder.ts';
export { HEADER_LENGTH, type Header, type MessageTag, tagByte, tagOf } from './header.ts';
export * from './local-seed-dict.ts';
export * from './message.ts';
export * from './payload.ts';
export * from './reassembler.ts';
export * from './sizes.ts';
