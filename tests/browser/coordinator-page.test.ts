// The page of a coordinator in Chromium, during real rounds with real participants: complete, right, accessible (axe in light, dark and phone width), to
// be walked by keys, asking nobody but its coordinator, and back by itself after a restart. One browser, one page.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Coordinator, type CoordinatorEvent, parseSettings, type Settings, systemClock } from '@xaynet/coordinator';
import type { LiveJson } from '@xaynet/coordinator/documents';
import { runParticipant } from '@xaynet/participant';
import type { Page, Route } from 'playwright-core';
import { SharedMemory } from '../../packages/coordinator/src/stores/shared-memory.ts';
import { freePort } from '../../packages/xaynet/src/chaos/free-port.ts';
import { type Chromium, launchChromium, servePages } from './chromium.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const LENGTH = 600;

let folder: string;
let browser: Chromium;
let page: Page;
let coordinator: Coordinator;
let joined = 0;
const stop = new AbortController();
const complaints: string[] = [];
const asked: string[] = [];

/** Rounds of one sum and three updates or more, whose phases end when they have enough. */
function settingsOf(port = 0): Settings {
  const time = { min: 0, max: 60 };
  return parseSettings({
    api: { bind_address: `127.0.0.1:${port}` },
    pet: {
      sum: { prob: 0.4, count: { min: 1, max: 8 }, time: { min: 0.3, max: 60 } },
      update: { prob: 1, count: { min: 3, max: 20 }, time },
      sum2: { count: { min: 1, max: 8 }, time },
    },
    model: { length: LENGTH },
    store: { kind: 'embedded', path: folder },
    log: { filter: 'off' },
    intake: { workers: 1 },
  });
}

function join12(): void {
  for (; joined < 12; joined++) {
    const wave = Float32Array.from({ length: LENGTH }, (_, i) => 0.8 * Math.sin(i / 40 + joined / 10));
    runParticipant({ url: coordinator.url, signal: stop.signal, poll: { min: 20, max: 100 }, train: async () => wave });
  }
}

function until(found: (event: CoordinatorEvent) => boolean): Promise<CoordinatorEvent> {
  return new Promise((resolve) => {
    const end = coordinator.on((event) => {
      if (!found(event)) return;
      end();
      resolve(event);
    });
  });
}

const textOf = (id: string): Promise<string> => page.evaluate((part) => document.getElementById(part)!.parentElement!.innerText, id);
const waitFor = (id: string, pattern: RegExp): Promise<unknown> =>
  page.waitForFunction(
    ([part, source]) => new RegExp(source!, 'is').test(document.getElementById(part!)?.parentElement?.innerText ?? ''),
    [id, pattern.source],
  );

/** What axe finds, as rule and element. */
async function barriers(where: Page = page): Promise<string[]> {
  return where.evaluate(async (rules) => {
    const { axe } = globalThis as unknown as {
      axe: { run(where: Document, how: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run(document, { runOnly: rules });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
  }, RULES);
}

/** Another page, whose complaints are ours. */
async function opened(): Promise<Page> {
  const other = await browser.context.newPage();
  other.on('pageerror', (error) => complaints.push(String(error)));
  return other;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'xaynet-page-'));
  coordinator = await Coordinator.start(settingsOf(await freePort()));
  browser = await launchChromium();
  page = await browser.context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('request', (request) => asked.push(request.url()));
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => console.error(`policy: ${violatedDirective} ${blockedURI}`)),
  );
  await page.goto(coordinator.url);
});
after(async () => {
  stop.abort();
  await browser?.close();
  await coordinator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the page of a coordinator', () => {
  test('before anybody has come it says how to come, with its own address, to copy', async () => {
    await waitFor('welcome', /Nobody has joined yet/);
    const text = await textOf('welcome');
    assert.match(text, /about \d+ participants/);
    assert.ok(text.includes(`examples/node/participant.mjs ${coordinator.url}`), text);
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.click('#welcome ~ .command button');
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^npx node .*participant\.mjs http/);
    await page.evaluate(AXE);
    assert.deepEqual(await barriers(), []);
  });

  test('two real rounds: phases, arrivals, refusals, reported numbers, noise beside the mean, models to download', async () => {
    join12();
    await fetch(`${coordinator.url}/message`, { method: 'POST', body: new Uint8Array(300) });
    const model = await until((event) => event.type === 'model');
    assert.equal(model.type, 'model');
    await coordinator.report(1, { accuracy: 0.5 });
    await until((event) => event.type === 'model');
    await coordinator.report(2, { accuracy: 0.875 });
    stop.abort(); // the third round goes on without them
    await waitFor('round', /sum.*update.*sum2.*unmask/);
    await waitFor('reports', /accuracy\s+0\.875/);
    await waitFor('rounds', /mean of \d+.*signed/);
    await waitFor('models', /served.*safetensors.*f32.*JSON/);
    await waitFor('masked', /The sum of \d+.updates, masked.*The mean, unmasked/);
    await waitFor('health', /Memory\s+\d+.*MB/);
    await waitFor('settings', /Power2\/F32\/B0\/M6.*600/);
    assert.equal(await page.evaluate(() => document.getElementById('welcome')), null);
    const looks = await textOf('masked');
    assert.doesNotMatch(looks, /One update/, 'a single update is not shown');
    assert.match(looks, /flat[\s\S]*a shape/, 'noise is flat, the mean is not');
    const link = await page.getAttribute('#models ~ .scroll a[href$=".f32"]', 'href');
    assert.equal((await (await fetch(link!)).arrayBuffer()).byteLength, 4 * LENGTH);
  });

  test('charts have their numbers as tables; everything is reached by keys, with a focus that is seen', async () => {
    await page.click('h1'); // where Tab begins
    const reached: string[] = [];
    for (let i = 0; i < 120; i++) {
      await page.keyboard.press('Tab');
      const found = await page.evaluate(() => {
        const element = document.activeElement!;
        if (element === document.body) return undefined;
        const name = element.getAttribute('aria-label') ?? element.textContent!;
        return { name: `${element.tagName} ${name}`, seen: getComputedStyle(element).outlineStyle !== 'none' };
      });
      if (found === undefined) break;
      assert.ok(found.seen, `${found.name} shows that it has the focus`);
      reached.push(found.name);
      if (/^SUMMARY As a table.*over time/.test(found.name)) {
        await page.keyboard.press('Enter');
        await page.waitForSelector('#arrivals ~ figure table', { state: 'attached' });
      }
    }
    for (const part of [
      /^A status/,
      /SUMMARY As a table/,
      /SECTION Messages of round \d+ over time/,
      /A Signed record/,
      /A Model of round \d+ as f32/,
      /SUMMARY All \d+ settings/,
    ])
      assert.ok(
        reached.some((name) => part.test(name)),
        `${part} in ${reached.join(', ')}`,
      );
  });

  test('the table of a chart has its numbers', async () => {
    await page.click('#rounds ~ figure summary');
    await page.waitForFunction(() => document.querySelectorAll('#rounds ~ figure tbody tr').length >= 2);
    assert.match(await page.innerText('#rounds ~ figure tbody'), /^1\s+\d+\s+\d+\s+\d+\s/);
  });

  test('axe finds nothing, in light, dark and at the width of a phone, where nothing is wider than the screen', async () => {
    await page.evaluate(() => {
      for (const each of document.querySelectorAll('details')) each.open = true;
    });
    for (const [colorScheme, width] of [
      ['light', 1180],
      ['dark', 1180],
      ['light', 390],
      ['dark', 320], // a screen of 1280 at four times its size, too
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      await page.evaluate(() => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));
      assert.deepEqual(await barriers(), [], `${colorScheme} ${width}`);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${colorScheme} ${width}`);
    }
  });

  test('useful at once: a heading without any script, and all parts by nine requests in four steps, 60 kB before the first of them', async () => {
    const other = await opened();
    const steps = [/^\/$/, /^\/page\//, /^\/live$/, /^\/(models|rounds|masked|settings)$/];
    const seen: { step: number; bytes: Promise<number> }[] = [];
    other.on('requestfinished', (request) =>
      seen.push({
        step: stepOf(request.url()),
        bytes: request.sizes().then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize),
      }),
    );
    const stepOf = (url: string): number => steps.findIndex((step) => step.test(new URL(url).pathname));
    const begun: number[] = [];
    other.on('request', (request) => begun.push(stepOf(request.url())));
    await other.goto(coordinator.url);
    await other.waitForSelector('#settings ~ dl');
    await other.waitForSelector('#rounds ~ figure');
    assert.deepEqual(begun, [...begun].sort(), 'nothing is asked for before it is needed');
    assert.ok(begun.length <= 9 && !begun.includes(-1), begun.join());
    const sizes = await Promise.all(seen.filter(({ step }) => step >= 0 && step < 3).map(({ bytes }) => bytes));
    const before = sizes.reduce((sum, each) => sum + each, 0);
    assert.ok(before < 60_000, `${before} bytes before the first part`);
    const session = await browser.context.newCDPSession(other);
    await session.send('Emulation.setScriptExecutionDisabled', { value: true });
    await other.goto(coordinator.url);
    assert.match(await other.innerText('h1'), /^XayNet\s+coordinator$/);
    await other.waitForSelector('.late', { state: 'visible' });
    assert.match(await other.innerText('.late'), /needs JavaScript/);
    await other.close();
  });

  test('numbers at their ends, names of members of objects, numbers that stopped, many of them: all can be drawn, and so can the rest', async () => {
    const other = await opened();
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`n${i}`, i]));
    const reports = [
      { round: 4, values: { loss: 1.7e308, close: 1 + Number.EPSILON, constructor: 3, small: 5e-324, ...many } },
      { round: 3, values: { loss: -1.7e308, close: 1, accuracy: 0.5 } },
    ];
    await other.route('**/rounds?*', async (route) => route.fulfill({ json: { ...(await (await route.fetch()).json()), reports } }));
    // In the midst of a round, as after a restart: nothing is known of what came before.
    await other.route('**/live', async (route) => {
      if (route.request().resourceType() === 'eventsource') return route.abort();
      const live = (await (await route.fetch()).json()) as LiveJson;
      const at = live.status.now;
      const cause = { code: 'message-unexpected', title: 'Why.' };
      const refusals = (['rejected', 'refused'] as const).map((verdict, i) => ({ verdict, ...cause, count: i + 1 }));
      const status = { ...live.status, phase: 'sum2', sums: 2, updates: 7, counts: { accepted: 1, rejected: 0, discarded: 0 } };
      const round = {
        round: status.round,
        since: at,
        until: null,
        probability: { sum: 0.0001, update: 0.5 },
        phases: [{ phase: 'sum2', began: at, ended: null }],
      };
      const tally = { ...round, step: 50, arrivals: { sum: [], update: [], sum2: [1], refused: [] }, bytes: { accepted: 9, refused: 0 }, refusals };
      return route.fulfill({ json: { ...live, status: { ...status, window: { earliestEnd: at, latestEnd: at + 1e15 } }, round: tally } });
    });
    await other.goto(coordinator.url);
    await other.waitForSelector('#settings ~ dl');
    await other.waitForSelector('#reports ~ .metric canvas');
    const text = async (id: string): Promise<string> => (await other.innerText(`section:has(> #${id})`)).replace(/\s+/g, ' ');
    assert.match(await text('reports'), /^What .* accuracy 0\.5 in round 3, not since .* constructor 3 .* More numbers .* n11 11 4/);
    assert.match(await text('round'), / sum those drawn .* 2 messages update .* 7 messages sum2 .* 1 message, .* since the restart 9 B .* chance 0\.01 % sum/);
    assert.match(await text('arrivals'), /started again in the midst of the round.* Messages Why\. message-unexpected 3$/);
    assert.equal(await other.locator('#failed').count(), 0);
    await other.close();
  });

  test('under a path of a proxy that holds streams back it is live all the same; it stands still and goes on as one likes', async () => {
    let requests = 0;
    const proxy = await servePages(async ({ url, headers }, response) => {
      const path = /^\/fl(\/.*)$/.exec(url!)?.[1];
      if (path === undefined) return response.writeHead(404).end();
      if (headers.accept === 'text/event-stream') return;
      if (path === '/live') requests++;
      const answer = await fetch(coordinator.url + path, { headers: { accept: headers.accept! } });
      const type = answer.headers.get('content-type')!;
      response.writeHead(answer.status, { 'content-type': type }).end(Buffer.from(await answer.arrayBuffer()));
    });
    const other = await opened();
    await other.addInitScript(() => {
      const states = new Set<string>();
      Object.assign(globalThis, { states });
      new MutationObserver(() => states.add(document.querySelector('.heard p')?.className ?? '')).observe(document, {
        subtree: true,
        childList: true,
        attributes: true,
      });
    });
    await other.goto(`${proxy.url}/fl/`);
    await other.waitForSelector('#settings ~ dl');
    const first = requests;
    while (requests === first) await other.waitForEvent('requestfinished');
    const states = await other.evaluate(() => [...(globalThis as unknown as { states: Set<string> }).states]);
    assert.ok(states.includes('live') && !states.includes('lost'), states.join());
    await other.click('.hold');
    assert.equal(await other.innerText('.heard p'), 'standing still');
    await other.click('.hold');
    await other.waitForSelector('.heard .live');
    await other.close();
    await proxy.close();
  });

  test('in a fleet it names the processes that share the round, who leads, and which of them answers', async () => {
    const shared = new SharedMemory(systemClock);
    const fleet = [await Coordinator.start(settingsOf(), { store: shared.connect() }), await Coordinator.start(settingsOf(), { store: shared.connect() })];
    const other = await opened();
    try {
      await other.goto(`${fleet[1]!.url}/`);
      await other.waitForFunction(() => /answers this page/.test(document.getElementById('fleet')?.parentElement?.innerText ?? ''));
      const text = await other.locator('section[aria-labelledby="fleet"]').innerText();
      assert.match(text, /2 processes take messages/);
      assert.deepEqual([text.match(/leads/g)?.length, text.match(/follows, answers this page/g)?.length], [1, 1]);
      await other.evaluate(AXE);
      assert.deepEqual(await barriers(other), []);
    } finally {
      await other.close();
      await Promise.all(fleet.map((one) => one.stop()));
    }
  });

  test('it says when the coordinator is gone, and is back by itself when that is back', async () => {
    const before = coordinator.status().round;
    const { port } = coordinator.address;
    await coordinator.stop();
    await page.waitForSelector('.heard .lost');
    assert.match(await page.innerText('[role="alert"]'), /does not answer; what is below is old/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    complaints.length = 0; // that the coordinator does not answer is what the browser complains of
    coordinator = await Coordinator.start(settingsOf(port));
    await page.waitForSelector('.heard .live');
    await page.waitForSelector('[role="alert"]', { state: 'detached' });
    await page.waitForFunction((round) => Number(/Round (\d+)/.exec(document.getElementById('round')!.innerText)?.[1]) >= round, before);
    await waitFor('reports', /accuracy\s+0\.875/);
  });

  test('a restart that brings another version brings its page, too, and when asking for it fails at first', async () => {
    const { port } = coordinator.address;
    let looks = 0;
    const answerOf = async (route: Route): Promise<void> => {
      if (route.request().isNavigationRequest()) return route.continue();
      if (looks++ === 0) return route.abort('connectionrefused');
      const html = await (await route.fetch()).text();
      await route.fulfill({ body: html.replace(/page-\w+\.js/, 'page-0123456789.js'), contentType: 'text/html' });
    };
    const at = (url: URL): boolean => url.pathname === '/';
    await page.route(at, answerOf);
    const loaded = page.waitForEvent('load');
    await coordinator.stop();
    coordinator = await Coordinator.start(settingsOf(port));
    await loaded;
    assert.equal(looks, 2);
    await page.unroute(at);
    await page.waitForSelector('.heard .live');
  });

  test('it asked nobody but its coordinator, and its policy and the browser had nothing to complain of', () => {
    const { origin } = new URL(coordinator.url);
    assert.ok(asked.length > 5);
    assert.deepEqual(
      asked.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith('data:')),
      [],
    );
    assert.deepEqual(
      complaints.filter((text) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY|NETWORK)/.test(text)),
      [],
    );
  });
});
