// The page that tests of the browser's participant drive: it has `xaynet` from the script for tags, or from a bundle made with esbuild, and
// writes down the events of each run that it is told to begin, with what JSON can hold of them.
import { fileURLToPath } from 'node:url';
import type { SigningKeyPair } from '@xaynet/core/crypto';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { buildScript } from '../../scripts/build-browser.mjs';
import { type PageServer, servePages } from './chromium.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs in the page. */
const HARNESS = `
const runs = (globalThis.runs = []);
globalThis.begin = ({ keys, worker, train = 0.5, hold, ...options }) => {
  const run = xaynet.runBrowserParticipant({
    poll: { min: 10, max: 50 },
    ...options,
    ...(keys && { keys: { publicKey: Uint8Array.from(keys.publicKey), secretKey: Uint8Array.from(keys.secretKey) } }),
    ...(worker && { worker: typeof worker === 'string' ? () => new Worker(worker, { type: 'module' }) : worker }),
    train: async (global, { length, signal }) => {
      if (hold) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return new Float32Array(length).fill(train);
    },
  });
  const events = [];
  runs.push({ run, events });
  (async () => {
    for await (const event of run.events()) {
      const { params, model, error, participant, ...plain } = event;
      events.push({
        ...plain,
        participant: participant && [...participant],
        weights: model && [...model.weights],
        code: error?.code,
        message: error?.message,
      });
    }
  })();
};
`;

/** What a page wrote down of an event. */
export interface Seen {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** Pages at one origin: \`/tag\` has the script for tags, \`/bundle\` a bundle; \`?policy=NAME\` adds a policy to all that it loads, too. */
export class Pages {
  readonly #server: PageServer;
  /** Scripts that were asked for, in order; a test may clear it. */
  readonly loads: string[];

  private constructor(server: PageServer, loads: string[]) {
    this.#server = server;
    this.loads = loads;
  }

  /** Serves; `policies` are Content-Security-Policies by name, sent with pages and scripts. */
  static async serve(policies: () => Readonly<Record<string, string>> = () => ({})): Promise<Pages> {
    const bundled = async (contents: string): Promise<string> => {
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: root },
        bundle: true,
        minify: true,
        write: false,
        format: 'esm',
        target: 'es2022',
        conditions: ['source'],
      });
      return outputFiles[0]!.text;
    };
    const scripts: Record<string, string> = {
      '/xaynet.js': await buildScript(),
      '/xaynet.no-wasm.js': await buildScript({ wasm: false, smallest: false }),
      '/bundle.js': await bundled("import * as xaynet from '@xaynet/participant/browser'; globalThis.xaynet = xaynet;"),
      '/engine.js': await bundled("import '@xaynet/participant/browser/worker';"),
      '/harness.js': HARNESS,
    };
    const loads: string[] = [];
    const server = await servePages((request, response) => {
      const url = new URL(request.url!, 'http://page');
      const [, policy, path] = /^(?:\/policy-([a-z-]+))?(\/.*)$/.exec(url.pathname)!;
      if (policy !== undefined && (!policy.endsWith('-page') || !path!.endsWith('.js'))) {
        response.setHeader('content-security-policy', policies()[policy.replace(/-page$/, '')]!);
      }
      if (scripts[path!] !== undefined) loads.push(path!);
      if (scripts[path!] !== undefined) return void response.setHeader('content-type', 'text/javascript').end(scripts[path!]);
      const tags =
        path === '/bundle'
          ? '<script type="module" src="bundle.js"></script>'
          : `<script src="${path === '/no-wasm' ? 'xaynet.no-wasm' : 'xaynet'}.js"></script>`;
      response
        .setHeader('content-type', 'text/html')
        .end(`<!doctype html><link rel="icon" href="data:,">${tags}<script type="module" src="harness.js"></script>`);
    });
    return new Pages(server, loads);
  }

  /** Opens a page; with another `host` of this machine it is of another origin, with a storage of its own. */
  async open(context: BrowserContext, path = '/tag', host = '127.0.0.1'): Promise<Tab> {
    const page = await context.newPage();
    const tab = new Tab(page);
    await page.goto(`http://${host}:${this.#server.port}${path}`);
    await page.waitForFunction(() => 'begin' in globalThis && 'xaynet' in globalThis);
    return tab;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** One tab. */
export class Tab {
  readonly page: Page;
  /** What the page complained about. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /** Begins a run; \`train\` is the weight that it trains. */
  async begin(options: { readonly url: string; readonly keys?: SigningKeyPair; readonly [name: string]: unknown }): Promise<void> {
    const { keys } = options;
    const plain = { ...options, keys: keys && { publicKey: [...keys.publicKey], secretKey: [...keys.secretKey] } };
    await this.page.evaluate((given) => (globalThis as unknown as { begin(given: object): void }).begin(given), plain);
  }

  /** Waits until there were so many events with these fields in the last run; returns the first. */
  async until(fields: { readonly [name: string]: unknown }, times = 1): Promise<Seen> {
    try {
      await this.page.waitForFunction(find, { fields, times }, { polling: 20 });
    } catch (error) {
      throw new Error(`no ${JSON.stringify(fields)} in ${JSON.stringify(await this.events())}: ${String(error)}`);
    }
    return (await this.events()).find((event) => Object.entries(fields).every(([name, value]) => JSON.stringify(event[name]) === JSON.stringify(value)))!;
  }

  /** Events of the last run. */
  events(): Promise<Seen[]> {
    return this.page.evaluate(() => (globalThis as unknown as { runs: { events: Seen[] }[] }).runs.at(-1)?.events ?? []);
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

function find({ fields, times }: { fields: { readonly [name: string]: unknown }; times: number }): boolean {
  const { events } = (globalThis as unknown as { runs: { events: Record<string, unknown>[] }[] }).runs.at(-1)!;
  return events.filter((event) => Object.entries(fields).every(([name, value]) => JSON.stringify(event[name]) === JSON.stringify(value))).length >= times;
}
