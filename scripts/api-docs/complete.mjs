// What a page must say of an export: a sentence, and of everything that is called an example, its own or one that uses it.

/** Exports without an example, and why. */
const WITHOUT = {
  '@xaynet/core/threads: portOf': 'joins two threads: an example would be a worker file and a page',
  '@xaynet/core/threads: serveMasks': 'what a worker file calls in its one line',
};

/** What is missing on the pages. */
export function missing(pages) {
  const problems = [];
  const unused = new Set(Object.keys(WITHOUT));
  for (const { entry, exports } of pages) {
    const shown = exports.map(({ comment }) => examplesOf(comment)).join('\n');
    for (const item of exports) {
      const name = `${entry.specifier}: ${item.name}`;
      if (
        (item.comment?.summary ?? [])
          .map(({ text }) => text)
          .join('')
          .trim() === ''
      )
        problems.push(`${name} has no sentence (${item.source})`);
      if (item.kind === 'type') continue;
      unused.delete(name);
      if (item.kind !== 'constant' && !new RegExp(`\\b${item.name}\\b`).test(shown) && WITHOUT[name] === undefined)
        problems.push(`${name} has no example (${item.source})`);
    }
  }
  for (const name of unused) problems.push(`scripts/api-docs/complete.mjs excuses ${name}, which is no export`);
  return problems;
}

function examplesOf(comment) {
  return (comment?.tags ?? [])
    .filter(({ tag }) => tag === '@example')
    .flatMap(({ content }) => content.map(({ text }) => text))
    .join('\n');
}
