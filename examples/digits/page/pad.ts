// The pad to draw on, with mouse, pen or finger. It keeps the strokes, not the pixels: see src/drawing.ts.
import type { Point, Stroke } from '../src/drawing.ts';

/** A canvas that takes strokes; `changed` is called with every movement. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #changed: () => void;
  #strokes: Point[][] = [];
  #pointer: number | undefined;

  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.#canvas = canvas;
    this.#changed = changed;
    canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    canvas.addEventListener('pointermove', (event) => this.#draw(event));
    for (const type of ['pointerup', 'pointercancel'] as const) canvas.addEventListener(type, (event) => this.#end(event));
    new ResizeObserver(() => this.redraw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
  }

  get strokes(): readonly Stroke[] {
    return this.#strokes;
  }

  clear(): void {
    this.#strokes = [];
    this.redraw();
    this.#changed();
  }

  /** Places are kept from 0 to 1, so that they survive another size of the pad. */
  #place(event: PointerEvent): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  }

  #begin(event: PointerEvent): void {
    if (event.button !== 0 || this.#pointer !== undefined) return;
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#strokes.push([this.#place(event)]);
    this.redraw();
    this.#changed();
  }

  #draw(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) this.#strokes.at(-1)!.push(this.#place(part));
    this.redraw();
    this.#changed();
  }

  #end(event: PointerEvent): void {
    if (event.pointerId === this.#pointer) this.#pointer = undefined;
  }

  redraw(): void {
    const canvas = this.#canvas;
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const context = canvas.getContext('2d')!;
    context.clearRect(0, 0, size, size);
    context.lineWidth = size * 0.06;
    context.lineCap = context.lineJoin = 'round';
    context.strokeStyle = getComputedStyle(canvas).color;
    for (const [first, ...rest] of this.#strokes) {
      context.beginPath();
      context.moveTo(first!.x * size, first!.y * size);
      context.lineTo(first!.x * size, first!.y * size);
      for (const { x, y } of rest) context.lineTo(x * size, y * size);
      context.stroke();
    }
  }
}
