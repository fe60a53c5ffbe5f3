// The completion script for zsh: a function a command, in the words of its own _arguments. It can be sourced, or lie as _xaynet in a folder of $fpath.
// zsh completes what an alias stands for, which in a checkout is the starter: so the script is for both names.

import type { Offer, OfferedOption, Place } from './offers.ts';

/** The script. */
export function zshScript(places: readonly Place[]): string {
  return `#compdef xaynet xaynet.mjs
# Completion of xaynet in zsh; "xaynet completion --help" says where it goes. Made by xaynet completion zsh.

${places.map(placeFunction).join('\n')}
if [[ $funcstack[1] == _xaynet ]]; then _xaynet "$@"; else compdef _xaynet xaynet xaynet.mjs; fi
`;
}

const nameOf = (path: readonly string[]): string => ['_xaynet', ...path].join('_');

function placeFunction({ path, commands, options, values, isVariadic }: Place): string {
  const specs = options.map(optionSpec);
  if (commands.length === 0) {
    const args = values.map((value, i) => quoted(`${isVariadic && i === values.length - 1 ? '*' : `${i + 1}:`}:value:${action(value)}`));
    return `${nameOf(path)}() {\n  _arguments -s -S : ${[...specs, ...args].join(' \\\n    ')}\n}\n`;
  }
  return `${nameOf(path)}() {
  local curcontext="$curcontext" state line
  _arguments -C -s : ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
    command)
      local -a commands=(${commands.map(([name, about]) => quoted(`${name}:${about.replaceAll(':', '\\:')}`)).join(' ')})
      _describe -t commands command commands
      ;;
    rest)
      case $words[1] in
${commands.map(([name]) => `        ${name}) ${nameOf([...path, name])} ;;`).join('\n')}
      esac
      ;;
  esac
}
`;
}

function optionSpec({ flags, about, value, optional }: OfferedOption): string {
  const says = `[${about.replaceAll(/[\\[\]:]/g, '\\$&')}]`;
  const takes = value === undefined ? '' : `${optional ? '::' : ':'}value:${action(value)}`;
  if (flags.length === 1) return quoted(`*${flags[0]}${says}${takes}`);
  return `${quoted(`(${flags.join(' ')})`)}{${flags.join(',')}}${quoted(`${says}${takes}`)}`;
}

function action(value: Offer): string {
  if (value === 'anything') return ' ';
  if (value === 'file') return '_files';
  if (value === 'folder') return '_files -/';
  return `(${value.map((word) => word.replaceAll(/[\s()\\:]/g, '\\$&')).join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
