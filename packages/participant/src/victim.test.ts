// A participant in a process of its own, with its state in a file, and the coordinator that it meets over HTTP, which kills it with signal 9
// at moments that a test chooses. Not an attacker itself: the attackers of T3 and T17 use it.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fromBase64, PublicSigningKey } from '@xaynet/core/bytes';
import { encodeRoundParams, encodeSumDict, encodeUpdateSeedDict } from '@xaynet/core/round';
import type { FakeCoordinator } from './fake-coordinator.test.ts';
import { fileStore } from './node/file-store.node.ts';
import { runParticipant } from './run.ts';

const { VICTIM_URL, VICTIM_STATE } = process.env;

/** The whole program of the process: every training ends in another model, and it ends by itself when its round is done. */
async function victim(url: string, path: string): Promise<void> {
  const run = runParticipant({
    url,
    store: fileStore(path),
    poll: { min: 1, max: 10 },
    train: (_, { length }) => Float32Array.from({ length }, () => Math.random() - 0.5),
  });
  for await (const event of run.events()) {
    if (event.type === 'error' && event.fatal) throw event.error;
    // Killed after it saved that its round is done, it comes back with nothing to do and is never told so again.
    if (event.type === 'idle' || (event.type === 'waiting' && event.waitingFor === 'round')) break;
  }
  await run.stop();
}

if (VICTIM_URL !== undefined) {
  process.stdin
    .resume()
    .once('close', () => process.exit(1))
    .unref(); // with the test that started it
  await victim(VICTIM_URL, VICTIM_STATE!);
} else {
  test('the victim is a program of its own', () => {
    assert.ok(import.meta.url.endsWith('victim.test.ts'));
  });
}

/** Serves a coordinator over HTTP; `asked` runs before each answer, with the number of the request. */
export async function serve(
  coordinator: FakeCoordinator,
  asked: (count: number) => Promise<void> | void,
): Promise<{ url: string; close: () => Promise<void> }> {
  let count = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    await asked(++count);
    const documents: Record<string, () => Promise<Uint8Array | undefined>> = {
      '/params': async () => encodeRoundParams(await coordinator.params()),
      '/sums': async () => {
        const sums = await coordinator.sums();
        return sums && encodeSumDict(sums);
      },
      '/seeds': async () => {
        const seeds = await coordinator.seeds(PublicSigningKey(fromBase64(searchParams.get('pk')!)));
        return seeds && encodeUpdateSeedDict(seeds);
      },
      '/model': async () => undefined,
      '/message': async () => {
        await coordinator.send(new Uint8Array(Buffer.concat(pieces)));
        return new Uint8Array(0);
      },
    };
    const body = await documents[pathname]!();
    response.writeHead(body === undefined ? 204 : 200).end(body);
  };
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * Lives one after another from the state in `path`, each killed some milliseconds after as many requests as `moments` says; the last lives
 * until it is done. Returns how many were killed.
 */
export async function killAgainAndAgain(coordinator: FakeCoordinator, path: string, moments: readonly { requests: number; ms: number }[]): Promise<number> {
  let killed = 0;
  for (const moment of [...moments, undefined]) {
    let child: ChildProcess | undefined;
    const kill = async (count: number): Promise<void> => {
      if (moment === undefined || count !== moment.requests) return;
      void sleep(moment.ms).then(() => child!.kill('SIGKILL'));
    };
    const { url, close } = await serve(coordinator, kill);
    child = spawn(process.execPath, ['--conditions=source', fileURLToPath(import.meta.url)], {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, VICTIM_URL: url, VICTIM_STATE: path },
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    await close();
    if (signal === 'SIGKILL') killed++;
    else {
      assert.equal(code, 0, 'the victim must end well when it is left alone');
      break;
    }
  }
  return killed;
}
