// What the text of a module unpacks to is the module's file, byte for byte.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MODULE } from './module.ts';
import { unpackModule } from './module-text.ts';
import { MODULE as UNMASKING } from './unmasking-module.ts';

for (const [name, text] of Object.entries({ masking: MODULE, unmasking: UNMASKING })) {
  test(`${name}.wasm`, () => {
    const file = readFileSync(new URL(`../../../wasm/${name}.wasm`, import.meta.url));
    assert.deepEqual(Buffer.from(unpackModule(text)), file);
    assert.equal(WebAssembly.validate(file), true);
    assert.match(text, /^[ !#%-&(-[\]-_a-~]+$/, 'no character that a minifier would escape');
  });
}
