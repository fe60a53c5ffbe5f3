// Names and shapes of a model's tensors. Between coordinator and participants a model is one vector; a program that writes a safetensors file
// with several tensors gets the next global model back with the same names and shapes. They are remembered, and a change is an error that
// names both sides: a vector cut in other places would train, and be nonsense.

import { XaynetError } from '@xaynet/core/errors';
import type { Weights } from '@xaynet/core/mask';
import { decodeSafetensors, encodeSafetensors } from '@xaynet/participant/safetensors';
import { checkManifest, flatten, type Manifest, manifestOf, type NamedTensors, unflatten } from '@xaynet/participant/tensors';
import { readFileIfAny, readWholeFile, writePrivateFile } from './files.ts';

/** The name of the tensor of a model that nobody has given names to. */
const ALONE = 'weights';

/** The shapes of one model. */
export class TensorShapes {
  readonly #path: string | undefined;
  #manifest: Manifest | undefined;

  /** Remembered in the file `path`, if one is named; `like`: a safetensors file to take them from. Throws `manifest-invalid`, `tensors-file-…`, `file-unreadable`. */
  constructor(path?: string, like?: string) {
    this.#path = path;
    const kept = path === undefined ? undefined : readFileIfAny(path);
    if (kept !== undefined) this.#manifest = manifestIn(kept, path!);
    if (like === undefined) return;
    const { tensors } = decodeSafetensors(readWholeFile(like), { widen: true });
    if (this.#manifest === undefined) this.#manifest = manifestOf(tensors);
    else flatten(tensors, this.#manifest);
  }

  /** The vector as a safetensors file; of one tensor `weights` while no shapes are known, or when they are of another length. */
  encode(weights: Weights): Uint8Array {
    const manifest = this.#manifest?.length === weights.length ? this.#manifest : undefined;
    const tensors: NamedTensors =
      manifest === undefined ? { [ALONE]: { shape: [weights.length], data: weights } } : unflatten(weights, manifest, { lossy: true });
    return encodeSafetensors(tensors, { format: 'pt' });
  }

  /** The vector of a safetensors file. Throws `tensors-file-…`, and `tensor-…` where it has other tensors than those before. */
  decode(bytes: Uint8Array): Weights {
    const { tensors } = decodeSafetensors(bytes, { widen: true });
    const isAlone = Object.keys(tensors).length === 1 && tensors[ALONE]?.shape.length === 1;
    if (this.#manifest === undefined && isAlone) return tensors[ALONE]!.data;
    return flatten(tensors, this.#manifest ?? manifestOf(tensors));
  }

  /** Remembers the shapes of a file that was good. Throws `file-unwritable`. */
  remember(bytes: Uint8Array): void {
    if (this.#manifest !== undefined) return;
    this.#manifest = manifestOf(decodeSafetensors(bytes, { widen: true }).tensors);
    if (this.#path !== undefined) writePrivateFile(this.#path, `${JSON.stringify(this.#manifest)}\n`, { replace: true });
  }
}

/** A text in the metadata of a safetensors file. */
export function metadataIn(bytes: Uint8Array, name: string): string | undefined {
  return decodeSafetensors(bytes, { only: () => false }).metadata[name];
}

function manifestIn(bytes: Uint8Array, path: string): Manifest {
  try {
    return checkManifest(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new XaynetError('manifest-invalid', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
