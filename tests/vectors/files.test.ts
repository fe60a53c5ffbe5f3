// What holds for all files of vectors/: they are listed, their fields add up, and the recorded ones are what was recorded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { files, joined, load, loadBytes } from './load.ts';

test('vectors/README.md lists every file, and nothing that is not there', () => {
  const readme = Buffer.from(loadBytes('README.md')).toString('utf8');
  const listed = [...readme.matchAll(/^\| `([^`]+\.json)` \|/gm)].map(([, name]) => name!).sort();
  assert.deepEqual(
    listed,
    files().filter((name) => name !== 'README.md'),
  );
});

test('every value that stands field by field has its fields, one after another, as its bytes', () => {
  let found = 0;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('fields' in value && 'bytes' in value) {
      joined(value as { fields: Record<string, string>; bytes: string });
      found++;
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  for (const file of files()) if (file.endsWith('.json')) visit(load(file));
  assert.ok(found > 60, `${found} values`);
});

test('files taken over from elsewhere are byte for byte what they were', () => {
  const digests = {
    'group-orders.json': 'cc9733dbfb0cb32a1a310dafc504428f8b4f4121c92c88cf74cb64987c6ea31e',
    'recorded-rounds-small.json': '7a809d9d5fd80b2bdc0a879b0563020c58e3a90f5a8c7b6a9385d84daa1a892c',
    'recorded-rounds-chunked.json': '1b76c68c7a58cc78986f323274a55c07979084773079e6d9f8373820517c77c3',
  };
  for (const [file, digest] of Object.entries(digests)) assert.equal(createHash('sha256').update(loadBytes(file)).digest('hex'), digest, file);
});
