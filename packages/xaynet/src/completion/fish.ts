// The completion script for fish, from 3.0 on: one line an offer, each under the condition of its command.

import type { OfferedOption, Place } from './offers.ts';

/** The script. */
export function fishScript(places: readonly Place[]): string {
  const groups = places.filter(({ commands }) => commands.length > 0);
  return `# Completion of xaynet in fish; "xaynet completion --help" says where it goes. Made by xaynet completion fish.

# Whether the words before the cursor are those of this command; values of options are no words of a command.
function __xaynet_at
    set -l at
    set -l before ''
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if not contains -- $before ${valued(places).join(' ')}
            switch "$at:$word"
${groups.flatMap(({ path, commands }) => commands.map(([name]) => `                case ${quoted(`${path.join(' ')}:${name}`)}\n                    set at ${[...path, name].join(' ')}`)).join('\n')}
            end
        end
        set before $word
    end
    test "$at" = "$argv"
end

complete -c xaynet -f
${places.flatMap(lines).join('\n')}
`;
}

/** Flags that are followed by a value. */
function valued(places: readonly Place[]): string[] {
  return [...new Set(places.flatMap(({ options }) => options.flatMap(({ flags, value, optional }) => (value === undefined || optional ? [] : flags))))];
}

function lines({ path, commands, options, values }: Place): string[] {
  const at = `complete -c xaynet -n ${quoted(['__xaynet_at', ...path].join(' '))}`;
  return [
    ...commands.map(([name, about]) => `${at} -a ${quoted(name)} -d ${quoted(about)}`),
    ...options.map((option) => `${at}${flagsOf(option)}${valuesOf(option)} -d ${quoted(option.about)}`),
    ...values.flatMap((value) => (value === 'anything' ? [] : [value === 'file' || value === 'folder' ? `${at} -F` : `${at} -a ${quoted(value.join(' '))}`])),
  ];
}

function flagsOf({ flags }: OfferedOption): string {
  return flags.map((flag) => (flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`)).join('');
}

function valuesOf({ value, optional }: OfferedOption): string {
  if (value === undefined || optional) return '';
  if (value === 'file') return ' -r -F';
  if (value === 'folder') return " -x -a '(__fish_complete_directories)'";
  return value === 'anything' ? ' -x' : ` -x -a ${quoted(value.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
