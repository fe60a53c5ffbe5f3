// The pages: one for each subpath that a package exports as TypeScript, read from the packages' manifests, so that a new subpath
// has its page without anybody thinking of it. What is said of a page beyond that is here.
import { existsSync, readFileSync } from 'node:fs';

/** Whose exports are documented, in this order. */
const PACKAGES = ['participant', 'core', 'coordinator'];

/** For whom a page is; a new subpath goes without until somebody says. */
const READERS = {
  '@xaynet/participant': 'you write an app that takes part in rounds, on any platform',
  '@xaynet/participant/browser': 'your app is a page',
  '@xaynet/participant/node': 'your app runs on Node, Bun or Deno and keeps its state in a file',
  '@xaynet/participant/tensors': 'your model is named tensors, not one vector',
  '@xaynet/participant/tfjs': 'your model is a TensorFlow.js layers model',
  '@xaynet/participant/onnx': 'your model is an ONNX file',
  '@xaynet/participant/safetensors': 'your model is a safetensors file',
  '@xaynet/participant/npy': 'your model is a NumPy file',
  '@xaynet/participant/reference': 'you take over the state of an original participant',
  '@xaynet/core': 'everything of the core under one name',
  '@xaynet/core/mask': 'you choose a masking configuration, or mask and add up yourself',
  '@xaynet/core/errors': 'you handle errors by their codes',
  '@xaynet/core/bytes': 'you read and write keys and bytes',
  '@xaynet/core/crypto': 'you make keys, sign, seal, or choose the library that does it',
  '@xaynet/core/message': 'you write a participant or coordinator of your own: what is sent',
  '@xaynet/core/round': 'you write a participant or coordinator of your own: what is published',
  '@xaynet/core/threads': 'your masks are so large that threads pay',
  '@xaynet/coordinator': 'you run a coordinator inside a program of your own',
  '@xaynet/coordinator/stores/redis': 'your coordinator keeps its rounds in Redis',
  '@xaynet/coordinator/replay': 'you look at recordings of rounds, or test with them',
};

/** What a page begins with, where it is not its first function. */
const LEADS = {
  '@xaynet/participant': ['runParticipant', 'Participant'],
  '@xaynet/participant/node': ['fileStore', 'nodeFetch'],
  '@xaynet/participant/browser': ['runBrowserParticipant'],
  '@xaynet/participant/tensors': ['flatten', 'unflatten', 'manifestOf'],
  '@xaynet/coordinator': ['Coordinator'],
  '@xaynet/coordinator/stores/redis': ['RedisStore'],
  '@xaynet/coordinator/replay': ['readRecording', 'replay', 'step'],
  '@xaynet/core/mask': ['maskModel', 'deriveMask', 'Aggregation', 'parseMaskConfig', 'maskConfig'],
  '@xaynet/core/round': ['chooseRole', 'taskSignature'],
  '@xaynet/core/message': ['signMessage', 'MessageEncoder', 'parseMessage', 'Reassembler'],
};

/** Subpaths that packages of this project have for one another, with no promise to anybody else: no page. */
const INTERNAL = ['@xaynet/coordinator/documents', '@xaynet/coordinator/files', '@xaynet/coordinator/http', '@xaynet/participant/saved'];

/** @typedef {{ specifier: string, source: string, page: string, reader: string | undefined, lead: string[], package: string, description: string | undefined }} Entry */

/** The TypeScript file behind an export, as Node with the condition `source` finds it. */
function sourceOf(target) {
  if (target === undefined || typeof target === 'string') return typeof target === 'string' && target.endsWith('.ts') ? target : undefined;
  return sourceOf(target.source ?? target.node ?? target.default);
}

/** Every subpath of every package, its source and the name of its page; `root` is the project's folder. */
export function entries(root) {
  return PACKAGES.flatMap((name) => {
    const folder = `packages/${name}`;
    const manifest = JSON.parse(readFileSync(`${root}/${folder}/package.json`, 'utf8'));
    return Object.entries(manifest.exports).flatMap(([subpath, target]) => {
      const source = sourceOf(target);
      if (source === undefined) return [];
      const path = `${folder}/${source.slice(2)}`;
      if (!existsSync(`${root}/${path}`)) throw new Error(`${folder}/package.json: ${subpath} names ${source}, which does not exist`);
      const specifier = manifest.name + subpath.slice(1);
      if (INTERNAL.includes(specifier)) return [];
      const page = `${name}${subpath === '.' ? '' : `-${subpath.slice(2).replaceAll('/', '-')}`}.md`;
      return [
        {
          specifier,
          source: path,
          page,
          reader: READERS[specifier],
          lead: LEADS[specifier] ?? [],
          package: folder,
          description: subpath === '.' ? manifest.description : undefined,
        },
      ];
    });
  });
}
