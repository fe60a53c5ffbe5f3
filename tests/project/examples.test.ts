// Every `@example` of a public export, and every ```ts block of the documents, is run as it stands. An example that says
// `// => value` behind an expression statement is only run, not compared; it must not throw.
import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Beside the packages, because `@xaynet/…` is found from there; ignored by git and removed afterwards.
const folder = join(root, '.examples-under-test');

interface Example {
  readonly name: string;
  readonly code: string;
}

function examplesOfSource(path: string): Example[] {
  const text = readFileSync(join(root, path), 'utf8');
  const blocks = [...text.matchAll(/^\s*\*\s*```ts\n([\s\S]*?)^\s*\*\s*```/gm)];
  return blocks.map((block, i) => ({ name: `${path} example ${i + 1}`, code: block[1]!.replace(/^\s*\* ?/gm, '') }));
}

function examplesOfDocument(path: string): Example[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((block, i) => ({ name: `${path} example ${i + 1}`, code: block[1]! }));
}

const examples = [
  ...globSync('packages/*/src/**/*.ts', { cwd: root })
    .filter((path) => !path.includes('.test.'))
    .sort()
    .flatMap(examplesOfSource),
  ...['README.md', ...globSync('{docs/*,packages/*/README}.md', { cwd: root }).sort()].flatMap(examplesOfDocument),
];

before(() => mkdirSync(folder, { recursive: true }));
after(() => rmSync(folder, { recursive: true, force: true }));

test('there are examples', () => assert.ok(examples.length >= 10, `${examples.length} found`));

for (const [i, example] of examples.entries()) {
  test(example.name, async () => {
    const file = join(folder, `example-${i}.ts`);
    // Nobody listens on port 9 of this machine, whatever runs on the default one.
    writeFileSync(file, example.code.replaceAll('127.0.0.1:8081', '127.0.0.1:9'));
    const print = console.log;
    console.log = () => {};
    try {
      await import(pathToFileURL(file).href);
    } finally {
      console.log = print;
    }
  });
}
