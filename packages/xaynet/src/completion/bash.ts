// The completion script for bash, from 3.2 on: functions of the shell alone, so that a key press starts no process of ours.

import type { Offer, Place } from './offers.ts';

/** The script. */
export function bashScript(places: readonly Place[]): string {
  return `# Completion of xaynet in bash; "xaynet completion --help" says where it goes. Made by xaynet completion bash.

_xaynet() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}" at='' commands='' options='' valued='' before='' word i
  # bash cuts --option=value at the sign.
  if [[ $cur == '=' ]]; then cur=''; elif [[ $prev == '=' ]]; then prev="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  local positional=0
  _xaynet_place "$at"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ $word != '=' && $before != '=' && (-z $before || " $valued " != *" $before "*) ]]; then
      if [[ " $commands " == *" $word "* ]]; then
        at="\${at:+$at }$word"
        _xaynet_place "$at"
      elif [[ $word != -* ]]; then ((positional++)); fi
    fi
    before="$word"
  done
  COMPREPLY=()
  local IFS=$'\\n'
  case "$at:$prev" in
${places.flatMap(valueCases).join('\n')}
  esac
  case "$cur" in
    -*) _xaynet_words "$options" ;;
    *)
      if [[ -n $commands ]]; then _xaynet_words "$commands"; fi
      case "$at:$positional" in
${places.flatMap(argumentCases).join('\n')}
      esac
      ;;
  esac
}

_xaynet_place() {
  case "$1" in
${places.map(placeCase).join('\n')}
  esac
}

_xaynet_words() {
  COMPREPLY=($(compgen -W "\${1// /$'\\n'}" -- "$cur"))
}

_xaynet_files() {
  COMPREPLY=($(compgen "$1" -- "$cur"))
  compopt -o filenames 2> /dev/null
}

complete -F _xaynet xaynet
`;
}

function placeCase({ path, commands, options }: Place): string {
  const flags = options.flatMap((option) => option.flags).join(' ');
  const valued = options.flatMap((option) => (option.value === undefined || option.optional ? [] : option.flags)).join(' ');
  return `    ${quoted(path.join(' '))}) commands=${quoted(commands.map(([name]) => name).join(' '))} options=${quoted(flags)} valued=${quoted(valued)} ;;`;
}

/** What follows options with a value. */
function valueCases({ path, options }: Place): string[] {
  return options.flatMap(({ flags, value, optional }) => {
    if (value === undefined || (optional && value === 'anything')) return [];
    return [`    ${flags.map((flag) => quoted(`${path.join(' ')}:${flag}`)).join(' | ')}) ${action(value)}; return ;;`];
  });
}

/** What follows as positional arguments; the last of some goes on. */
function argumentCases({ path, values, isVariadic }: Place): string[] {
  return values.map((value, i) => {
    const which = isVariadic && i === values.length - 1 ? `${quoted(`${path.join(' ')}:`)}*` : quoted(`${path.join(' ')}:${i}`);
    return `        ${which}) ${action(value)} ;;`;
  });
}

function action(value: Offer): string {
  if (value === 'anything') return ':';
  if (value === 'file') return '_xaynet_files -f';
  if (value === 'folder') return '_xaynet_files -d';
  return `_xaynet_words ${quoted(value.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
