// The block functions of ChaCha20 and Salsa20: those of @noble/ciphers 2.4.0 (MIT License, Copyright (c) 2022 Paul Miller; see LICENSE-noble),
// with their rounds as they were, cut out of what makes ciphers of any kind of them. Constant words spell "expand 32-byte k".

function rotl(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Writes block number `low` + 2^32 · `high` of the keystream of a key of 8 words, in the original layout, over 16 words from `at` on. */
export function chachaBlock(key: Uint32Array, low: number, high: number, out: Uint32Array, at: number): void {
  let x00 = 0x61707865;
  let x01 = 0x3320646e;
  let x02 = 0x79622d32;
  let x03 = 0x6b206574;
  let x04 = key[0]!;
  let x05 = key[1]!;
  let x06 = key[2]!;
  let x07 = key[3]!;
  let x08 = key[4]!;
  let x09 = key[5]!;
  let x10 = key[6]!;
  let x11 = key[7]!;
  let x12 = low;
  let x13 = high;
  let x14 = 0;
  let x15 = 0;
  for (let r = 0; r < 20; r += 2) {
    x00 = (x00 + x04) | 0;
    x12 = rotl(x12 ^ x00, 16);
    x08 = (x08 + x12) | 0;
    x04 = rotl(x04 ^ x08, 12);
    x00 = (x00 + x04) | 0;
    x12 = rotl(x12 ^ x00, 8);
    x08 = (x08 + x12) | 0;
    x04 = rotl(x04 ^ x08, 7);
    x01 = (x01 + x05) | 0;
    x13 = rotl(x13 ^ x01, 16);
    x09 = (x09 + x13) | 0;
    x05 = rotl(x05 ^ x09, 12);
    x01 = (x01 + x05) | 0;
    x13 = rotl(x13 ^ x01, 8);
    x09 = (x09 + x13) | 0;
    x05 = rotl(x05 ^ x09, 7);
    x02 = (x02 + x06) | 0;
    x14 = rotl(x14 ^ x02, 16);
    x10 = (x10 + x14) | 0;
    x06 = rotl(x06 ^ x10, 12);
    x02 = (x02 + x06) | 0;
    x14 = rotl(x14 ^ x02, 8);
    x10 = (x10 + x14) | 0;
    x06 = rotl(x06 ^ x10, 7);
    x03 = (x03 + x07) | 0;
    x15 = rotl(x15 ^ x03, 16);
    x11 = (x11 + x15) | 0;
    x07 = rotl(x07 ^ x11, 12);
    x03 = (x03 + x07) | 0;
    x15 = rotl(x15 ^ x03, 8);
    x11 = (x11 + x15) | 0;
    x07 = rotl(x07 ^ x11, 7);
    x00 = (x00 + x05) | 0;
    x15 = rotl(x15 ^ x00, 16);
    x10 = (x10 + x15) | 0;
    x05 = rotl(x05 ^ x10, 12);
    x00 = (x00 + x05) | 0;
    x15 = rotl(x15 ^ x00, 8);
    x10 = (x10 + x15) | 0;
    x05 = rotl(x05 ^ x10, 7);
    x01 = (x01 + x06) | 0;
    x12 = rotl(x12 ^ x01, 16);
    x11 = (x11 + x12) | 0;
    x06 = rotl(x06 ^ x11, 12);
    x01 = (x01 + x06) | 0;
    x12 = rotl(x12 ^ x01, 8);
    x11 = (x11 + x12) | 0;
    x06 = rotl(x06 ^ x11, 7);
    x02 = (x02 + x07) | 0;
    x13 = rotl(x13 ^ x02, 16);
    x08 = (x08 + x13) | 0;
    x07 = rotl(x07 ^ x08, 12);
    x02 = (x02 + x07) | 0;
    x13 = rotl(x13 ^ x02, 8);
    x08 = (x08 + x13) | 0;
    x07 = rotl(x07 ^ x08, 7);
    x03 = (x03 + x04) | 0;
    x14 = rotl(x14 ^ x03, 16);
    x09 = (x09 + x14) | 0;
    x04 = rotl(x04 ^ x09, 12);
    x03 = (x03 + x04) | 0;
    x14 = rotl(x14 ^ x03, 8);
    x09 = (x09 + x14) | 0;
    x04 = rotl(x04 ^ x09, 7);
  }
  out[at + 0] = 0x61707865 + x00;
  out[at + 1] = 0x3320646e + x01;
  out[at + 2] = 0x79622d32 + x02;
  out[at + 3] = 0x6b206574 + x03;
  out[at + 4] = key[0]! + x04;
  out[at + 5] = key[1]! + x05;
  out[at + 6] = key[2]! + x06;
  out[at + 7] = key[3]! + x07;
  out[at + 8] = key[4]! + x08;
  out[at + 9] = key[5]! + x09;
  out[at + 10] = key[6]! + x10;
  out[at + 11] = key[7]! + x11;
  out[at + 12] = low + x12;
  out[at + 13] = high + x13;
  out[at + 14] = 0 + x14;
  out[at + 15] = 0 + x15;
}

/** Writes the block of a key of 8 words and an input of 4 (nonce, then counter) over 16 words from `at` on. */
export function salsaBlock(key: Uint32Array, input: Uint32Array, out: Uint32Array, at: number): void {
  let x00 = 0x61707865;
  let x01 = key[0]!;
  let x02 = key[1]!;
  let x03 = key[2]!;
  let x04 = key[3]!;
  let x05 = 0x3320646e;
  let x06 = input[0]!;
  let x07 = input[1]!;
  let x08 = input[2]!;
  let x09 = input[3]!;
  let x10 = 0x79622d32;
  let x11 = key[4]!;
  let x12 = key[5]!;
  let x13 = key[6]!;
  let x14 = key[7]!;
  let x15 = 0x6b206574;
  for (let r = 0; r < 20; r += 2) {
    x04 ^= rotl((x00 + x12) | 0, 7);
    x08 ^= rotl((x04 + x00) | 0, 9);
    x12 ^= rotl((x08 + x04) | 0, 13);
    x00 ^= rotl((x12 + x08) | 0, 18);
    x09 ^= rotl((x05 + x01) | 0, 7);
    x13 ^= rotl((x09 + x05) | 0, 9);
    x01 ^= rotl((x13 + x09) | 0, 13);
    x05 ^= rotl((x01 + x13) | 0, 18);
    x14 ^= rotl((x10 + x06) | 0, 7);
    x02 ^= rotl((x14 + x10) | 0, 9);
    x06 ^= rotl((x02 + x14) | 0, 13);
    x10 ^= rotl((x06 + x02) | 0, 18);
    x03 ^= rotl((x15 + x11) | 0, 7);
    x07 ^= rotl((x03 + x15) | 0, 9);
    x11 ^= rotl((x07 + x03) | 0, 13);
    x15 ^= rotl((x11 + x07) | 0, 18);
    x01 ^= rotl((x00 + x03) | 0, 7);
    x02 ^= rotl((x01 + x00) | 0, 9);
    x03 ^= rotl((x02 + x01) | 0, 13);
    x00 ^= rotl((x03 + x02) | 0, 18);
    x06 ^= rotl((x05 + x04) | 0, 7);
    x07 ^= rotl((x06 + x05) | 0, 9);
    x04 ^= rotl((x07 + x06) | 0, 13);
    x05 ^= rotl((x04 + x07) | 0, 18);
    x11 ^= rotl((x10 + x09) | 0, 7);
    x08 ^= rotl((x11 + x10) | 0, 9);
    x09 ^= rotl((x08 + x11) | 0, 13);
    x10 ^= rotl((x09 + x08) | 0, 18);
    x12 ^= rotl((x15 + x14) | 0, 7);
    x13 ^= rotl((x12 + x15) | 0, 9);
    x14 ^= rotl((x13 + x12) | 0, 13);
    x15 ^= rotl((x14 + x13) | 0, 18);
  }
  out[at + 0] = 0x61707865 + x00;
  out[at + 1] = key[0]! + x01;
  out[at + 2] = key[1]! + x02;
  out[at + 3] = key[2]! + x03;
  out[at + 4] = key[3]! + x04;
  out[at + 5] = 0x3320646e + x05;
  out[at + 6] = input[0]! + x06;
  out[at + 7] = input[1]! + x07;
  out[at + 8] = input[2]! + x08;
  out[at + 9] = input[3]! + x09;
  out[at + 10] = 0x79622d32 + x10;
  out[at + 11] = key[4]! + x11;
  out[at + 12] = key[5]! + x12;
  out[at + 13] = key[6]! + x13;
  out[at + 14] = key[7]! + x14;
  out[at + 15] = 0x6b206574 + x15;
}
