// The script of an intake worker: judges what it is handed, one after another, by the context it was given last. Whatever goes wrong with a
// message is an answer; only the loss of the thread itself is not, and the pool is prepared for that.

import { parentPort } from 'node:worker_threads';
import { type JudgeContext, thaw } from './context.ts';
import { type FromWorker, judgeTask, type ToWorker } from './job.ts';
import { noTimes } from './judge.ts';

let context: JudgeContext | undefined;
const port = parentPort!;

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'context':
      wipe();
      context = message.context === undefined ? undefined : thaw(message.context);
      break;
    case 'judge':
      judge(message);
      break;
    case 'close':
      wipe();
      port.close();
  }
});
post({ kind: 'ready' });

function judge({ id, bytes, from }: ToWorker & { kind: 'judge' }): void {
  const began = performance.now();
  const times = noTimes();
  const buffer = bytes.buffer as ArrayBuffer;
  try {
    if (context === undefined) throw new Error('there is no context');
    const judgement = judgeTask({ context, bytes, from: from as never }, times, true);
    const spent = judgement.kind === 'refused' ? buffer : undefined;
    post({ kind: 'judged', id, judgement, times, seconds: (performance.now() - began) / 1000, spent }, [buffer]);
  } catch (error) {
    const isWhole = from !== undefined || times.open < 0;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    post({ kind: 'thrown', id, error: text, bytes: isWhole ? bytes : undefined }, isWhole ? [buffer] : []);
  }
}

/** The secret key of a round is of no use to anybody after it. */
function wipe(): void {
  context?.keys.secretKey.fill(0);
  context = undefined;
}

function post(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
