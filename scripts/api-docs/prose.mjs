// Links in the sentences of comments: sections of the protocol's contract (`wire 4.3`), quirks, findings, error codes.
import { readFileSync } from 'node:fs';

const CONTRACTS = ['wire', 'participant', 'coordinator'];

/** The anchor that GitHub and others give a heading. */
export function slug(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

/** Reads where sections, findings and codes are; `root` is the project's folder. */
export function readTargets(root) {
  const sections = new Map();
  for (const contract of CONTRACTS) {
    const text = readFileSync(`${root}/docs/protocol/${contract}.md`, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    for (const [, heading, number] of text.matchAll(/^#+ ((?:Appendix )?([A-Z0-9]+(?:\.[0-9]+)*)\.? .*)$/gm))
      sections.set(`${contract} ${number}`, `../protocol/${contract}.md#${slug(heading)}`);
  }
  const codes = new Set([...readFileSync(`${root}/docs/ERRORS.md`, 'utf8').matchAll(/<a id="([a-z0-9-]+)">/g)].map(([, code]) => code));
  return { sections, codes, problems: new Set() };
}

/** Puts links into a sentence; what cannot be found becomes a problem. */
export function linkSections(text, targets) {
  const section = (contract, number, shown) => {
    const target = targets.sections.get(`${contract} ${number}`);
    if (target === undefined) targets.problems.add(`${contract} ${number}: docs/protocol/${contract}.md has no such section`);
    return target === undefined ? shown : `[${shown}](${target})`;
  };
  return text
    .replace(
      /\b(wire|participant|coordinator) (\d+(?:\.\d+)*)((?:(?:, | and | to )\d+(?:\.\d+)*)*)/g,
      (_, contract, first, others) =>
        section(contract, first, `${contract} ${first}`) + others.replace(/\d+(?:\.\d+)*/g, (number) => section(contract, number, number)),
    )
    .replace(/\bQ-\d\d\b/g, (quirk) => section('participant', '10', quirk))
    .replace(/\bthreats (T\d+(?:, T\d+)*)/g, '[findings $1](../SECURITY.md#findings-and-what-this-version-does)');
}

/** A code in back-ticks that is one of the table's leads there. */
export function linkCode(text, targets) {
  const code = text.replaceAll('`', '');
  return targets.codes.has(code) ? `[\`${code}\`](../ERRORS.md#${code})` : undefined;
}
