// The one place where the kernel is chosen: the fastest that loads and passes its self-test, at the first use and once for all. Engines
// without WebAssembly or its vectors, pages whose policy forbids it, and big-endian machines have the plain one; the reason is kept.

import { type KeystreamSource, keystreamSource } from '#keystream';
import { testedKernel } from '#wasm';
import { equalBytes } from '../bytes/compare.ts';
import type { Kernel } from './kernel.ts';
import { writeKeystream } from './keystream.ts';
import { plain } from './plain.ts';

/** What masking runs on, by name. */
export type MaskingBackend = 'plain' | 'wasm' | 'wasm+openssl';

/** A kernel, and why it is no faster one. */
interface Choice {
  readonly kernel: Kernel;
  readonly reason?: string;
}

let choice: Choice | undefined;

/** The kernel that all of masking uses. */
export function kernel(): Kernel {
  return chosen().kernel;
}

/** The kernel in use, chosen now if it was not yet. */
export function chosen(): Choice {
  choice ??= chooseFastest();
  return choice;
}

/** Takes the named kernel from now on, or the fastest; throws when this engine has none of that name. */
export function choose(backend: MaskingBackend | 'auto'): void {
  if (backend === 'auto') choice = chooseFastest();
  else if (backend === 'plain') choice = { kernel: plain, reason: 'chosen by name' };
  else if (backend === 'wasm') choice = { kernel: testedKernel(), reason: 'chosen by name' };
  else if (backend === 'wasm+openssl') choice = { kernel: testedKernel(nativeSource()) };
  else throw new TypeError(`masking backend: 'auto', 'plain', 'wasm' or 'wasm+openssl' expected, ${JSON.stringify(backend)} given`);
}

function chooseFastest(): Choice {
  let kernel: Kernel;
  try {
    kernel = testedKernel();
  } catch (error) {
    return { kernel: plain, reason: reasonOf(error) };
  }
  try {
    return { kernel: testedKernel(nativeSource()) };
  } catch (error) {
    return { kernel, reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function nativeSource(): KeystreamSource {
  const source = keystreamSource();
  if (source === undefined) throw new Error('no native keystream in this engine');
  if (!isKeystream(source)) throw new Error('the native keystream is not that of wire 2.1');
  return source;
}

/** Compares what a source gives with the portable cipher: a long piece and the next, later blocks, and where a counter of 32 bits ends. */
function isKeystream(source: KeystreamSource): boolean {
  const seed = new Uint8Array(32).map((_, i) => 59 * i + 3);
  return [0, 5, 0xffff_fffe, 0x1_0000_0001].every((block) => {
    const next = source.open(seed, block);
    const expected = new Uint32Array(block === 0 ? 0x1000 + 48 : 112);
    writeKeystream(seed, block, expected);
    const bytes = new Uint8Array(expected.buffer);
    const cut = bytes.length - 192;
    return equalBytes(next(cut), bytes.subarray(0, cut)) && equalBytes(next(192), bytes.subarray(cut));
  });
}
