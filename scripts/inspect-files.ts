// `npm run inspect:files -- FOLDER`: writes the files that docs/INSPECT.md looks into, so that its commands can be tried.
import { mkdirSync } from 'node:fs';
import { writeInspectFiles } from '../tests/project/inspect-files.ts';

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || folder.startsWith('-') || more.length > 0) {
  console.error('usage: npm run inspect:files -- FOLDER');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
console.log(`${writeInspectFiles(folder).length} files written to ${folder}, for the commands in docs/INSPECT.md`);
