// How long a page takes for an update, and how long it holds its visitor up meanwhile, under the policies of docs/BROWSER.md: whole pages
// in Chromium with a real coordinator beside them. `node --conditions=source bench/pages.ts [WEIGHTS] [TIMES]`; the best of TIMES is printed.
import { launchHonestChromium } from '../tests/browser/chromium.ts';
import { Pages } from '../tests/browser/participant-page.ts';
import { Round } from '../tests/browser/round.ts';

const [length, times] = [Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 5)];
let connect = '';
const self = "default-src 'self'; img-src data:";
const wasm = "script-src 'self' 'wasm-unsafe-eval'";
const POLICIES: Record<string, string> = {
  strict: self,
  wasm: `${self}; ${wasm}`,
  workerless: `${self}; worker-src 'none'`,
  'workerless-wasm': `${self}; worker-src 'none'; ${wasm}`,
};

interface Measured {
  readonly engine: string;
  /** Milliseconds from the end of the training to the first part of the message, to the last part, and the longest in which the page did nothing else. */
  readonly masked: number;
  readonly sent: number;
  readonly block: number;
}

/** Runs in the page. */
function update({ url, keys, length }: { url: string; keys: number[][]; length: number }): Promise<Measured> {
  interface Global {
    readonly xaynet: {
      runBrowserParticipant(options: object): { events(): AsyncIterable<{ type: string; place: string; kernel: string }>; stop(): Promise<unknown> };
    };
  }
  let [block, last, trained, masked] = [0, performance.now(), 0, 0];
  setInterval(() => {
    const now = performance.now();
    if (trained > 0) block = Math.max(block, now - last);
    last = now;
  }, 4);
  const run = (globalThis as unknown as Global).xaynet.runBrowserParticipant({
    url,
    name: `${Math.random()}`,
    poll: { min: 5, max: 20 },
    keys: { publicKey: Uint8Array.from(keys[0]!), secretKey: Uint8Array.from(keys[1]!) },
    train: async () => {
      const weights = Float32Array.from({ length }, (_, i) => Math.sin(i));
      await new Promise((resolve) => setTimeout(resolve, 50)); // the training itself does not count
      trained = last = performance.now();
      return weights;
    },
  });
  return (async () => {
    let engine = '';
    for await (const event of run.events()) {
      if (event.type === 'engine') engine = `${event.place}, ${event.kernel}`;
      if (event.type === 'sending') masked ||= performance.now() - trained;
      if (event.type === 'sent') break;
    }
    const sent = performance.now() - trained;
    await run.stop();
    return { engine, masked, sent, block };
  })();
}

const pages = await Pages.serve(() => Object.fromEntries(Object.entries(POLICIES).map(([name, policy]) => [name, `${policy}; connect-src ${connect}`])));
const browser = await launchHonestChromium();
console.log(`an update of ${length} weights, Prime/F32/B0/M3, best of ${times}\n`);
console.log('| policy | engine | masked | sent | longest block of the page |\n| --- | --- | ---: | ---: | ---: |');
for (const name of ['none', ...Object.keys(POLICIES)]) {
  const all: Measured[] = [];
  for (let i = 0; i < times; i++) {
    const round = await Round.begin(5, length);
    connect = round.url;
    const tab = await pages.open(browser.context, name === 'none' ? '/tag' : `/policy-${name}/tag`);
    await tab.page.bringToFront();
    round.join('sum', 1);
    const { publicKey, secretKey } = round.keys('update');
    all.push(await tab.page.evaluate(update, { url: round.url, keys: [[...publicKey], [...secretKey]], length }));
    await tab.close();
    await round.end();
  }
  const best = (of: 'masked' | 'sent' | 'block'): string => `${Math.round(Math.min(...all.map((measured) => measured[of])))} ms`;
  console.log(`| ${name} | ${all[0]!.engine} | ${best('masked')} | ${best('sent')} | ${best('block')} |`);
}
await browser.close();
await pages.close();
