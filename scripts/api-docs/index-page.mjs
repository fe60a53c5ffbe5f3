// The first page: which page for whom, how the pages are to be read, and every export by its name.

/** Writes docs/api/README.md. */
export function renderIndex(pages, context) {
  const lines = [
    '# API',
    '',
    'Written from the sources by `npm run docs`. Start with [runParticipant](participant.md#runparticipant) to take part in rounds.',
    '',
    '| import | read it when | begins with |',
    '| --- | --- | --- |',
  ];
  for (const { entry, exports } of pages) {
    const lead = exports.filter(({ kind }) => kind !== 'type').slice(0, 3);
    const begin = lead.map(({ name }) => link(name, entry.page, context)).join(', ');
    lines.push(`| [${entry.specifier}](${entry.page}) | ${entry.reader ?? ''} | ${begin} |`);
  }
  lines.push(
    '',
    'On the pages, code marked `ts` is an example and is run by the tests as it stands, with the values that its comments claim; declarations',
    'are shortened to what a caller needs. Error codes lead to [ERRORS.md](../ERRORS.md), sections such as "wire 4.3" to the contract of the',
    'protocol. Lengths are in bytes and times in milliseconds unless something else is said.',
    '',
    '## Every export',
    '',
  );
  const names = pages.flatMap(({ entry, exports }) => exports.map(({ name }) => ({ name, page: entry.page })));
  // By letter, so that a new export changes one line.
  const keyOf = ({ name, page }) => `${name.toLowerCase()} ${name} ${page}`;
  names.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const [letter, group] of Map.groupBy(names, ({ name }) => name[0].toUpperCase()))
    lines.push(`* **${letter}** ${group.map(({ name, page }) => link(name, page, context)).join(' · ')}`);
  lines.push('');
  return lines.join('\n');
}

function link(name, page, { places }) {
  const place = places.get(name).find((other) => other.page === page);
  return `[\`${name}\`](${page}#${place.anchor})`;
}
