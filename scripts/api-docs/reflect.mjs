// From sources to what the pages say: TypeDoc finds the exports, their comments and where `{@link …}` leads; TypeScript's nodes
// give the signatures as they were written, which is shorter and truer than types put together again.
import { readFileSync, writeFileSync } from 'node:fs';
import { Application, Converter, ReflectionKind } from 'typedoc';
import ts from 'typescript';

/**
 * One thing that a page documents.
 * @typedef {{
 *   name: string, kind: 'function' | 'class' | 'constant' | 'type', source: string, declarations: string[], comment: Comment | undefined,
 *   members: Member[], events: Member[], mentions: string[], aliasOf?: string,
 * }} Export
 * @typedef {{ name: string, label: string, type: string, optional: boolean, comment: Comment | undefined, from: string | undefined, code: string, kind: string }} Member
 * @typedef {{ summary: Part[], tags: { tag: string, name?: string, content: Part[] }[] }} Comment
 * @typedef {{ kind: 'text' | 'code' | 'link', text: string, target?: { source: string, name: string, member?: string } }} Part
 */

/** All exports of the entries of one package, in the order in which they are exported; entries that only re-export say from where. */
export async function reflect(root, entries) {
  // The index of a package comes last: what a subpath exports is documented there.
  const ordered = [...entries].sort((a, b) => Number(a.specifier.split('/').length === 2) - Number(b.specifier.split('/').length === 2));
  // One program for all entries, whatever platform they are for; `npm run types` checks each with the types that it may use.
  // TypeDoc remembers a configuration by its path, hence one for each package.
  const config = `${root}/scripts/api-docs/node_modules/.tsconfig-${entries[0].package.replace('/', '-')}.json`;
  const compilerOptions = { types: ['node'], composite: false };
  writeFileSync(config, JSON.stringify({ extends: `${root}/tsconfig.base.json`, compilerOptions, files: ordered.map(({ source }) => `${root}/${source}`) }));
  const app = await Application.bootstrap({
    entryPoints: ordered.map((entry) => `${root}/${entry.source}`),
    tsconfig: config,
    basePath: root,
    displayBasePath: root,
    excludePrivate: true,
    excludeProtected: true,
    excludeInternal: true,
    skipErrorChecking: true,
    disableGit: true,
    disableSources: true,
    sort: ['source-order'],
    readme: 'none',
    logLevel: 'Error',
  });
  const symbols = new Map();
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => symbols.set(reflection, context.getSymbolFromReflection(reflection)));
  const project = await app.convert();
  if (project === undefined) throw new Error('TypeDoc gave no result');
  const modules = project.children?.some((child) => child.kind === ReflectionKind.Module) ? project.children : [project];
  const found = new Map();
  for (const entry of ordered) {
    const module = modules.find((child) => fileOf(child, symbols) === `${root}/${entry.source}`) ?? (modules.length === 1 ? modules[0] : undefined);
    // A file without exports is run for what it does.
    if (module === undefined && /^export /m.test(readFileSync(`${root}/${entry.source}`, 'utf8')))
      throw new Error(`${entry.source}: TypeDoc found nothing in it`);
    if (module === undefined) continue;
    found.set(entry, exportsOf(module, symbols, root));
  }
  return found;
}

const fileOf = (module, symbols) => symbols.get(module)?.declarations?.[0]?.getSourceFile().fileName;

function exportsOf(module, symbols, root) {
  const exports = new Map();
  for (const child of module.children ?? []) {
    const target = child.isReference?.() ? child.getTargetReflectionDeep() : child;
    const symbol = symbols.get(target);
    const described = describe(child.name, target, symbol, symbols, root);
    const twin = exports.get(child.name);
    // A value and a type of one name are one thing to their user.
    if (twin !== undefined) {
      const [value, type] = described.kind === 'type' ? [twin, described] : [described, twin];
      exports.set(child.name, { ...value, declarations: [...type.declarations, ...value.declarations], comment: type.comment ?? value.comment });
    } else exports.set(child.name, described);
  }
  return order([...exports.values()], module, symbols);
}

/** TypeDoc orders by file and line; the pages go by the entry file, whose author chose the order. */
function order(exports, module, symbols) {
  const symbol = symbols.get(module);
  const names = symbol?.exports === undefined ? [] : [...symbol.exports.keys()].map(String);
  const place = (entry) => names.indexOf(entry.name);
  return exports.sort((a, b) => (place(a) < 0 || place(b) < 0 ? 0 : place(a) - place(b)));
}

function describe(name, reflection, symbol, symbols, root) {
  const nodes = (symbol?.declarations ?? []).filter((node) => kindOf(node) !== undefined && fits(node, reflection));
  const kind = kindOf(nodes[0]);
  if (kind === undefined) throw new Error(`${name}: no declaration that could be documented`);
  const file = nodes[0].getSourceFile().fileName;
  const source = file.slice(root.length + 1);
  const comment = commentOf(reflection.comment ?? reflection.signatures?.find((signature) => signature.comment)?.comment);
  const members = membersOf(reflection, nodes[0], symbols);
  const typed = nodes.map((node) => typeTexts(node)).join('\n');
  const mentions = [...new Set(`${typed}\n${members.map((member) => member.code).join('\n')}`.match(/\b[A-Z_]\w*\b/g) ?? [])].filter((other) => other !== name);
  return { name, kind, source, declarations: nodes.map(declarationOf), comment, members, events: eventsOf(nodes[0]), mentions };
}

function fits(node, reflection) {
  if (ts.isTypeAliasDeclaration(node)) return reflection.kind === ReflectionKind.TypeAlias;
  if (ts.isVariableDeclaration(node)) return (reflection.kind & (ReflectionKind.Variable | ReflectionKind.Function)) !== 0;
  return true;
}

function kindOf(node) {
  if (node === undefined) return undefined;
  if (ts.isFunctionDeclaration(node)) return 'function';
  if (ts.isClassDeclaration(node)) return 'class';
  if (ts.isVariableDeclaration(node)) return 'constant';
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return 'type';
  return undefined;
}

// Declarations as a reader of types sees them

/** The text of a node without comments inside it. */
function bare(node) {
  const printer = ts.createPrinter({ removeComments: true });
  return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
}

/** Name, parameters and result of a function; a parameter with a default is optional to the caller. */
function head(node) {
  const typed = node.typeParameters === undefined ? '' : `<${node.typeParameters.map((parameter) => parameter.getText()).join(', ')}>`;
  return `${node.name?.getText() ?? ''}${node.questionToken ? '?' : ''}${typed}(${parametersOf(node)})${node.type === undefined ? '' : `: ${node.type.getText()}`}`;
}

function parametersOf(node) {
  return node.parameters
    .map(({ dotDotDotToken, name, questionToken, initializer, type }) => {
      const shown = ts.isIdentifier(name) ? name.text : 'options';
      return `${dotDotDotToken ? '...' : ''}${shown}${questionToken || initializer ? '?' : ''}${type ? `: ${type.getText()}` : ''}`;
    })
    .join(', ');
}

function typeTexts(node) {
  if (ts.isInterfaceDeclaration(node)) return (node.heritageClauses ?? []).map((clause) => clause.getText()).join(' ');
  return declarationOf(node);
}

function declarationOf(node) {
  if (ts.isFunctionDeclaration(node)) return `function ${head(node)};`;
  if (ts.isTypeAliasDeclaration(node)) return bare(node).replace(/^export /, '');
  if (ts.isVariableDeclaration(node)) {
    const { name, type, initializer } = node;
    const literal = initializer !== undefined && /^(-?[\d_.]+n?|'[^']*'|true|false)$/.test(initializer.getText());
    return `const ${name.getText()}${type ? `: ${type.getText()}` : ''}${literal ? ` = ${initializer.getText()}` : ''};`;
  }
  const heritage = (node.heritageClauses ?? []).map((clause) => ` ${clause.getText()}`).join('');
  const parameters = node.typeParameters ? `<${node.typeParameters.map((parameter) => parameter.getText()).join(', ')}>` : '';
  const lines = ownMembers(node).map((member) => `  ${memberCode(member)};`);
  return `${ts.isClassDeclaration(node) ? 'class' : 'interface'} ${node.name.text}${parameters}${heritage} {\n${lines.join('\n')}\n}`;
}

/** The members that a user can reach, getters once. */
function ownMembers(node) {
  const hidden = (member) =>
    (member.name !== undefined && ts.isPrivateIdentifier(member.name)) ||
    ts.isSetAccessor(member) ||
    member.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.PrivateKeyword || modifier.kind === ts.SyntaxKind.ProtectedKeyword) ||
    ts.getJSDocTags(member).some((tag) => tag.tagName.text === 'internal') ||
    (member.body !== undefined &&
      node.members.some((other) => other !== member && other.body === undefined && other.name?.getText() === member.name?.getText()));
  return node.members.filter((member) => !hidden(member) && !ts.isClassStaticBlockDeclaration(member));
}

function memberCode(member) {
  const file = member.getSourceFile();
  const has = (kind) => member.modifiers?.some((modifier) => modifier.kind === kind);
  const fixed = has(ts.SyntaxKind.StaticKeyword) ? 'static ' : '';
  if (ts.isConstructorDeclaration(member)) return `constructor(${parametersOf(member)})`;
  if (ts.isGetAccessor(member)) return `${fixed}readonly ${member.name.getText()}: ${member.type?.getText() ?? 'unknown'}`;
  if (ts.isPropertyDeclaration(member) || ts.isPropertySignature(member)) {
    const readonly = has(ts.SyntaxKind.ReadonlyKeyword) ? 'readonly ' : '';
    const value = member.initializer?.getText();
    const type = member.type?.getText() ?? (value === undefined ? 'unknown' : value.replace(/ as const$/, ''));
    return `${fixed}${readonly}${member.name.getText()}${member.questionToken ? '?' : ''}: ${type}`;
  }
  if (ts.isMethodDeclaration(member)) return `${fixed}${head(member)}`;
  return file.text.slice(member.getStart(file), member.getEnd()).replace(/[;,]$/, '');
}

// Members with their comments, those of bases too

function membersOf(reflection, node, symbols) {
  if (ts.isClassDeclaration(node)) return ownMembers(node).map((member) => classMember(member, reflection));
  if (!ts.isInterfaceDeclaration(node)) return [];
  const members = (reflection.children ?? []).map((child) => {
    const declaration = symbols.get(child)?.declarations?.[0] ?? propertyDeclaration(child, symbols);
    if (declaration === undefined) throw new Error(`${reflection.name}.${child.name}: no declaration`);
    const from = declaration.parent.name?.text;
    return interfaceMember(child, declaration, from === reflection.name ? undefined : from);
  });
  for (const signature of reflection.signatures ?? []) {
    const declaration = node.members.find((member) => ts.isCallSignatureDeclaration(member));
    const code = declaration.getText().replace(/;$/, '');
    members.unshift({
      name: '',
      label: code.replace(/\):.*$/s, ')'),
      type: declaration.type.getText(),
      optional: false,
      comment: commentOf(signature.comment),
      code,
      kind: 'call',
    });
  }
  // What is needed comes first: groups with a member that is not optional; its own ones before those of its bases.
  const groups = basesInOrder(node, members);
  const place = (member) => {
    const group = members.filter((other) => other.from === member.from);
    return (group.some((other) => !other.optional) ? 0 : 1000) + groups.indexOf(member.from);
  };
  return members
    .map((member, i) => [place(member), i, member])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([, , member]) => member);
}

/** Names of the bases in the order in which they are extended, the interface itself (undefined) first. */
function basesInOrder(node, members) {
  const nodes = new Map(members.filter((member) => member.from !== undefined).map((member) => [member.from, member.parent]));
  const order = [undefined];
  const walk = (from) => {
    const names = (from.heritageClauses ?? []).flatMap((clause) => clause.getText().match(/\b[A-Z]\w*/g) ?? []).filter((name) => nodes.has(name));
    order.push(...names);
    for (const name of names) walk(nodes.get(name));
  };
  walk(node);
  return [...new Set([...order, ...nodes.keys()])];
}

function propertyDeclaration(child, symbols) {
  const from = child.inheritedFrom?.reflection;
  return from === undefined ? undefined : symbols.get(from)?.declarations?.[0];
}

function interfaceMember(child, declaration, from) {
  const parent = declaration.parent;
  // TypeDoc loses the comments of methods that come through a mapped type such as Omit.
  const comment = commentOf(child.comment ?? child.signatures?.[0]?.comment) ?? rawComment(declaration);
  const optional = declaration.questionToken !== undefined;
  const code = memberCode(declaration);
  if (ts.isMethodSignature(declaration)) {
    const parameters = declaration.parameters.map((parameter) => `${parameter.name.getText()}${parameter.questionToken ? '?' : ''}`).join(', ');
    const label = `${declaration.name.getText()}(${parameters})`;
    return { name: child.name, label, type: declaration.type?.getText() ?? 'void', optional, comment, from, parent, code, kind: 'method' };
  }
  const type = (declaration.type?.getText() ?? 'unknown').replace(/\s+/g, ' ');
  return { name: child.name, label: child.name, type: optional ? withoutUndefined(type) : type, optional, comment, from, parent, code, kind: 'property' };
}

function classMember(member, reflection) {
  const name = ts.isConstructorDeclaration(member) ? 'constructor' : member.name.getText();
  const fixed = member.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.StaticKeyword) ?? false;
  const child = reflection.children?.find(
    (other) => (other.name === name || `[${other.name}]` === name || name.endsWith(`.${other.name.slice(1)}`)) && Boolean(other.flags.isStatic) === fixed,
  );
  const comment = commentOf(child?.comment ?? child?.getSignature?.comment ?? child?.signatures?.find((signature) => signature.comment)?.comment);
  const kind = ts.isConstructorDeclaration(member) ? 'constructor' : ts.isMethodDeclaration(member) ? 'method' : 'property';
  return { name, label: name, type: member.type?.getText() ?? '', optional: false, comment, from: undefined, code: memberCode(member), kind, fixed };
}

const withoutUndefined = (type) => type.replace(/ \| undefined$/, '').replace(/^\((.*=>.*)\)$/, '$1');

/** A union of objects that differ in `type`: one row each. */
function eventsOf(node) {
  if (!ts.isTypeAliasDeclaration(node) || !ts.isUnionTypeNode(node.type)) return [];
  const discriminated = (part) =>
    ts.isTypeLiteralNode(part) && part.members[0] !== undefined && ts.isPropertySignature(part.members[0]) && part.members[0].name.getText() === 'type';
  if (!node.type.types.every(discriminated)) return [];
  const file = node.getSourceFile();
  let end = node.type.getFullStart();
  return node.type.types.map((part) => {
    // The comment of a part stands before its bar.
    const before = file.text.slice(end, part.getStart(file)).match(/\/\*\*([\s\S]*?)\*\//);
    end = part.getEnd();
    const text = (before?.[1] ?? '').replace(/\n\s*\* ?/g, '\n').trim();
    const [type, ...fields] = part.members.map((member) => memberCode(member).replace(/^readonly /, ''));
    return { name: type.replace(/^type: '|'$/g, ''), fields, comment: { summary: partsOfText(text), tags: [] } };
  });
}

// Comments

/** The comment of a node that TypeDoc has not read, without tags. */
function rawComment(node) {
  const [doc] = ts.getJSDocCommentsAndTags(node);
  const text = doc === undefined ? undefined : ts.getTextOfJSDocComment(doc.comment);
  return text === undefined ? undefined : { summary: partsOfText(text), tags: [] };
}

/** Plain text of a comment, cut at its code and its links. */
function partsOfText(text) {
  return text
    .split(/(`[^`]*`|\{@link [^}]*\})/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      if (piece.startsWith('`')) return { kind: 'code', text: piece };
      if (!piece.startsWith('{@link')) return { kind: 'text', text: piece };
      const shown = piece.slice(7, -1).trim();
      const [name, member] = shown.split('.');
      return { kind: 'link', text: shown, target: { name, member } };
    });
}

function commentOf(comment) {
  if (comment === undefined) return undefined;
  const parts = (content) => content.map((part) => partOf(part));
  return { summary: parts(comment.summary), tags: comment.blockTags.map(({ tag, name, content }) => ({ tag, name, content: parts(content) })) };
}

function partOf(part) {
  if (part.kind !== 'inline-tag') return { kind: part.kind, text: part.text };
  const text = part.text.split('|').at(-1).trim();
  return { kind: 'link', text, target: typeof part.target === 'object' ? targetOf(part.target) : undefined };
}

function targetOf(target) {
  if ('kind' in target && typeof target.kind === 'number') {
    const inside = target.parent !== undefined && target.parent.kind !== ReflectionKind.Module && target.parent.kind !== ReflectionKind.Project;
    return inside ? { name: target.parent.name, member: target.name } : { name: target.name };
  }
  return { name: target.qualifiedName?.split('.')[0] };
}
