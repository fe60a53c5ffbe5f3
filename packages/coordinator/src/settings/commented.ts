// A settings file to begin with: every setting with what it does, what it can be and its default, commented out. Made from the table of
// settings, so that a new setting stands in new files from the day that it exists.

import { SETTINGS_REFERENCE, type SettingRow } from './reference.ts';

const WIDTH = 110;

/** The words before each section that has some. */
const ABOUT: Readonly<Record<string, string>> = {
  log: 'What the coordinator writes to its standard error.',
  api: 'Where participants and operators reach it.',
  admin: 'Routes that change something, on an address of their own. Not there unless set.',
  'pet.sum': 'Who takes part, and what each phase of a round waits for: enough messages, and the least time; it fails at the most time.',
  mask: 'How models are masked. Every participant computes with it: xaynet config explain tells what a configuration costs.',
  model: 'What is trained.',
  store: 'Where rounds and models are kept.',
  intake: 'How messages are taken in.',
  limits: 'What one address, or one participant key, may ask for.',
  record: 'Recordings of rounds, to be looked at with xaynet replay.',
  restore: 'What happens at a start.',
  compat: 'Leniencies of the original coordinator, each a risk. For original participants only.',
  'metrics.influxdb': 'Measurements for an InfluxDB 1.x; Prometheus finds its own at /metrics.',
};

/**
 * The text of a settings file with every setting that is used, commented out but for `model.length`; that too when `length` is left out, and
 * the file must be completed then. With a length it parses to the defaults.
 * @example
 * ```ts
 * import { commentedSettings, parseSettings } from '@xaynet/coordinator';
 * parseSettings(commentedSettings({ length: 2410 })).modelLength; // 2410
 * ```
 */
export function commentedSettings(options: { readonly length?: number | undefined } = {}): string {
  const sections = new Map<string, SettingRow[]>();
  for (const row of SETTINGS_REFERENCE) {
    if (row.use !== 'used') continue;
    const section = row.key.slice(0, row.key.lastIndexOf('.'));
    sections.set(section, [...(sections.get(section) ?? []), row]);
  }
  const head = [
    ...wrapped('Settings of a coordinator. What is commented out stands for its default; remove the "# " in front of a setting to change it.'),
    ...wrapped('A variable overrides a setting: XAYNET__PET__SUM__PROB=0.5 stands for prob in [pet.sum]. To check this file: xaynet coordinator check -c FILE'),
  ].join('\n');
  const blocks = [...sections].map(([section, rows]) =>
    [...(ABOUT[section] === undefined ? [] : wrapped(ABOUT[section])), `[${section}]`, ...rows.map((row) => block(row, options.length))].join('\n'),
  );
  return `${[head, ...blocks].join('\n\n')}\n`;
}

function block(row: SettingRow, length: number | undefined): string {
  const name = row.key.slice(row.key.lastIndexOf('.') + 1);
  const about = wrapped(`${row.meaning} Allowed: ${row.range}.`);
  const rule = row.fallback === undefined && row.default !== '–' && row.default !== 'required' ? wrapped(`Default: ${row.default}.`) : [];
  const isLength = row.key === 'model.length';
  const line = isLength && length !== undefined ? `length = ${length}` : `# ${name} = ${shown(row)}`;
  return ['', ...about, ...rule, line].join('\n');
}

/** The default as TOML, or a word about what stands there. */
function shown({ fallback, type }: SettingRow): string {
  if (fallback !== undefined) return JSON.stringify(fallback);
  return type === 'text' || type === 'choice' ? '"…"' : '…';
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line !== '#') {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
