// One page of Markdown: what it is for, what is in it, then every export with what it needs after it. Code that is marked `ts` is an
// example and is run by the tests; declarations are marked `typescript`.
import { linkCode, linkSections, slug } from './prose.mjs';

const KINDS = { function: 0, class: 1, constant: 2, type: 3 };

/** Every export's place: page and anchor, by the page that documents it. */
export function placesOf(pages) {
  const places = new Map();
  for (const page of pages) {
    const used = new Map();
    for (const entry of page.exports) {
      const base = slug(entry.name);
      const count = used.get(base) ?? 0;
      used.set(base, count + 1);
      const place = { page: page.entry.page, package: page.entry.package, anchor: count === 0 ? base : `${base}-${count}`, export: entry };
      places.set(entry.name, [...(places.get(entry.name) ?? []), place]);
    }
  }
  return places;
}

/** The exports of a page in the order of reading: each followed by the types that it is the first to need. */
export function inReadingOrder(exports, lead = []) {
  const byName = new Map(exports.map((entry) => [entry.name, entry]));
  const place = (entry) => (lead.includes(entry.name) ? lead.indexOf(entry.name) - lead.length : KINDS[entry.kind]);
  const roots = exports.filter((entry) => entry.kind !== 'type').sort((a, b) => place(a) - place(b));
  const seen = new Set(roots);
  const ordered = [];
  for (const root of [...roots, ...exports]) {
    if (ordered.includes(root)) continue;
    const queue = [root];
    while (queue.length > 0) {
      const next = queue.shift();
      ordered.push(next);
      for (const name of next.mentions) {
        const type = byName.get(name);
        if (type === undefined || seen.has(type)) continue;
        seen.add(type);
        queue.push(type);
      }
    }
    seen.add(root);
  }
  return ordered;
}

/** Writes one page. `context` has the places of all exports, the targets of links and a formatter for declarations. */
export function renderPage(page, context) {
  const { entry, exports, about, elsewhere } = page;
  const write = new Writer(page, context);
  const lines = [`# ${entry.specifier}`, ''];
  if (about !== '') lines.push(write.text(about), '');
  if (exports.length > 0) lines.push('```typescript', importLine(entry, exports), '```', '');
  const called = exports.filter(({ kind }) => kind !== 'type');
  if (called.length > 0) {
    lines.push('| | |', '| --- | --- |');
    for (const item of called) lines.push(`| ${write.link(item.name)} | ${cell(write.firstSentence(item))} |`);
    lines.push('');
  }
  const types = exports.filter(({ kind }) => kind === 'type');
  if (types.length > 0) lines.push(`Types: ${types.map(({ name }) => write.link(name)).join(' · ')}`, '');
  if (elsewhere.length > 0) {
    lines.push('Also exported here, documented on the page of their subpath:', '', '| page | exports |', '| --- | --- |');
    for (const [specifier, names] of elsewhere)
      lines.push(`| [${specifier}](${context.pageOf(specifier)}) | ${names.map((name) => write.link(name)).join(' · ')} |`);
    lines.push('');
  }
  for (const item of exports) lines.push(...write.section(item));
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

function importLine(entry, exports) {
  const lead = exports.filter(({ kind }) => kind !== 'type').slice(0, 1);
  return lead.length > 0 ? `import { ${lead[0].name} } from '${entry.specifier}';` : `import type { ${exports[0].name} } from '${entry.specifier}';`;
}

const cell = (text) =>
  text
    .replace(/\s+/g, ' ')
    .replace(/(?<!\\)\|/g, '\\|')
    .trim();
const code = (text) => `\`${text}\``;

const examplesOf = ({ comment }) =>
  (comment?.tags ?? [])
    .filter(({ tag }) => tag === '@example')
    .flatMap(({ content }) => content.map(({ text }) => text.match(/\b\w+\b/g) ?? []))
    .flat();
const hasExample = (item) => examplesOf(item).length > 0;

class Writer {
  constructor(page, context) {
    this.page = page;
    this.context = context;
    /** Which interface's table has a member in full. */
    this.described = new Map();
  }

  /** Where an export is documented: on this page, in this package, anywhere. */
  place(name) {
    const places = this.context.places.get(name) ?? [];
    const { page, package: folder } = this.page.entry;
    return places.find((place) => place.page === page) ?? places.find((place) => place.package === folder) ?? places[0];
  }

  href(place, member) {
    const anchor = member === undefined || place.export.kind !== 'class' ? place.anchor : slug(`${place.export.name}.${member}`);
    return `${place.page === this.page.entry.page ? '' : place.page}#${anchor}`;
  }

  link(name, member) {
    const place = this.place(name);
    const shown = code(member === undefined ? name : `${name}.${member}`);
    return place === undefined ? shown : `[${shown}](${this.href(place, member)})`;
  }

  /** A type as inline code, known names in it as links. */
  type(text) {
    const pieces = text.replace(/\s+/g, ' ').split(/\b([A-Z]\w*)\b/);
    let out = '';
    let plain = '';
    const flush = () => {
      if (plain.trim() !== '') out += plain.replace(/^(\s*)(.*?)(\s*)$/s, (_, before, inside, after) => `${before}${code(inside)}${after}`);
      else out += plain;
      plain = '';
    };
    for (const [i, piece] of pieces.entries()) {
      if (i % 2 === 1 && this.place(piece) !== undefined && this.place(piece).export.name === piece) {
        flush();
        out += this.link(piece);
      } else plain += piece;
    }
    flush();
    return out;
  }

  text(raw) {
    return linkSections(raw, this.context.targets);
  }

  parts(parts) {
    return parts
      .map(({ kind, text, target }) => {
        if (kind === 'text') return this.text(text);
        if (kind === 'code') return text.startsWith('```') ? text : (linkCode(text, this.context.targets) ?? text);
        const [name, member] = text.split('.');
        if (target === undefined || this.place(target.name) === undefined) return /^\w+(\.\w+)?$/.test(text) ? this.link(name, member) : code(text);
        return target.member !== undefined ? this.link(target.name, target.member) : this.link(target.name);
      })
      .join('')
      .trim();
  }

  firstSentence({ comment }) {
    const all = this.parts(comment?.summary ?? [])
      .split('\n\n')[0]
      .replace(/\n/g, ' ');
    return /^(?:[^.;(]|\([^)]*\)|\.(?!\s))*[.;]/.exec(all)?.[0].replace(/;$/, '.') ?? all;
  }

  section(item) {
    const lines = [`## ${item.name}`, ''];
    const declaration = this.declaration(item);
    if (declaration !== '') lines.push('```typescript', declaration, '```', '');
    if (item.comment !== undefined) lines.push(this.parts(item.comment.summary), '');
    if (item.events.length > 0) lines.push(...this.events(item.events));
    if (item.kind === 'type' && item.members.length > 0) lines.push(...this.table(item));
    lines.push(...this.tags(item.comment));
    const shownBy = item.kind === 'type' || hasExample(item) ? undefined : this.page.exports.find((other) => examplesOf(other).includes(item.name));
    if (shownBy !== undefined && item.kind !== 'constant') lines.push(`In an example: ${this.link(shownBy.name)}.`, '');
    if (item.kind === 'class') lines.push(...this.classMembers(item));
    lines.push(`<sub>[source](../../${item.source})</sub>`, '');
    return lines;
  }

  /** Properties stand in a table, and need no list of them in code; what has methods is shown whole, as somebody may implement it. */
  declaration(item) {
    if (item.events.length > 0) return '';
    const own = item.members.filter(({ from }) => from === undefined);
    if (item.declarations[0].startsWith('interface ') && own.every(({ kind }) => kind === 'property')) return '';
    return this.context.format(item.declarations.join('\n'));
  }

  /** Members, each in full where the page first has it; a later interface that shares them names them. */
  table(item) {
    const lines = [];
    const shared = new Map();
    const shown = this.declaration(item) !== '';
    for (const [from, members] of Map.groupBy(item.members, (member) => member.from)) {
      const key = ({ name }) => `${from ?? item.name}.${name}`;
      const fresh = members.filter((member) => !this.described.has(key(member)));
      for (const member of members.filter((other) => !fresh.includes(other))) {
        const where = this.described.get(key(member));
        shared.set(where, [...(shared.get(where) ?? []), code(member.name)]);
      }
      if (fresh.length === 0) continue;
      if (from !== undefined && this.place(from) !== undefined) lines.push(`From ${this.link(from)}:`, '');
      else if (lines.length > 0) lines.push('Its own:', '');
      lines.push(...this.rows(fresh, shown && from === undefined));
      for (const member of fresh) this.described.set(key(member), item.name);
    }
    for (const [where, names] of shared) lines.push(`${lines.length > 0 ? 'And, as' : 'As'} in ${this.link(where)}: ${names.join(', ')}.`, '');
    return lines;
  }

  /** A row a member: with its type, unless the declaration stands above. */
  rows(members, declared) {
    const lines = declared ? ['| | |', '| --- | --- |'] : ['| | type | |', '| --- | --- | --- |'];
    for (const member of members) {
      const about = cell(this.parts(member.comment?.summary ?? []));
      if (declared && about === '') continue;
      const label = code(`${member.label}${member.optional && member.kind === 'property' ? '?' : ''}`);
      lines.push(declared ? `| ${label} | ${about} |` : `| ${label} | ${cell(this.type(member.type))} | ${about} |`);
    }
    return lines.length === 2 ? [] : [...lines, ''];
  }

  events(events) {
    const lines = ['| `type` | with | |', '| --- | --- | --- |'];
    for (const { name, fields, comment } of events)
      lines.push(`| ${code(`'${name}'`)} | ${cell(fields.map((field) => this.type(field)).join(', '))} | ${cell(this.parts(comment.summary))} |`);
    return [...lines, ''];
  }

  tags(comment) {
    return (comment?.tags ?? []).flatMap(({ tag, name, content }) => {
      if (tag === '@example') return [this.parts(content), ''];
      const title = tag.slice(1).replace(/^./, (letter) => letter.toUpperCase());
      return [`**${title}**${name === undefined ? '' : ` \`${name}\``} ${this.parts(content)}`, ''];
    });
  }

  classMembers(item) {
    const properties = item.members.filter(({ kind, comment }) => kind === 'property' && comment !== undefined);
    const methods = item.members.filter(({ kind, comment }) => kind !== 'property' && comment !== undefined);
    const overloads = Map.groupBy(methods, ({ name }) => name);
    return [...(properties.length > 0 ? this.rows(properties, true) : []), ...[...overloads.values()].flatMap((group) => this.method(item, group))];
  }

  method(item, group) {
    const [first] = group;
    return [
      `### ${item.name}.${first.name.replace(/^\[|\]$/g, '')}`,
      '',
      '```typescript',
      ...group.map((member) => this.context.format(`${member.code};`, 'member')),
      '```',
      '',
      this.parts(first.comment.summary),
      '',
      ...this.tags(first.comment),
    ];
  }
}
