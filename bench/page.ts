// The suite in a page: what chromium.ts bundles and calls.

import type { Line } from './lines.ts';
import { type Order, runSuite } from './suite.ts';

interface Page {
  /** Called with each line as it is there, and with what starts. */
  told(line: Line | string): Promise<void>;
  bench(order: Order, where: string): Promise<void>;
}

const page = globalThis as unknown as Page;

page.bench = async (order, where) => {
  for await (const line of runSuite(order, { where, isPage: true }, (what) => void page.told(what))) await page.told(line);
};
