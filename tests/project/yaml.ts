// As much of YAML as the files of deploy/ use, for their test: maps and lists by indentation, one scalar a line, plain or in double quotes.
// Anything else is an error, so those files stay simple.

export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** The value of a document. Throws with the line where it is more than this reader knows. */
export function parseYaml(text: string): Yaml {
  const lines = text.split('\n').flatMap((line): Line[] => {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) return [];
    if (line.includes('\t')) throw new Error(`a tab: ${line}`);
    return [{ indent: line.length - line.trimStart().length, text: content }];
  });
  const [value, rest] = block(lines, lines[0]?.indent ?? 0);
  if (rest.length > 0) throw new Error(`indentation: ${rest[0]!.text}`);
  return value;
}

function block(lines: readonly Line[], indent: number): [Yaml, readonly Line[]] {
  return lines[0]?.text.startsWith('- ') ? list(lines, indent) : map(lines, indent);
}

function list(lines: readonly Line[], indent: number): [Yaml, readonly Line[]] {
  const items: Yaml[] = [];
  while (lines[0]?.indent === indent && lines[0].text.startsWith('- ')) {
    const text = lines[0].text.slice(2);
    if (KEY.test(text)) {
      // The map of an item begins behind its dash.
      const [item, rest] = map([{ indent: indent + 2, text }, ...lines.slice(1)], indent + 2);
      items.push(item);
      lines = rest;
    } else {
      items.push(scalar(text));
      lines = lines.slice(1);
    }
  }
  return [items, lines];
}

const KEY = /^([A-Za-z_][\w-]*):(?: (.+))?$/;

function map(lines: readonly Line[], indent: number): [Yaml, readonly Line[]] {
  const entries: Record<string, Yaml> = {};
  while (lines[0]?.indent === indent) {
    const [, key, value] = KEY.exec(lines[0].text) ?? [];
    if (key === undefined || key in entries) throw new Error(`no new key: ${lines[0].text}`);
    lines = lines.slice(1);
    if (value !== undefined) entries[key] = scalar(value);
    else if ((lines[0]?.indent ?? 0) > indent) [entries[key], lines] = block(lines, lines[0]!.indent) as [Yaml, readonly Line[]];
    else entries[key] = '';
  }
  return [entries, lines];
}

function scalar(text: string): Yaml {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^[-?:,[\]{}#&*!|>'%@`]|: | #/.test(text)) throw new Error(`more than a plain scalar: ${text}`);
  return text;
}
