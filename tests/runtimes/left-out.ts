// The tests that an engine leaves out of the bundle, by rule and with the reason. Nothing else may be left out: suites.test.ts holds every
// engine to these rules, and every rule to tests that it is about.

/** A pattern of `file: name` and the reason. */
export type Rule = readonly [pattern: string, why: string];

/** Left out wherever a provider of crypto is missing: tests say so themselves. */
export const PROVIDERS: RegExp = /^packages\/core\/src\/crypto\/providers\.test\.ts: (node:crypto|sodium-native|webcrypto): /;
/** Start processes of Node, among tests that do not. */
export const PROCESSES: readonly string[] = [
  'packages/core/src/crypto/hash.test.ts: the whole folder works where there is no crypto global, TextEncoder, Buffer or setTimeout',
];

const noKeystream = (why: string): Rule => [': wasm\\+\\w+: ', why];
const NO_WASM: readonly Rule[] = [
  ['^packages/core/src/kernel/wasm/', 'no WebAssembly'],
  ['^packages/core/src/kernel/[a-z]+\\.test\\.ts: wasm: ', 'no WebAssembly'],
  noKeystream('no WebAssembly'),
];

/** Half a minute of a compiler and several of an interpreter, of a suite that takes both some seconds without them. */
const heavy = (file: string, ...names: string[]): Rule[] =>
  names.map((name) => [`^${file}\\.test\\.ts: (\\S+: )?${name}`, 'takes long: compilers run it in CI and with XAYNET_RUNTIMES=all']);
const HEAVY: readonly Rule[] = [
  ...heavy('packages/core/src/kernel/kernel', "draws are the oracle's in all 240", 'draws run on across the edges', 'encoding survives the worst products'),
  ...heavy('packages/core/src/kernel/fractions', 'quotients nearer to a tie', 'vectors of every length around its tiles'),
  ...heavy('packages/core/src/kernel/wasm/narrow', 'draws are exact for orders', 'tiles with weights that one pass', 'sums of many largest elements'),
  ...heavy('packages/core/src/kernel/wasm/wide', 'every configuration encodes', 'ties, whole numbers', 'vectors one shorter than a tile'),
  ...heavy(
    'packages/core/src/crypto/providers',
    'RFC 7748: products',
    'libsodium’s verdict on every hostile',
    'a box with a byte less',
    'X25519 of coordinates above p',
  ),
  ...heavy('packages/core/src/mask/aggregation', 'a mask added in pieces is the mask'),
  ...heavy('packages/core/src/message/reassembler', 'the most chunks there can be'),
  ...heavy('packages/core/src/round/model-reader', 'long documents: cut around', 'every truncation of a document'),
  ...heavy('packages/core/src/round/published-model', 'all 240 configurations'),
  ...heavy('packages/participant/src/restart', 'update task, killed at any call', 'sum task, killed at any call', 'sum task, maximum message size 194'),
  ...heavy('tests/vectors/group-orders', 'all 240 derived masks'),
];
/** What all but QuickJS run, at least in CI: no other test says of all configurations that an engine masks as the catalogue does. */
const CATALOGUE: readonly Rule[] = heavy('packages/core/src/mask/masking', 'all 240 derived masks');
/** In CI, and by `XAYNET_RUNTIMES=all`: everything that can run. */
export const thorough: boolean = process.env.CI === 'true' || process.env.XAYNET_RUNTIMES === 'all';

const COMPILED: readonly Rule[] = [
  ['^packages/core/src/round/model\\.test\\.ts: the worst numbers that are taken cost milliseconds', 'a bound in milliseconds, of Node 24'],
  ...(thorough ? [] : [...HEAVY, ...CATALOGUE]),
];
/** Engines without the embedder of a browser: what tests themselves ask of the platform. */
const BARE: readonly Rule[] = [
  ['^packages/participant/src/participant\\.test\\.ts: options that cannot work are refused', 'no fetch'],
  ['^packages/participant/src/run\\.test\\.ts: the signal stops it, await using stops it', 'no Symbol.asyncDispose'],
  ['^packages/participant/src/stuck\\.test\\.ts: Retry-After is honoured', 'no URL'],
];
const INTERPRETED: readonly Rule[] = [...NO_WASM, ...BARE, COMPILED[0]!, ...HEAVY];

/** What an engine leaves out, by its name. */
export const LEFT_OUT: Readonly<Record<string, readonly Rule[]>> = {
  'Node 24': COMPILED,
  'Node 22': COMPILED,
  Bun: [noKeystream('its node:crypto has no ChaCha20'), ...COMPILED],
  Deno: [noKeystream('its ChaCha20 counts blocks in 32 bits, so the kernel refuses it'), ...COMPILED],
  Chromium: [
    noKeystream('no OpenSSL'),
    ['^packages/participant/src/attackers/t15-linkability\\.test\\.ts: T15: an ETag of a participant', 'a browser keeps documents itself'],
    ...COMPILED,
  ],
  JavaScriptCore: [noKeystream('no OpenSSL'), ...BARE, ...COMPILED],
  Hermes: [
    ['^packages/core/src/crypto/providers\\.test\\.ts: noble: messages in shared memory', 'no SharedArrayBuffer'],
    ...heavy('packages/core/src/round/published-model', 'models of no weights, of one, and of several pieces'),
    ...heavy('packages/participant/src/participant', 'sealed parts obey the maximum size'),
    ...heavy('packages/participant/src/restart', '(sum|update) task, maximum message size'),
    ...heavy('packages/participant/src/run', 'whole rounds: everybody trains'),
    ...heavy('packages/participant/src/snapshot', 'a snapshot of version 1 goes on'),
    ...heavy('tests/vectors/recorded-rounds', 'the model recorded in the small file'),
    ...INTERPRETED,
  ],
  QuickJS: [...CATALOGUE, ...INTERPRETED],
};

/** Share of the runs of each property that an engine makes: the other suites make all of them in Node 24. */
export const SHARE: Readonly<Record<string, number>> = { Hermes: 0.01, QuickJS: 0.01 };
