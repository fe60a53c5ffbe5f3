// Shapes of tensors: what is one, how many numbers it has, how it is written in messages.

/** How many numbers a shape has; undefined when it is none. */
export function sizeOf(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return undefined;
  const size = shape.reduce((product: number, size: number) => product * size, 1);
  return Number.isSafeInteger(size) ? size : undefined;
}

/** As many as numpy and PyTorch take. */
const MOST_DIMENSIONS = 64;

/** A shape for messages. */
export function shapeText(shape: unknown): string {
  if (!Array.isArray(shape)) return valueText(shape);
  const sizes = shape.slice(0, MOST_DIMENSIONS).map(valueText);
  return `[${sizes.join(', ')}${shape.length > sizes.length ? ', …' : ''}]`;
}

/** What a file says, for messages: it may be a text of a million letters, or arrays in arrays, a hundred thousand deep. */
export function valueText(value: unknown): string {
  return typeof value === 'object' && value !== null ? typeof value : shortened(String(value));
}

/** A message that quotes a file, not all of a million letters. */
export function shortened(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
