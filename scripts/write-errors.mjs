// Writes docs/ERRORS.md from the one table of errors (packages/core/src/errors.ts). `npm run errors`; a check compares.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { ERRORS } = await import('../packages/core/src/errors.ts');
const cell = (text) => text.replaceAll('|', '\\|');
const rows = Object.entries(ERRORS).map(([code, { status, sentence, todo }]) => `| \`${code}\` | ${status} | ${cell(sentence)} | ${cell(todo)} |`);
const text = `# Errors

Every error of this project carries one of these codes (\`error.code\`); switch on the code, never on the text. The status is what
a coordinator answers to a client that asked for the true verdict (\`Accept: application/problem+json\`); other clients of
\`POST /message\` get an empty 200, as the protocol has it. This page is written by \`npm run errors\` from
[packages/core/src/errors.ts](../packages/core/src/errors.ts).

| code | status | what happened | what to do |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
writeFileSync(fileURLToPath(new URL('../docs/ERRORS.md', import.meta.url)), text);
console.log(`docs/ERRORS.md: ${rows.length} errors`);
