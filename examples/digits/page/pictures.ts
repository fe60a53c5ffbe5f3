// Pictures of numbers: an image as the model sees it, the weights that a tab learnt, the bytes that left it.
const SIDE = 8;

/** Draws 64 grey values. */
export function drawImage(canvas: HTMLCanvasElement, image: Float32Array | undefined): void {
  paint(canvas, (x, y) => {
    const grey = 255 - 255 * (image?.[y * SIDE + x] ?? 0);
    return [grey, grey, grey];
  });
}

/** Draws what the hidden units look for, 8×8 weights each, with a line between: blue for ink wanted, orange for ink not wanted. */
export function drawWeights(canvas: HTMLCanvasElement, weights: Float32Array, units: number): void {
  const columns = Math.floor((canvas.width + 1) / (SIDE + 1));
  paint(canvas, (x, y) => {
    const unit = Math.floor(y / (SIDE + 1)) * columns + Math.floor(x / (SIDE + 1));
    const pixel = (y % (SIDE + 1)) * SIDE + (x % (SIDE + 1));
    if (x % (SIDE + 1) === SIDE || y % (SIDE + 1) === SIDE || unit >= units) return [128, 136, 144, 0];
    const weight = Math.max(-1, Math.min(1, 2.2 * weights[pixel * units + unit]!)); // TensorFlow.js keeps a kernel input by input
    const pale = 245 - 215 * Math.abs(weight);
    return weight < 0 ? [235, 120 + (pale - 30) * 0.55, pale] : [pale, 95 + (pale - 30) * 0.68, 225];
  });
}

/** Draws bytes as grey values. */
export function drawBytes(canvas: HTMLCanvasElement, bytes: Uint8Array): void {
  paint(canvas, (x, y) => {
    const byte = bytes[y * canvas.width + x];
    return byte === undefined ? [0, 0, 0, 0] : [byte, byte, byte];
  });
}

function paint(canvas: HTMLCanvasElement, colour: (x: number, y: number) => readonly number[]): void {
  const context = canvas.getContext('2d')!;
  const picture = context.createImageData(canvas.width, canvas.height);
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      const [red, green, blue, alpha = 255] = colour(x, y);
      picture.data.set([red!, green!, blue!, alpha], 4 * (y * canvas.width + x));
    }
  }
  context.putImageData(picture, 0, 0);
}
