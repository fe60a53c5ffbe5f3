// What the page knows: the live document as it was sent last, the documents that change with a round, and how the connection is. Nothing is put together
// here from single events: whatever was missed, the next document is whole.

import { batch, type Signal, signal } from '@preact/signals';
import type { LiveJson, MaskedViewJson, ModelListJson, RoundListJson, SettingsJson } from '@xaynet/coordinator/documents';
import { type Connection, Feed, TICK_MS } from './feed.ts';

export const live = signal<LiveJson | undefined>(undefined);
export const connection = signal<Connection>({ state: 'connecting' });
export const models = signal<ModelListJson | undefined>(undefined);
export const rounds = signal<RoundListJson | undefined>(undefined);
export const masked = signal<MaskedViewJson | undefined>(undefined);
export const settings = signal<SettingsJson | undefined>(undefined);

/** Looks at the process, one a second, the newest last. */
export interface Look {
  readonly at: number;
  readonly rss: number;
  readonly delay: number | undefined;
}
export const looks = signal<readonly Look[]>([]);
const LOOKS = 180;

/** The coordinator's clock as far as the page knows it, in milliseconds since 1970; its own clock may be anything. It stands while nothing comes. */
export const serverNow = signal(0);
/** The page's own clock, in milliseconds since it was opened. */
export const pageNow = signal(0);
let offset = 0;

/** Time after which a tab that nobody sees asks for nothing: browsers have few connections for one server, and other tabs want theirs. */
const UNSEEN_MS = 20_000;
const ASK_MS = 5000;

const feed = new Feed<LiveJson>({ now: () => performance.now(), open, ask: () => ask<LiveJson>('live'), onDocument: take, onConnection: changed });
let isHeld = false;

/** An address beside the page, wherever a proxy has put it. */
export function address(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** Begins to listen, and never ends. */
export function begin(): void {
  feed.begin();
  setInterval(tick, TICK_MS);
  let unseen: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    clearTimeout(unseen);
    if (document.visibilityState === 'hidden') unseen = setTimeout(rest, UNSEEN_MS);
    else if (!isHeld) feed.begin();
  };
  document.addEventListener('visibilitychange', look);
  look(); // tabs are opened in the background, too
}

/** Lets the page stand still, or go on. */
export function hold(still: boolean): void {
  isHeld = still;
  if (still) rest();
  else feed.begin();
}

function rest(): void {
  feed.rest();
  document.title = 'XayNet coordinator';
}

function open(onDocument: (document: LiveJson) => void, onEnd: () => void): () => void {
  const source = new EventSource(address('live'));
  source.addEventListener('live', (event) => onDocument(JSON.parse(event.data as string) as LiveJson));
  source.onerror = onEnd;
  return () => source.close();
}

function changed(next: Connection): void {
  connection.value = next;
}

function tick(): void {
  feed.tick();
  const now = performance.now();
  batch(() => {
    pageNow.value = now;
    if (connection.value.state === 'live' && offset !== 0) serverNow.value = now + offset;
  });
}

function take(next: LiveJson): void {
  const before = live.value?.status;
  const { began, now, paused, phase, round } = next.status;
  if (before?.began === began && before.now > now) return; // an answer that a newer one has overtaken
  batch(() => {
    offset = now - performance.now();
    serverNow.value = now;
    live.value = next;
    remember(next);
  });
  looked ??= began;
  if (looked !== began) void renew(began);
  if (paused?.code === 'starting-up') return; // the store is not open yet: there is nothing to be asked
  document.title = `round ${round}, ${phase} – XayNet`;
  for (const each of DOCUMENTS) each(next);
}

function remember({ health, status }: LiveJson): void {
  const last = looks.value.at(-1);
  if (last !== undefined && Math.abs(status.now - last.at) < 900) return;
  looks.value = [...looks.value.slice(1 - LOOKS), { at: status.now, rss: health.rss, delay: health.delay?.p99 }];
}

/** The process whose page was looked at last, by when it began. */
let looked: number | undefined;
let looking = false;

/** After a restart it may be another version that answers, and then another page belongs to it. What is not answered is asked again with the next document. */
async function renew(began: number): Promise<void> {
  if (looking) return;
  looking = true;
  const page = await got(address('.'), 'text/html', (response) => response.text());
  looking = false;
  if (page === undefined) return;
  looked = began;
  const own = import.meta.url.split('/').at(-1)!;
  if (page.includes('page/page-') && !page.includes(own)) location.reload();
}

/** Undefined when it cannot be had now. */
function ask<T>(path: string): Promise<T | undefined> {
  return got(address(path), 'application/json', (response) => response.json() as Promise<T>);
}

async function got<T>(url: string, accept: string, read: (response: Response) => Promise<T>): Promise<T | undefined> {
  try {
    const response = await fetch(url, { headers: { accept }, signal: AbortSignal.timeout(ASK_MS) });
    return response.ok ? await read(response) : undefined;
  } catch {
    return undefined;
  }
}

const AGAIN_MS = 2000;
/** The norms of a new model are worked out after the list is asked for, so it is asked for again, some times. */
const MEASURE_MS = [400, 1000, 2000, 4000, 8000, 16_000, 32_000];

/** Each asks for its document when the live one says that there is another, one request at a time, and again when that failed. */
const DOCUMENTS: readonly ((next: LiveJson) => void)[] = [
  following(
    'models',
    models,
    ({ news }) => news.models,
    ({ models: [newest] }, tries) => (newest?.measures === null ? MEASURE_MS[tries] : undefined),
  ),
  following('rounds?limit=100', rounds, ({ news }) => news.rounds),
  following('masked', masked, ({ news, status }) => `${news.masked} ${masked.value?.shown ? status.updates : ''}`),
  following('settings', settings, ({ status }) => status.round),
];

/** `version` tells documents apart; `unfinished` how long after the nth answer to one version there will be more to know. */
function following<T>(
  path: string,
  into: Signal<T | undefined>,
  version: (next: LiveJson) => string | number,
  unfinished: (document: T, tries: number) => number | undefined = () => undefined,
): (next: LiveJson) => void {
  let have: string | undefined;
  let tries = 0;
  let again = 0;
  let asking = false;
  return async (next) => {
    const wanted = `${next.status.began} ${version(next)}`;
    if (asking || performance.now() < again || (wanted === have && again === 0)) return;
    asking = true;
    const document = await ask<T>(path);
    asking = false;
    if (document === undefined) {
      again = performance.now() + AGAIN_MS;
      return;
    }
    tries = wanted === have ? tries + 1 : 0;
    have = wanted;
    const pause = unfinished(document, tries);
    again = pause === undefined ? 0 : performance.now() + pause;
    into.value = document;
  };
}
