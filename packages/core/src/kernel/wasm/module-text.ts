// A module of WebAssembly as text in a script. Base64 makes the same bytes look different wherever they stand, so that the text no longer
// compresses on its way to a page; here a byte is the same one or two printable characters everywhere, and the frequent bytes are the
// characters that scripts have most of, as both share the codes of one compression: a third less (8.7 to 5.8 kB in a participant's bundle).

/** Characters by the value they stand for; none that a quotation escapes. */
const ALPHABET = 'i>btra,(u{}0fds hm1;wlp+?v!-64&g5]Be)=M*PN#:yY9qOVZxJ^jCHK|G_%~XW@Fco2QkE</A3DIzRS7[8TLUn.';
/** Values that are one character; the others are two, of which the first tells by how much more the second counts. */
const SINGLE = 88;
/** Added to a byte before, so that the frequent ones are single. */
const SHIFT = 3;

/** The bytes that scripts/build-wasm.mjs packed, which has the same rules the other way round; a test compares with the file. */
export function unpackModule(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let more = -SHIFT;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < SINGLE) {
      bytes[length++] = more + value;
      more = -SHIFT;
    } else {
      more += SINGLE * (value - SINGLE + 1);
    }
  }
  return bytes.subarray(0, length);
}
