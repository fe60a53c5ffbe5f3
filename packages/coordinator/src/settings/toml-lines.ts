// On which line of a TOML file a key is assigned. The TOML parser gives values without positions; for messages a scan of table headers
// and assignments is enough, and where a file is too clever for it (a key inside a multi-line value) the line of its table is named.

const PART = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*/y;

const DEEPEST = 8;

/** Finds lines in `text`: gives the line (from 1) on which `key` (dotted) or its nearest enclosing table stands, or undefined. */
export function tomlLines(text: string): (key: string) => number | undefined {
  const lines = new Map<string, number>();
  let table: readonly string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\[?([^\]]+)\]/.exec(line);
    const path = header === null ? dottedKey(line, '=') : dottedKey(`${header[1]}]`, ']');
    if (path === undefined) continue;
    if (header !== null) table = path;
    const whole = header === null ? [...table, ...path] : path;
    // What is too deep is reported at one of the levels around it.
    const levels = whole.length <= DEEPEST ? [whole] : whole.slice(0, DEEPEST).map((_, i) => whole.slice(0, i + 1));
    for (const level of levels) {
      const key = level.join('.');
      if (!lines.has(key)) lines.set(key, index + 1);
    }
  }
  return (key) => {
    for (let path = key.split('.'); path.length > 0; path = path.slice(0, -1)) {
      const line = lines.get(path.join('.'));
      if (line !== undefined) return line;
    }
    return undefined;
  };
}

/** The parts of a dotted key that ends with `end`; undefined when the line begins with none. */
function dottedKey(line: string, end: string): string[] | undefined {
  const parts: string[] = [];
  PART.lastIndex = 0;
  for (;;) {
    const found = PART.exec(line);
    if (found === null) return undefined;
    parts.push(found[1] ?? found[2] ?? found[3]!);
    const next = line[PART.lastIndex];
    if (next === end) return parts;
    if (next !== '.') return undefined;
    PART.lastIndex++;
  }
}
