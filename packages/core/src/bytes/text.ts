// Bytes as text and back: hexadecimal and standard base64, strict. No TextEncoder, Buffer or atob: some engines have none.

import { XaynetError } from '../errors.ts';

const HEX = '0123456789abcdef';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Lower-case hexadecimal text of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte >> 4]! + HEX[byte & 15]!;
  return text;
}

/**
 * The bytes of hexadecimal text (either case, no separators); throws `decode-hex`.
 * @example
 * ```ts
 * import { fromHex, toHex } from '@xaynet/core/bytes';
 * toHex(Uint8Array.of(0, 255)); // '00ff'
 * fromHex('00FF'); // Uint8Array [0, 255]
 * fromHex('0x00'); // throws decode-hex
 * ```
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new XaynetError('decode-hex', `${text.length} characters`);
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Standard, padded base64 (alphabet with `+` and `/`) of `bytes`. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += BASE64[group >> 18]! + BASE64[(group >> 12) & 63]!;
    text += i + 1 < bytes.length ? BASE64[(group >> 6) & 63]! : '=';
    text += i + 2 < bytes.length ? BASE64[group & 63]! : '=';
  }
  return text;
}

/**
 * The bytes of standard base64, with or without padding, no stray bits; throws `decode-base64` (wire.md 7.1).
 * @example
 * ```ts
 * import { fromBase64, toBase64 } from '@xaynet/core/bytes';
 * toBase64(Uint8Array.of(251, 255)); // '+/8='
 * fromBase64('+/8'); // Uint8Array [251, 255]
 * fromBase64('-_8='); // throws decode-base64
 * ```
 */
export function fromBase64(text: string): Uint8Array {
  const bad = (why: string): XaynetError => new XaynetError('decode-base64', why);
  const padding = text.length - text.replace(/=+$/, '').length;
  const digits = text.length - padding;
  if (padding > 0 && (text.length % 4 !== 0 || padding > 2)) throw bad('wrong padding');
  if (digits % 4 === 1) throw bad('impossible length');
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < digits; i++) {
    const value = BASE64.indexOf(text[i]!);
    if (value < 0) throw bad(`character ${i + 1} is not of the standard alphabet`);
    bits = ((bits << 6) | value) & 0xfff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 255;
    }
  }
  if ((bits & ((1 << held) - 1)) !== 0) throw bad('stray bits after the last byte');
  return bytes;
}
