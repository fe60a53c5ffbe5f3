// Transcripts in documents: blocks of ```sh transcript with commands behind `$ ` and what they print below. In what is expected, `…` stands for
// anything on its line, and a line of `…` alone for any lines; the addresses of the default settings stand for those of the test.

import { spawn } from 'node:child_process';

/** One command and what it should print. */
export interface Exchange {
  /** Line of the document. */
  readonly line: number;
  readonly command: string;
  readonly expected: string;
}

/** The exchanges in a document, in their order. */
export function exchangesOf(document: string): Exchange[] {
  const exchanges: { line: number; command: string; expected: string }[] = [];
  let inside = false;
  for (const [i, line] of document.split('\n').entries()) {
    if (/^```/.test(line)) inside = line.trim() === '```sh transcript';
    else if (inside && line.startsWith('$ ')) exchanges.push({ line: i + 1, command: line.slice(2), expected: '' });
    else if (inside && exchanges.length > 0) {
      const last = exchanges.at(-1)!;
      // A backslash at the end of a command goes on with it on the next line, as in a shell.
      if (last.expected === '' && last.command.endsWith('\\')) last.command += `\n${line}`;
      else last.expected += `${line}\n`;
    }
  }
  return exchanges;
}

/** Whether `printed` is what `expected` allows. */
export function matches(expected: string, printed: string): boolean {
  const lines = expected.replace(/\n$/, '').split('\n');
  const pattern = lines.map((line) => (line === '…' ? '(?:[^\\n]*\\n)*' : `${line.split('…').map(escaped).join('[^\\n]*')}\\n`)).join('');
  return new RegExp(`^${pattern}$`).test(`${printed.replaceAll('\r', '').replace(/\n$/, '')}\n`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** What a command prints, both outputs together, in `folder`, with `xaynet` as a command of the shell; XAYNET_CURL names another curl. */
export function run(command: string, options: { folder: string; xaynet: string; env: Record<string, string> }): Promise<string> {
  const curl = process.env.XAYNET_CURL === undefined ? '' : `curl() { '${process.env.XAYNET_CURL}' "$@"; }\n`;
  const script = `${curl}xaynet() { ${options.xaynet} "$@"; }\n${command}`;
  const child = spawn('bash', ['-c', script], { cwd: options.folder, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  child.stderr.on('data', (data) => (text += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}
