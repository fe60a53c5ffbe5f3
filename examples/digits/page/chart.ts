// Accuracy by round, as a curve.
import { percent } from './element.ts';

/** Accuracy after a round; round 0 is before the first. */
export interface Point {
  readonly round: number;
  readonly accuracy: number;
}

const SVG = 'http://www.w3.org/2000/svg';
const LEFT = 44;
const BOTTOM = 22;

/** Draws the curve of `points` into `svg`, over whatever was there. */
export function drawChart(svg: SVGSVGElement, points: readonly Point[]): void {
  const { clientWidth: width, clientHeight: height } = svg;
  const first = points[0]?.round ?? 0;
  const last = Math.max(points.at(-1)?.round ?? 0, first + 5);
  const x = (round: number): number => LEFT + ((width - LEFT - 10) * (round - first)) / (last - first);
  const y = (accuracy: number): number => (height - BOTTOM - 8) * (1 - accuracy) + 8;
  const shapes: SVGElement[] = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    shapes.push(shape('line', { class: 'grid', x1: LEFT, x2: width - 10, y1: y(share), y2: y(share) }));
    shapes.push(shape('text', { x: LEFT - 8, y: y(share) + 4, 'text-anchor': 'end' }, `${100 * share} %`));
  }
  const step = Math.max(1, Math.ceil((last - first) / (width / 70)));
  for (let round = first; round <= last; round += step) shapes.push(shape('text', { x: x(round), y: height - 4, 'text-anchor': 'middle' }, String(round)));
  const places = points.map(({ round, accuracy }) => `${x(round).toFixed(1)},${y(accuracy).toFixed(1)}`);
  if (points.length > 1) {
    shapes.push(shape('polygon', { class: 'area', points: `${x(first)},${y(0)} ${places.join(' ')} ${x(points.at(-1)!.round)},${y(0)}` }));
    shapes.push(shape('polyline', { class: 'curve', points: places.join(' ') }));
  }
  for (const { round, accuracy } of points) shapes.push(shape('circle', { cx: x(round), cy: y(accuracy), r: 3.5 }));
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('aria-label', `Accuracy by round: ${points.map(({ round, accuracy }) => `${round}: ${percent(accuracy)}`).join(', ')}`);
  svg.replaceChildren(...shapes);
}

function shape(name: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made;
}
