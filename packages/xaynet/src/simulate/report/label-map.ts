// Who holds what, as a picture: a column a participant, a row a label, the darker the larger its share of the participant's examples. One look
// tells equal shares from skewed ones.

import type { LabelCounts } from '../../learning/task.ts';
import { chartStyle } from './chart.ts';
import { escaped } from './markup.ts';

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 72;
const TOP = 60;
const PLOT = { width: WIDTH - LEFT - 16, height: HEIGHT - TOP - 44 };
/** More columns than these would be too thin to see. */
const MOST_COLUMNS = 80;
/** Cells with less than this share are left out. */
const LEAST = 0.005;

/** The picture as an SVG element; `standalone`: as a file of its own, with paper and style. */
export function labelMap({ labels, counts }: LabelCounts, standalone = false): string {
  const every = Math.ceil(counts.length / MOST_COLUMNS);
  const shown = counts.flatMap((count, index) => (index % every === 0 ? [{ index, count }] : []));
  const [width, height] = [PLOT.width / shown.length, PLOT.height / labels.length];
  const cells = shown.flatMap(({ index, count }, column) => {
    const sum = count.reduce((total, each) => total + each, 0);
    return count.map((each, row) => {
      const share = each / Math.max(1, sum);
      if (share < LEAST) return '';
      const hint = `<title>${escaped(`participant ${index}: ${each} of ${sum} are ${labels[row]}`)}</title>`;
      return `<rect class="bar s1" x="${round(LEFT + column * width)}" y="${round(TOP + row * height)}" width="${round(width)}" height="${round(height - 1)}" fill-opacity="${share.toFixed(2)}">${hint}</rect>`;
    });
  });
  const names = labels.map((label, row) => `<text x="${LEFT - 8}" y="${round(TOP + (row + 0.5) * height + 4)}" text-anchor="end">${escaped(label)}</text>`);
  const title = 'Labels';
  const note = `Share of each label in what participants hold${every === 1 ? '' : `, one participant in ${every} shown`}`;
  const paper = standalone ? `<style>${chartStyle('svg')}</style><rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="10"/>` : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(`${title}. ${note}`)}">${paper}<text class="title" x="16" y="26">${title}</text><text x="16" y="45">${escaped(note)}</text>${names.join('')}${cells.join('')}<text x="${LEFT}" y="${HEIGHT - 26}">0</text><text x="${WIDTH - 16}" y="${HEIGHT - 8}" text-anchor="end">participant</text></svg>`;
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
