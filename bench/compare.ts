// The same benchmark at another commit: a work tree of it in a temporary folder, with this checkout's packages from outside and its own
// from inside. Everything is removed again, also after Ctrl-C.

import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from './child.ts';
import { atEnd } from './end.ts';
import { digits, type Line } from './lines.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** The commit that REF means; throws when there is none, or it has no benchmark. */
export function commitOf(ref: string): string {
  let commit: string;
  try {
    commit = git('rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`);
  } catch {
    throw new TypeError(`--compare: ${ref} is no commit of this repository`);
  }
  if (git('ls-tree', '--name-only', commit, 'bench/main.mjs') === '')
    throw new TypeError(`--compare: ${ref} has no bench/main.mjs; it is older than the benchmark`);
  return commit;
}

/** The lines of a commit, measured with the same arguments. */
export async function linesOf(commit: string, args: readonly string[]): Promise<Line[]> {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-bench-'));
  const tree = join(folder, 'tree');
  const forget = atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
    git('worktree', 'prune');
  });
  try {
    git('worktree', 'add', '--detach', '--quiet', tree, commit);
    linkPackages(tree);
    const output = await run(tree, [...args, '--json']);
    return (JSON.parse(output) as { lines: Line[] }).lines;
  } finally {
    forget();
  }
}

/** Links what is in node_modules, but the project's own packages to those of the work tree. */
function linkPackages(tree: string): void {
  const packages = realpathSync(join(root, 'packages'));
  const link = (path: string): void => {
    const real = realpathSync(join(root, path));
    const inside = real.startsWith(packages) ? join(tree, 'packages', relative(packages, real)) : real;
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    if (existsSync(inside)) symlinkSync(inside, join(tree, path));
  };
  for (const name of readdirSync(join(root, 'node_modules'))) {
    const path = join('node_modules', name);
    if (name.startsWith('@') && lstatSync(join(root, path)).isDirectory()) for (const inner of readdirSync(join(root, path))) link(join(path, inner));
    else link(path);
  }
}

function run(tree: string, args: readonly string[]): Promise<string> {
  return outputOf([join(tree, 'bench/main.mjs'), ...args], { what: 'the benchmark of the other commit', signal: 'SIGTERM', cwd: tree });
}

/** A line here beside the same line there. */
export interface Comparison {
  readonly case: string;
  readonly config: string;
  readonly source: string;
  readonly where: string;
  /** Units a second there and here. */
  readonly there: number;
  readonly here: number;
  /** How many times as fast this checkout is, as it was measured, and with both put in relation to their limits. */
  readonly ratio: number;
  readonly steady?: number;
}

/** The lines that both have. */
export function compareLines(here: readonly Line[], there: readonly Line[]): Comparison[] {
  // What is chosen may have changed; everything else meets itself.
  const find = (line: Line): Line | undefined => {
    const place = line.where.split(' ')[0];
    const same = there.filter((other) => other.case === line.case && configOf(other) === configOf(line) && other.where.split(' ')[0] === place);
    return (line.chosen && same.find((other) => other.chosen)) || same.find((other) => other.source === line.source);
  };
  return here.flatMap((line): Comparison[] => {
    const other = find(line);
    if (line.best === undefined || other?.best === undefined) return [];
    const source = other.source === line.source ? line.source : `${other.source} → ${line.source}`;
    const hasSameLimit = line.limit !== undefined && line.limit.name === other.limit?.name;
    return [
      {
        case: line.case,
        config: line.config,
        source,
        where: line.where,
        there: other.best,
        here: line.best,
        ratio: line.best / other.best,
        ...(hasSameLimit ? { steady: line.limit!.ratio / other.limit!.ratio } : {}),
      },
    ];
  });
}

/** Without the number of seeds, which follows the speed. */
function configOf({ config }: Line): string {
  return config.replace(/ × \d+$/, '');
}

/** The comparison as a table. */
export function comparisonText(ref: string, comparisons: readonly Comparison[]): string {
  const head = `${'case'.padEnd(22)} ${'configuration'.padEnd(24)} ${'source'.padEnd(28)} ${`here / ${ref}`.padStart(16)}  limits taken out`;
  const rows = comparisons.map(
    (each) =>
      `${each.case.padEnd(22)} ${each.config.padEnd(24)} ${each.source.padEnd(28)} ${digits(each.ratio).padStart(16)}  ${each.steady === undefined ? '–' : digits(each.steady)}`,
  );
  return [head, ...rows].join('\n');
}
