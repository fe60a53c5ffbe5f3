// Pictures of a coordinator's page, taken in Chromium while two dozen participants learn to read digits in real rounds over loopback:
// `npm run page:pictures` writes docs/images/page-*.png; with `--check` they go to a temporary folder, and it fails when a part of the page is missing.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Coordinator, type CoordinatorEvent, parseSettings, type Settings } from '@xaynet/coordinator';
import { runParticipant } from '@xaynet/participant';
import { type BrowserContext, chromium } from 'playwright-core';
import { FLAGS, findChromium, HOW } from '../bench/chromium-path.ts';
import { LOCAL_TRAINING } from '../packages/xaynet/src/demo/baselines.ts';
import { loadDigits, pickRows, splitDigits } from '../packages/xaynet/src/learning/digits.ts';
import { accuracy, initialWeights, loss, train, WEIGHTS } from '../packages/xaynet/src/learning/network.ts';
import { dealRows } from '../packages/xaynet/src/learning/partition.ts';
import { seededRandom } from '../packages/xaynet/src/learning/seeded-random.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
const PARTICIPANTS = 24;
const SEED = 42;
/** Rounds before the one that is pictured. */
const ROUNDS = 8;
/** Messages of the pictured round's update phase that are there when the picture is taken. */
const ARRIVED = 7;

/** Every part of the page by the id of its heading, with what must be in it. */
const PARTS = {
  round: /sum.*update.*sum2.*unmask/s,
  arrivals: /refused.*sealed box/is,
  reports: /accuracy/,
  masked: /The mean, unmasked/,
  models: /safetensors/,
  rounds: /mean of \d+/,
  health: /Memory/,
  settings: /Power2\/F32\/B0\/M6/,
};

const executablePath = findChromium();
if (executablePath === undefined) {
  console.error(`page-pictures: no Chromium; ${HOW}`);
  process.exit(1);
}
const folder = check ? mkdtempSync(join(tmpdir(), 'xaynet-pictures-')) : join(root, 'docs/images');
const profile = mkdtempSync(join(tmpdir(), 'xaynet-chromium-'));
const data = mkdtempSync(join(tmpdir(), 'xaynet-page-'));
const stop = new AbortController();
const missing: string[] = [];
let coordinator: Coordinator | undefined;
let browser: BrowserContext | undefined;
try {
  mkdirSync(folder, { recursive: true });
  coordinator = await Coordinator.start(settingsOf(0.3));
  let spread = 0;
  const running = coordinator;
  running.on((event) => event.type === 'model' && void report(running, event));
  joinAll(coordinator.url, () => spread);
  browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: [...FLAGS] });
  const page = await browser.newPage();
  page.on('pageerror', (error) => missing.push(`the page failed: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && missing.push(`the page complained: ${message.text()}`));
  await page.setViewportSize({ width: 1180, height: 900 });
  await page.goto(coordinator.url);
  await until((event) => event.type === 'model' && event.round >= ROUNDS);
  spread = 10;
  coordinator.reload(settingsOf(14));
  // The settings hold from the next round on: that with a long update phase.
  const isSlow = (event: CoordinatorEvent): boolean => event.type === 'phase' && event.phase === 'update' && event.earliestEnd! - Date.now() > 10_000;
  const { round } = (await until(isSlow)) as Extract<CoordinatorEvent, { type: 'phase' }>;
  for (let i = 0; i < 3; i++) await fetch(`${coordinator.url}/message`, { method: 'POST', body: new Uint8Array(300).fill(i) });
  let arrived = 0;
  await until((event) => event.type === 'accepted' && event.round === round && event.tag === 'update' && ++arrived >= ARRIVED);
  await page.waitForFunction((least) => Number(document.querySelector('.big')?.textContent) >= least, ARRIVED);
  // The upper parts, down to this one, say most.
  for (const [name, colorScheme, viewport, last] of [
    ['page-light', 'light', { width: 1180, height: 900 }, 'masked'],
    ['page-dark', 'dark', { width: 1180, height: 900 }, 'masked'],
    ['page-phone', 'light', { width: 390, height: 844 }, 'arrivals'],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.evaluate(() => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));
    const height = await page.evaluate((part) => document.getElementById(part)!.parentElement!.getBoundingClientRect().bottom + scrollY + 16, last);
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, clip: { x: 0, y: 0, width: viewport.width, height } });
  }
  for (const [id, pattern] of Object.entries(PARTS)) {
    const text = await page.evaluate((part) => document.getElementById(part)?.parentElement?.innerText ?? '', id);
    if (!pattern.test(text)) missing.push(`${id}: ${pattern} expected, ${JSON.stringify(text.slice(0, 300))} found`);
  }
  console.log(`page-pictures: round ${round} of ${PARTICIPANTS} participants, in ${folder}`);
} finally {
  stop.abort();
  await browser?.close();
  await coordinator?.stop();
  for (const each of [profile, data, ...(check ? [folder] : [])]) rmSync(each, { recursive: true, force: true, maxRetries: 5 });
}
for (const what of missing) console.error(`page-pictures: ${what}`);
process.exit(missing.length === 0 ? 0 : 1);

function settingsOf(least: number): Settings {
  const phase = (min: number, count: number) => ({ count: { min: count }, time: { min, max: 60 } });
  return parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: { sum: { prob: 0.3, ...phase(0.5, 3) }, update: { prob: 0.9, ...phase(least, 8) }, sum2: phase(0.3, 2) },
    model: { length: WEIGHTS },
    store: { kind: 'embedded', path: data },
    page: { masked_update: true },
  });
}

async function report(from: Coordinator, { round, model }: Extract<CoordinatorEvent, { type: 'model' }>): Promise<void> {
  const { test } = splitDigits(loadDigits());
  const weights = Float32Array.from(model.toWeights('F64'));
  await from.report(round, {
    accuracy: accuracy(weights, test),
    loss: loss(
      weights,
      test,
      test.labels.map((_, i) => i),
    ),
  });
}

/** Participants that hold some of the digits each, and send their update some time within `spread()` seconds. */
function joinAll(url: string, spread: () => number): void {
  const digits = splitDigits(loadDigits()).train;
  const random = seededRandom(SEED, 'arrivals');
  const initial = initialWeights(seededRandom(SEED, 'initial'));
  const shares = dealRows(digits.labels, PARTICIPANTS, SEED).map((rows) => pickRows(digits, rows));
  for (const [i, share] of shares.entries()) {
    const own = seededRandom(SEED, `participant ${i}`);
    void runParticipant({
      url,
      scalar: share.labels.length / digits.labels.length,
      signal: stop.signal,
      poll: { min: 20, max: 120 },
      train: async (global) => {
        await sleep(1000 * spread() * random.next(), undefined, { signal: stop.signal }).catch(() => {});
        return train(global === undefined ? initial : Float32Array.from(global.toWeights('F64')), share, LOCAL_TRAINING, own);
      },
    });
  }
}

function until(found: (event: CoordinatorEvent) => boolean): Promise<CoordinatorEvent> {
  return new Promise((resolve) => {
    const end = coordinator!.on((event) => {
      if (!found(event)) return;
      end();
      resolve(event);
    });
  });
}
