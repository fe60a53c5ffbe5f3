// The published model of an unmasked sum, and back to weights, as coordinator and participant do it: pieces out, one push in.

import type { DataType, UnmaskedModel, Weights } from '@xaynet/core/mask';
import { encodeUnmaskedModel, ModelReader, modelBody } from '@xaynet/core/round';

/** Makes all pieces of the document, as a coordinator sends them; their bytes in all. */
export function writePieces(unmasked: UnmaskedModel): number {
  let bytes = 0;
  for (const piece of modelBody(unmasked)) bytes += piece.length;
  return bytes;
}

/** The document in one piece. */
export function bytesOfModel(unmasked: UnmaskedModel): Uint8Array {
  return encodeUnmaskedModel(unmasked);
}

/** The weights in a document. */
export function weightsOfModel(bytes: Uint8Array, data: DataType): Weights {
  const reader = new ModelReader(data, { maxLength: 0xffff_ffff });
  reader.push(bytes);
  return reader.finish();
}
