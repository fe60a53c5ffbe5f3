// From what somebody drew to an image like those of the data set. Its makers prepared the sheets of paper so: shear the digit until its
// top and bottom begin above one another, stretch it to a box of 20 by 32 pixels, thin or thicken its lines until about half of the
// box is ink, and count the inked pixels of each 4×4 block. A model reads only what was prepared like its examples, so the same is
// done here, on the strokes themselves: pure arithmetic, no canvas.

/** A place on the drawing pad, in any unit; y grows downwards. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The line of a pen between touching and leaving the pad. */
export type Stroke = readonly Point[];

const SIZE = 32;
const BLOCK = 4;
const BOX_WIDTH = 20;
/** Inked pixels of a digit of the data set, in the mean; most have about as many. */
const INK = 312;
/** The least and the most that lines are thinned and thickened to, as the radius of the pen in pixels. */
const LEAST_RADIUS = 1.6;
const MOST_RADIUS = 4.2;
/** A line as narrow as a plain 1 is not stretched to the whole box. */
const MOST_STRETCH = 2.5;
const MOST_SHEAR = 0.8;

/** The 8×8 image of a drawing, 64 values from 0 to 1, row by row; undefined when there is no ink. */
export function imageOf(strokes: readonly Stroke[]): Float32Array | undefined {
  const drawn = strokes.filter((stroke) => stroke.length > 0);
  if (drawn.length === 0) return undefined;
  const upright = shear(drawn);
  let radius = 2.5;
  let distances = distancesTo(intoBox(upright, radius));
  radius = radiusFor(distances);
  distances = distancesTo(intoBox(upright, radius));
  radius = radiusFor(distances);
  const image = new Float32Array((SIZE / BLOCK) ** 2);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      if (distances[y * SIZE + x]! <= radius) image[Math.floor(y / BLOCK) * (SIZE / BLOCK) + Math.floor(x / BLOCK)]! += 1 / BLOCK ** 2;
    }
  }
  return image;
}

interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boundsOf(strokes: readonly Stroke[]): Bounds {
  const xs = strokes.flatMap((stroke) => stroke.map(({ x }) => x));
  const ys = strokes.flatMap((stroke) => stroke.map(({ y }) => y));
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

/** Leans the drawing so that the leftmost ink of its top and of its bottom stand above one another. */
function shear(strokes: readonly Stroke[]): Stroke[] {
  const { top, height } = boundsOf(strokes);
  if (height === 0) return [...strokes];
  const edge = height * 0.06;
  const leftmost = (inside: (y: number) => boolean): number => Math.min(...strokes.flatMap((stroke) => stroke.filter(({ y }) => inside(y)).map(({ x }) => x)));
  const shift = leftmost((y) => y >= top + height - edge) - leftmost((y) => y <= top + edge);
  const slope = Math.max(-MOST_SHEAR, Math.min(MOST_SHEAR, shift / height));
  return strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: x - slope * (y - top), y })));
}

/** Stretches the drawing so that with a pen of this radius it fills the box. */
function intoBox(strokes: readonly Stroke[], radius: number): Stroke[] {
  const { left, top, width, height } = boundsOf(strokes);
  const tall = SIZE - 2 * radius;
  const wide = BOX_WIDTH - 2 * radius;
  const whole = Math.max(width, height, 1e-9);
  const down = tall / Math.max(height, whole / 5);
  const across = Math.min(wide / Math.max(width, 1e-9), down * MOST_STRETCH);
  const dx = (SIZE - width * across) / 2;
  const dy = (SIZE - height * down) / 2;
  return strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: dx + (x - left) * across, y: dy + (y - top) * down })));
}

/** How far the middle of each pixel is from the nearest line. */
function distancesTo(strokes: readonly Stroke[]): Float64Array {
  const squares = new Float64Array(SIZE * SIZE).fill(Number.POSITIVE_INFINITY);
  for (const stroke of strokes) {
    for (const [i, to] of stroke.entries()) {
      const from = stroke[i - 1] ?? to;
      const dx = to.x - from.x;
      const dy = to.y - from.y;
      const length = dx * dx + dy * dy;
      for (let at = 0; at < squares.length; at++) {
        const x = (at % SIZE) + 0.5 - from.x;
        const y = Math.floor(at / SIZE) + 0.5 - from.y;
        const t = length === 0 ? 0 : Math.max(0, Math.min(1, (x * dx + y * dy) / length));
        squares[at] = Math.min(squares[at]!, (x - t * dx) ** 2 + (y - t * dy) ** 2);
      }
    }
  }
  return squares.map(Math.sqrt);
}

/** The radius with which as many pixels are inked as in the data set, within reason. */
function radiusFor(distances: Float64Array): number {
  const radius = distances.toSorted()[INK - 1]!;
  return Math.max(LEAST_RADIUS, Math.min(MOST_RADIUS, radius));
}
