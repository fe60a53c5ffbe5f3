// The user's command line: what stands in braces is filled in, quoted for the shell, and the same values are environment variables.
// Only these names are replaced; all other braces (of awk, of the shell) stay as they are.

/** What a training command is told of its round. */
export interface Given {
  /** Id of the round. */
  readonly round: string;
  /** Where the global model lies; empty: there is none yet. */
  readonly global: string;
  /** Where the trained model is to be written. */
  readonly model: string;
  /** Number of weights. */
  readonly length: number;
  /** What the round computes in: f32, f64, i32 or i64. */
  readonly dataType: string;
  /** Format of both files: npy, safetensors, json, f32, f64, i32 or i64. */
  readonly format: string;
  /** Where the command may write the share of this model in the mean. */
  readonly scalarFile: string;
  /** A folder of its own, for this round. */
  readonly work: string;
}

/** Placeholders and variables: name in braces, name in the environment, member of {@link Given}. */
export const NAMES: readonly (readonly [brace: string, variable: string, member: keyof Given])[] = [
  ['round', 'XAYNET_ROUND', 'round'],
  ['global', 'XAYNET_GLOBAL', 'global'],
  ['model', 'XAYNET_MODEL', 'model'],
  ['length', 'XAYNET_LENGTH', 'length'],
  ['data-type', 'XAYNET_DATA_TYPE', 'dataType'],
  ['format', 'XAYNET_FORMAT', 'format'],
  ['scalar-file', 'XAYNET_SCALAR_FILE', 'scalarFile'],
  ['work', 'XAYNET_WORK', 'work'],
];

/** `command` with its placeholders filled in. A value of harmless letters is not quoted, so that it may also stand inside of quotes. */
export function filledIn(command: string, given: Given, platform: NodeJS.Platform = process.platform): string {
  return command.replaceAll(/\{([a-z-]+)\}/g, (all, name: string) => {
    const row = NAMES.find(([brace]) => brace === name);
    return row === undefined ? all : quoted(String(given[row[2]]), platform);
  });
}

/** The environment variables of a training command. */
export function variables(given: Given): Record<string, string> {
  return Object.fromEntries(NAMES.map(([, variable, member]) => [variable, String(given[member])]));
}

function quoted(text: string, platform: NodeJS.Platform): string {
  if (/^[\w./:@+-]+$/.test(text)) return text;
  if (platform === 'win32') return /^[\w./:\\@+-]+$/.test(text) ? text : `"${text}"`; // a path cannot hold quotes there
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
