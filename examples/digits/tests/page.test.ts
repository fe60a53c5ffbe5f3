// The whole example in Chromium, by its one command: three tabs take part beside some devices; a digit is drawn with the mouse; a tab is
// closed in mid-round and opened again; the model of all gets better. With XAYNET_SCREENSHOTS=FOLDER it leaves pictures there.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { FLAGS, findChromium } from '../../../bench/chromium-path.ts';
import { WRITTEN } from './strokes.ts';

const SHOTS = process.env.XAYNET_SCREENSHOTS;

let child: ChildProcess;
let output = '';
let profile: string;
let browser: BrowserContext;
let url: string;
const complaints: string[] = [];

async function openTab(): Promise<Page> {
  const tab = await browser.newPage();
  tab.on('pageerror', (error) => complaints.push(String(error)));
  tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await tab.goto(url);
  await tab.waitForFunction(() => /participant [0-9a-f]{8}/.test(document.querySelector('#who')!.textContent!));
  return tab;
}

const text = async (tab: Page, id: string): Promise<string> => (await tab.textContent(`#${id}`)) ?? '';
/** The round that the participant of the tab is in, its role there, and what the tab says of it. */
interface Standing {
  readonly round: string;
  readonly role: string;
  readonly status: string;
}
const standing = (tab: Page): Promise<Standing> => tab.evaluate(() => now());

/** In each tab: where it stands, and whether it said, since it was opened, that it has sent the sum of the masks of a round. */
declare const now: () => Standing;
declare const toldSum2: (id: string) => boolean;
function watch(): void {
  const told: Standing[] = [];
  const text = (id: string): string => document.getElementById(id)?.textContent ?? '';
  const now = (): Standing => ({ round: document.getElementById('role')?.dataset.round ?? '', role: text('role'), status: text('status') });
  const toldSum2 = (id: string): boolean => told.some(({ round, status }) => round === id && status.startsWith('The masks are added up and sent'));
  Object.assign(window, { now, toldSum2 });
  new MutationObserver(() => told.push(now())).observe(document, { subtree: true, childList: true, characterData: true });
}
const identity = async (tab: Page): Promise<string> => (await text(tab, 'who')).replace(/, with.*/, '');

async function shot(tab: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await tab.bringToFront();
  await tab.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

/** Draws with the mouse, stroke by stroke. */
async function draw(tab: Page, digit: number, way = 0): Promise<void> {
  await tab.bringToFront();
  const { x: left, y: top, width, height } = (await tab.locator('#pad').boundingBox())!;
  for (const stroke of WRITTEN[digit]![way]!) {
    for (const [i, { x, y }] of stroke.entries()) {
      await tab.mouse.move(left + (x / 100) * width, top + (y / 100) * height);
      if (i === 0) await tab.mouse.down();
    }
    await tab.mouse.up();
  }
}

/** Rounds that the tab shows, oldest first: number, models, accuracy before and after. */
async function rounds(tab: Page): Promise<number[][]> {
  const rows = await tab.locator('#rounds tr').allInnerTexts();
  return rows.map((row) => row.split('\t').map(Number.parseFloat)).reverse();
}

describe('the page', () => {
  before(async () => {
    const start = fileURLToPath(new URL('../start.ts', import.meta.url));
    child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', start, '--port', '0'], {
      env: { ...process.env, NODE_OPTIONS: '', XAYNET__PET__SUM__TIME__MIN: '1', XAYNET__PET__SUM2__TIME__MIN: '0.5' },
    });
    child.stdout!.on('data', (chunk) => (output += chunk));
    child.stderr!.on('data', (chunk) => (output += chunk));
    profile = mkdtempSync(join(tmpdir(), 'xaynet-chromium-'));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: findChromium()!,
      headless: true,
      args: [...FLAGS],
      viewport: { width: 1200, height: 960 },
    });
    await browser.addInitScript(watch);
    while (!/^rounds /m.test(output)) await once(child.stdout!, 'data');
    url = output.match(/^open +(\S+)/m)![1]!;
  });

  after(async () => {
    await browser?.close();
    child?.kill('SIGTERM');
    rmSync(profile, { recursive: true, force: true });
  });

  test('three tabs learn to read digits, and one that is closed in mid-round goes on as who it was', async () => {
    const one = await openTab();
    const [two, three] = await Promise.all([openTab(), openTab()]);
    const names = await Promise.all([one, two, three].map(identity));
    assert.equal(new Set(names).size, 3, 'each tab is a participant of its own');
    assert.deepEqual(names.map((name) => name.slice(0, 5)).sort(), ['Tab 1', 'Tab 2', 'Tab 3']);

    // A tab that adds up masks is closed while the others train; opened again it has identity and role again, and sends what it owes. In a
    // round without such a tab, or when opening it took longer than the round, the next one will do.
    const tabs = [one, two, three];
    let wentOn = false;
    for (let tries = 0; !wentOn && tries < 10; tries++) {
      await one.waitForFunction(() => document.querySelector('#steps .now')?.getAttribute('data-phase') === 'update');
      const before = await Promise.all(tabs.map(standing));
      const at = before.findLastIndex(({ status }) => status.startsWith('Drawn to add up masks'));
      if (at > 0) {
        const name = await identity(tabs[at]!);
        await tabs[at]!.close();
        const again = await openTab();
        tabs[at] = again;
        assert.equal(await identity(again), name, 'the same participant, on the same seat');
        await again.waitForFunction(() => document.querySelector('#role')!.textContent !== 'no role yet');
        const { round, role } = await standing(again);
        if (round === before[at]!.round) {
          assert.equal(role, before[at]!.role, 'with the same role in the same round');
          await shot(again, 'reopened');
          // Others may be faster, and end the round before this one has answered: then it has to be shown in the next one.
          await again.waitForFunction((id) => toldSum2(id) || now().round !== id, round);
          wentOn = await again.evaluate((id) => toldSum2(id), round);
        }
      }
      await one.waitForFunction(() => document.querySelector('#steps .now')?.getAttribute('data-phase') !== 'update');
    }
    assert.ok(wentOn, 'opened again within the round, in one of ten tries');

    await one.waitForFunction(() => document.querySelectorAll('#rounds tr').length >= 2);
    const [first, ...later] = await rounds(one);
    assert.ok(first![0]! >= 1 && first![1]! >= 3, String(first));
    if (first![0] === 1) assert.equal(first![2], 12.7, 'untrained, one in eight is read right');
    assert.ok(first![3]! > first![2]! + 10, `the first round: ${first![2]} % before, ${first![3]} % after`);
    assert.ok(later.at(-1)![3]! > first![3]!, `later rounds: ${later}`);
    assert.equal(`${later.at(-1)![3]!.toFixed(1)} %`, await text(one, 'after'));

    await draw(one, 3);
    assert.match(await text(one, 'sure'), /^\d+ % sure$/);
    const guess = await text(one, 'digit');
    assert.match(guess, /^\d$/);
    assert.equal(await one.locator('#bars .best').innerText(), guess);
    await one.waitForFunction(() => document.querySelector('#steps .now')?.getAttribute('data-phase') === 'update');
    await shot(one, 'light');
    await one.getByRole('button', { name: '3', exact: true }).click();
    assert.match(await text(one, 'taught'), /^Taught: 1\./);
    assert.match(await text(one, 'who'), /with 82 digits of its own$/);
    assert.equal(await text(one, 'digit'), '?', 'the pad is empty again');

    // With the keyboard: a digit of the held-out ones, taught, and a pause.
    await one.locator('#sample').press('Enter');
    await one.getByRole('button', { name: '7', exact: true }).press('Space');
    assert.match(await text(one, 'taught'), /^Taught: 2\./);
    await one.locator('#pause').press('Enter');
    assert.match(await text(one, 'status'), /^Paused/);
    await one.locator('#pause').press('Enter');

    await one.waitForFunction(() => document.querySelector('#bytes')!.textContent!.length > 90, undefined, { timeout: 150_000 });
    assert.match(await text(one, 'sent-text'), /^\d\d\.\d kB, as they were sent$/);
    if (SHOTS !== undefined) {
      await draw(one, 5);
      await one.emulateMedia({ colorScheme: 'dark' });
      await one.waitForTimeout(300);
      await shot(one, 'dark');
      await one.emulateMedia({ colorScheme: 'light' });
      await one.setViewportSize({ width: 390, height: 844 });
      await one.waitForTimeout(300);
      await shot(one, 'phone');
    }
    assert.deepEqual(complaints, [], 'nothing in the console');

    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0, output);
    assert.match(output, /^stopped$/m);
  });

  test('the page keeps to itself: a strict policy, and no file but its own', async () => {
    // A server of its own, as the one of the example has stopped.
    const { servePage } = await import('../serve.ts');
    const server = await servePage('http://127.0.0.1:9', 0);
    try {
      const base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
      const page = await fetch(base);
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
      assert.match(policy, /connect-src 'self' http:\/\/127\.0\.0\.1:9;/);
      assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|\*/);
      const html = await page.text();
      assert.doesNotMatch(html, /(?:src|href)="(?!\/)/, 'nothing from elsewhere');
      for (const [path, status] of [
        ['/page.js', 200],
        ['/engine.js', 200],
        ['/digits.csv', 200],
        ['/start.ts', 404],
        ['/../package.json', 404],
      ] as const) {
        assert.equal((await fetch(`${base}${path}`)).status, status, path);
      }
      assert.equal((await fetch(base, { method: 'POST' })).status, 404);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
