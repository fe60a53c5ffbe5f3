// Every `@example` of the sources and every ```ts block of the documents is run as it stands, the values that its comments claim are
// compared (claims.ts), functions that it only defines are called (example-calls.ts), and all of them pass a strict compiler. What docs/api shows as an example is one of those that are run.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withClaims } from './claims.ts';
import { blocksOf, examples, root } from './example-blocks.ts';
import { CALLS, definedOnly } from './example-calls.ts';

// Beside the packages, because `@xaynet/…` is found from there; ignored by git and removed afterwards.
const folder = join(root, '.examples-under-test/node');
const claims = fileURLToPath(new URL('./claims.ts', import.meta.url));
const all = examples();

before(() => mkdirSync(folder, { recursive: true }));
after(() => rmSync(folder, { recursive: true, force: true }));

test('there are examples', () => assert.ok(all.length >= 10, `${all.length} found`));

for (const [i, { name, code, where }] of all.entries()) {
  if (where !== 'node') continue;
  test(name, async () => {
    const file = join(folder, `example-${i}.ts`);
    // Nobody listens on port 9 of this machine, whatever runs on the default one.
    const defined = definedOnly(code);
    for (const name of defined) assert.ok(name in CALLS, `nobody calls ${name}: call it in the example, or in example-calls.ts`);
    const exported = defined.length > 0 ? `\nexport { ${defined.join(', ')} };\n` : '';
    writeFileSync(file, withClaims(code, claims).replaceAll('127.0.0.1:8081', '127.0.0.1:9') + exported);
    const print = console.log;
    console.log = () => {};
    try {
      const example = await import(pathToFileURL(file).href);
      for (const name of defined) await CALLS[name]!(example[name], code);
    } finally {
      console.log = print;
    }
  });
}

test('every example compiles in a strict program', () => {
  const typed = join(folder, 'typed');
  mkdirSync(typed, { recursive: true });
  const names = new Map(all.map(({ name, code }, i) => [`example-${i}.ts`, { name, code }]));
  for (const [file, { code }] of names) writeFileSync(join(typed, file), `${code}\nexport {};\n`);
  const options = { noEmit: true, composite: false, incremental: false, noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(join(typed, 'tsconfig.json'), JSON.stringify({ extends: '../../../tsconfig.tests.json', compilerOptions: options, include: ['*.ts'] }));
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', typed, '--pretty', 'false'], { encoding: 'utf8' });
  } catch (error) {
    const { stdout } = error as { stdout: string };
    const said = stdout.replace(/\S*?(example-\d+\.ts)/g, (_, file) => names.get(file)?.name ?? file);
    assert.fail(said);
  }
});

test('docs/api shows no example that is not run', () => {
  const run = new Set(all.map(({ code }) => code.trim()));
  for (const path of globSync('docs/api/*.md', { cwd: root })) {
    for (const { info, code } of blocksOf(readFileSync(join(root, path), 'utf8'))) {
      if (info === 'typescript') continue; // a declaration
      assert.match(info, /^ts(?: browser)?$/, path);
      assert.ok(run.has(code.trim()), `${path} shows an example that no test runs:\n${code}`);
    }
  }
});
