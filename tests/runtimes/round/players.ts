// The participants of a round, one an engine and one in Python: started, listened to, stopped. What differs is the way to the coordinator:
// an own `fetch`, requests through the embedder, or a process for every request (Hermes' shell, which can only print).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleScript, root } from '../bundle.ts';
import { type Engine, hermesCall, linesOf } from '../engines.ts';
import { forHermes } from '../hermes-code.ts';
import type { Place } from './one-hot.ts';
import type { TickLine, TickOrders } from './one-tick.ts';
import type { AnswerLine, RequestLine } from './wire.ts';

/** What a participant tells. */
export type Told =
  | { readonly type: 'kernel'; readonly kernel: string }
  | { readonly type: 'round'; readonly round: string; readonly participant: string }
  | { readonly type: 'selected'; readonly round: string; readonly task: string }
  | { readonly type: 'sent'; readonly round: string; readonly tag: string; readonly accepted?: boolean }
  | { readonly type: 'refused'; readonly round: string; readonly tag: string; readonly code: string }
  | { readonly type: 'model'; readonly counted: readonly number[] }
  | { readonly type: 'error'; readonly code: string; readonly message: string };

/** A participant that runs until it is stopped. */
export interface Player {
  stop(): Promise<void>;
}

/** Where it takes part, as which number, and who listens. */
export interface Seat {
  readonly url: string;
  readonly index: number;
  tell(told: Told): void;
}

/** The real request of an engine that cannot make it. */
async function ask({ method, url, headers, body }: RequestLine): Promise<AnswerLine> {
  const response = await fetch(url, { method, headers, ...(method === 'POST' ? { body: Buffer.from(body, 'hex') } : {}) });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: Object.fromEntries(response.headers), body: bytes.toString('hex') };
}

/** A participant in an engine that runs it by itself. */
export async function playEngine(engine: Engine, way: Place['way'], seat: Seat, megabytes?: number): Promise<Player> {
  const { url, index, tell } = seat;
  const place: Place = { url, index, way };
  const script = `globalThis.xaynetRound = ${JSON.stringify(place)};\n${await bundleScript(new URL('./take-part.ts', import.meta.url), engine.conditions)}`;
  const running = engine.run(script, megabytes === undefined ? {} : { megabytes });
  let stopping = false;
  const ended = (async () => {
    for await (const text of running.lines) {
      let line: Told | { request: RequestLine };
      try {
        line = JSON.parse(text) as typeof line;
      } catch {
        if (!stopping) tell({ type: 'error', code: 'output', message: text });
        continue;
      }
      if ('request' in line) running.write(JSON.stringify(await ask(line.request).catch(() => ({ status: 503, headers: {}, body: '' }))));
      else tell(line);
    }
    if (!stopping) tell({ type: 'error', code: 'ended', message: `${engine.name} ended` });
  })();
  return {
    async stop() {
      stopping = true;
      running.kill();
      await ended;
    },
  };
}

/** A participant in Hermes: a process for every request and every tick. */
export async function playHermes({ url, index, tell }: Seat): Promise<Player> {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-hermes-'));
  const code = forHermes(await bundleScript(new URL('./one-tick.ts', import.meta.url), ['react-native']));
  const began = Date.now();
  let stopping = false;

  async function once(orders: TickOrders): Promise<TickLine> {
    // Compiled as it runs: to bytecode first takes longer for a script that runs once.
    const script = join(folder, 'tick.js');
    writeFileSync(script, `globalThis.xaynetTick = ${JSON.stringify(orders)};\n${code}`);
    const [command, args] = hermesCall('-lazy', script);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let last = '';
    for await (const line of linesOf(child.stdout.setEncoding('utf8'))) last = line;
    return JSON.parse(last) as TickLine;
  }

  async function play(): Promise<void> {
    let snapshot = '';
    let seed = 31; // another chance than that of embedder.js, or two participants would have one key
    let round: string | undefined;
    let task = '';
    while (!stopping) {
      const now = Date.now() - began;
      // Every tick asks for the parameters first, so the answer to that is at hand.
      const answers: AnswerLine[] = [await ask({ method: 'GET', url: `${url}/params`, headers: {}, body: '' })];
      let line = await once({ url, index, snapshot, seed, now, answers });
      while ('request' in line && !stopping) {
        answers.push(await ask(line.request));
        line = await once({ url, index, snapshot, seed, now, answers });
      }
      if (stopping) return;
      if ('broken' in line) return tell({ type: 'error', code: 'broken', message: line.broken });
      if ('request' in line) return;
      if (snapshot === '') tell({ type: 'kernel', kernel: line.kernel });
      ({ snapshot } = line);
      seed++;
      if (line.round !== undefined && line.round !== round) {
        round = line.round;
        task = '';
        tell({ type: 'round', round, participant: line.participant });
      }
      if (line.error !== undefined) tell({ type: 'error', code: 'tick', message: line.error });
      if (line.round !== undefined && task === '' && line.state !== 'new-round') {
        task = line.task;
        tell({ type: 'selected', round: line.round, task });
      }
      if (line.sent !== undefined) tell({ type: 'sent', round: line.round!, tag: line.sent, accepted: line.accepted! });
      if (line.counted !== undefined) tell({ type: 'model', counted: line.counted });
      if (line.outcome === 'pending') await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  const ended = play().catch((error: unknown) => tell({ type: 'error', code: 'script', message: String(error) }));
  return {
    async stop() {
      stopping = true;
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A Python script as `xaynet participant --train` runs it. */
export function playPython(python: string, { url, index, tell }: Seat): Player {
  const train = fileURLToPath(new URL('./train.py', import.meta.url));
  const args = ['--url', url, '--train', `"${python}" "${train}" ${index}`, '--json', '--poll', '0.3', '--threads', '0'];
  const child = spawn(process.execPath, ['--conditions=source', join(root, 'packages/xaynet/bin/xaynet.mjs'), 'participant', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, TMPDIR: tmpdir() },
  });
  let stopping = false;
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2000);
  });
  const ended = (async () => {
    for await (const line of linesOf(child.stdout.setEncoding('utf8'))) {
      const told = JSON.parse(line) as Told;
      if (['round', 'selected', 'sent', 'refused', 'error'].includes(told.type)) tell(told);
    }
    if (!stopping) tell({ type: 'error', code: 'ended', message: `the command ended: ${errors}` });
  })();
  return {
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      await ended;
    },
  };
}
