// What bundles may weigh, and what must not be in them. A ceiling is a little above what was measured when it was last moved, and says why;
// who raises one writes the reason. Names are looked for in the minified text: sentences, strings and properties survive it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUNDLES, bundle, compressed } from '../../scripts/size.mjs';

interface Ceiling {
  /** Bytes, minified and compressed by gzip -9. */
  readonly most: number;
  /** Why it is where it is. */
  readonly since: string;
  /** What would show that something is in it that it does not need. */
  readonly without: readonly RegExp[];
}

/** Only a coordinator, a pool or an application that asks for it needs these. */
const ADVICE = /Check disk space|npm run errors/; // what to do about an error
const COORDINATORS = /The settings file is not valid TOML/; // sentences of errors that no participant meets
const UNMASKING = /withinBound|writeFractions/; // unmasked sums
const SLICES = /unmask-sum/; // a pool's slices
const REFERENCE = /unknown state index/; // the original's saved state
const SENTENCES = /The coordinator cannot be reached/;
const TEXT_OF_WASM = /self-test of the WebAssembly kernel/;
const VERDICTS = /6999d5cb5126005c/; // signatures that only what verifies is asked about
const MODELS = /safetensors|numpy/i;
const ALWAYS = [ADVICE, COORDINATORS, REFERENCE, MODELS];

const CEILINGS: Readonly<Record<string, Ceiling>> = {
  participant: {
    most: 48_700,
    since: '1 % above 48 195 (87 731 before the diets of errors, orders, curves and WebAssembly); the bar is 50 000',
    without: [UNMASKING, SLICES, VERDICTS],
  },
  'participant, no-wasm': {
    most: 37_200,
    since: '1 % above 36 738 (it was 69 880); the bar is 40 000',
    without: [UNMASKING, SLICES, VERDICTS, TEXT_OF_WASM],
  },
  'participant, no-sentences, terser': {
    most: 45_000,
    since: '1 % above 44 538; the bar is 50 000',
    without: [UNMASKING, SLICES, VERDICTS, SENTENCES],
  },
  'participant, no-wasm, no-sentences, terser': {
    most: 33_700,
    since: '1 % above 33 309; the bar is 40 000; messages begin with the code of the error',
    without: [UNMASKING, SLICES, VERDICTS, TEXT_OF_WASM, SENTENCES],
  },
  'all of @xaynet/participant': { most: 48_800, since: '1 % above 48 258: little more than what runs it', without: [UNMASKING, SLICES, VERDICTS] },
  'all of @xaynet/participant, no-wasm': {
    most: 37_400,
    since: 'just above 37 257: masking in pieces that tell how far they are took 150',
    without: [UNMASKING, SLICES, VERDICTS, TEXT_OF_WASM],
  },
  runBrowserParticipant: {
    most: 55_200,
    since: '1 % above 54 605 (60 541 before the participant itself lost 5 600): 6 300 for worker, store, locks and rules; sentences are 2 000 of it',
    without: [UNMASKING, SLICES, VERDICTS],
  },
  'runBrowserParticipant, no-wasm': {
    most: 43_800,
    since: 'just above 43 668 (it was 48 961); masking in pieces took 150',
    without: [UNMASKING, SLICES, VERDICTS, TEXT_OF_WASM],
  },
  maskModel: { most: 20_500, since: '1 % above 20 265', without: [UNMASKING, SLICES, VERDICTS] },
  'maskModel, no-wasm': { most: 9_090, since: '1 % above 9 006: in pieces', without: [UNMASKING, SLICES, VERDICTS, TEXT_OF_WASM] },
  'all of @xaynet/core/mask': { most: 29_400, since: '1 % above 29 060: with unmasking, which has a module of its own', without: [SLICES, VERDICTS] },
  'xaynet.js': {
    most: 51_300,
    since: "1 % above 50 729 (73 436 at first), with the page's part of it: worker, store, locks, rules",
    without: [UNMASKING, SLICES, VERDICTS, SENTENCES],
  },
  'xaynet.no-wasm.js': {
    most: 40_300,
    since: '1 % above 39 855 (57 282 at first)',
    without: [UNMASKING, SLICES, VERDICTS, TEXT_OF_WASM, SENTENCES],
  },
};

test('every bundle has a ceiling', () => assert.deepEqual(Object.keys(CEILINGS), BUNDLES));

for (const [name, { most, since, without }] of Object.entries(CEILINGS)) {
  test(`${name}: at most ${most} bytes compressed`, async () => {
    const text = await bundle(name);
    const bytes = compressed(text);
    assert.ok(bytes <= most, `${bytes} bytes; the ceiling is ${most} since: ${since}`);
    assert.ok(bytes > 0.97 * most, `${bytes} bytes: so far below the ceiling of ${most} that it holds nothing; lower it`);
    for (const pattern of [...ALWAYS, ...without]) assert.ok(!pattern.test(text), `${pattern} is in it`);
  });
}

test('what is looked for is there where it is used, so that looking means something', async () => {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    stdin: {
      contents: `
        export * from '@xaynet/core/mask'; export { ERRORS } from '@xaynet/core/errors'; export * from '@xaynet/core/threads'; export * from '@xaynet/core/crypto';
        export * from '@xaynet/participant/reference'; export * from '@xaynet/participant/safetensors';`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    conditions: ['source'],
  });
  const whole = outputFiles[0]!.text;
  for (const pattern of [ADVICE, COORDINATORS, UNMASKING, SLICES, REFERENCE, TEXT_OF_WASM, VERDICTS, MODELS, SENTENCES])
    assert.ok(pattern.test(whole), `${pattern} is nowhere`);
});
