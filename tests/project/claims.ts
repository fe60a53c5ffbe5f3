// What the comments of examples claim, made into checks: `expression; // value` and `const name = …; // value` must be that value, and
// `statement; // throws some-code` must throw that error. A comment that is no literal is prose. Portable: examples for pages are checked in pages.

/** What a checked example calls; it is imported under these names, so that no example can have them by chance. */
const PRELUDE = (claims: string): string => `import { expectClaim as __expect, expectThrows as __throws } from ${JSON.stringify(claims)};\n`;

const STATEMENT = /^(\s*)((?:(?:export )?const (\w+)(?:: [^=]+)? = )?.+?);\s*\/\/ (.+)$/;
const KEYWORDS =
  /^(?:if|for|while|do|return|break|continue|throw|import|export|const|let|var|function|class|type|interface|try|catch|switch|case|using|await using|[{}])\b/;

/**
 * The example with its claims as checks; `claims` is where this file is imported from. A claim that ends with `in Node` is none in a page. Throws when a comment claims a value where
 * none can be compared, and when a bare `name.property;` claims nothing that can be.
 */
export function withClaims(code: string, claims: string, where: 'node' | 'browser' = 'node'): string {
  const lines = code.split('\n').map((line) => {
    const [, indent = '', statement = '', declared, comment = ''] = STATEMENT.exec(line) ?? [];
    if (statement === '' || /(?:^|\s)\/\//.test(statement)) return line;
    const thrown = /^throws ([a-z0-9-]+)(?:: .*)?$/.exec(comment)?.[1];
    if (thrown !== undefined) return `${indent}await __throws(async () => { ${statement}; }, ${JSON.stringify(thrown)});`;
    if (where === 'browser' && / in Node$/.test(comment)) return line;
    const values = claimedValues(comment);
    const bare = /^[\w.!?[\]]+$/.test(statement) && !KEYWORDS.test(statement);
    if (values === undefined) {
      if (bare) throw new Error(`${line.trim()}: the comment is no value that could be compared`);
      return line;
    }
    if (declared !== undefined) return `${indent}${statement}; __expect(${declared}, [${values.join(', ')}], ${JSON.stringify(line.trim())});`;
    if (KEYWORDS.test(statement)) throw new Error(`${line.trim()}: the comment claims a value, and the statement has none`);
    return `${indent}__expect(${statement}, [${values.join(', ')}], ${JSON.stringify(line.trim())});`;
  });
  return lines.join('\n') === code ? code : PRELUDE(claims) + lines.join('\n');
}

/** The values that a comment claims, as code: one, or those of `a, b or c`; undefined for prose. `: …` after a value is prose. */
export function claimedValues(comment: string): string[] | undefined {
  const values: string[] = [];
  let rest = comment.replace(/^=> /, '');
  for (;;) {
    const value = literal(rest);
    if (value === undefined) return undefined;
    rest = rest.slice(value.length);
    const bytes = /^ bytes?(?=$|:)/.exec(rest);
    if (bytes !== null) rest = rest.slice(bytes[0].length);
    values.push(bytes === null ? code(value) : `{ bytes: ${value} }`);
    const next = /^(?:,(?= .* or )| or) (?=.)/.exec(rest);
    if (next === null) break;
    rest = rest.slice(next[0].length);
  }
  return rest === '' || rest.startsWith(': ') || rest === ' in Node' ? values : undefined;
}

/** The literal at the beginning of a text. */
function literal(text: string): string | undefined {
  const simple = /^(?:-?\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?n?|'[^']*'|true|false|null|undefined|NaN|-?Infinity)(?![\w./%])/.exec(text);
  if (simple !== null) return simple[0];
  const opened = /^(?:[A-Z]\w*Array )?[[{]/.exec(text);
  if (opened === null) return undefined;
  let depth = 0;
  for (let i = opened[0].length - 1; i < text.length; i++) {
    if ('[{'.includes(text[i]!)) depth++;
    if (']}'.includes(text[i]!)) depth--;
    if (depth === 0) return isLiteral(text.slice(0, i + 1)) ? text.slice(0, i + 1) : undefined;
  }
  return undefined;
}

/** `Float32Array [1, 2]`, as Node and browsers print it, is no code yet. */
const code = (value: string): string => value.replace(/\b(\w+Array) \[/g, '$1.from([').replace(/^(\w+Array\.from\(\[.*\])$/, '$1)');

/** Whether a bracketed text names nothing but values: `{ round, length }` is prose. */
function isLiteral(text: string): boolean {
  const words =
    text
      .replace(/^\w+Array /, '')
      .replace(/'[^']*'/g, "''")
      .match(/[A-Za-z_$]\w*(?!\s*:)\b(?!\s*:)/g) ?? [];
  return words.every((word) => ['true', 'false', 'null', 'undefined', 'NaN', 'Infinity', 'n'].includes(word));
}

/** Throws unless `actual` is one of the claimed values; `{ bytes: n }` claims a length. */
export function expectClaim(actual: unknown, claimed: readonly unknown[], line: string): void {
  const found = shown(actual);
  for (const claim of claimed) {
    if (shown(claim) === found) return;
    const bytes = typeof claim === 'object' && claim !== null && 'bytes' in claim ? claim.bytes : undefined;
    if (bytes !== undefined && (actual === bytes || (ArrayBuffer.isView(actual) && actual.byteLength === bytes))) return;
  }
  throw new Error(`${line}: it is ${found}`);
}

/** Throws unless `run` fails with this code. */
export async function expectThrows(run: () => Promise<void>, expected: string): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === expected) return;
    throw new Error(`it throws ${code ?? error} instead of ${expected}`, { cause: error });
  }
  throw new Error(`it does not throw ${expected}`);
}

/** A value as text that tells apart all that examples can hold: types, -0, undefined, the order of keys does not matter. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} [${Array.from(value as unknown as ArrayLike<unknown>, shown).join(', ')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{ ${entries.map(([key, inside]) => `${key}: ${shown(inside)}`).join(', ')} }`;
}
