// Inside a worker: takes one command after the other and answers each. Everything but the port is the same in Node and in browsers.

import { ObjectSum } from '../mask/object-sum.ts';
import { addMasks, sumOf } from './masks.ts';
import { answerOf, type Command, configOf, type Request, type Values } from './protocol.ts';
import { Workbench } from './workbench.ts';

type Post = (message: unknown, transfer: ArrayBuffer[]) => void;
type Listen = (receive: (data: unknown) => void) => void;

/** Serves all commands of a pool: `listen` is given what takes the messages, `post` sends the answers. */
export function serve(post: Post, listen: Listen): void {
  serveOn(new Workbench(), post, listen);
}

/** Serves the commands of one {@link sumMasks} alone: all that a participant asks of a thread, which ends with the sum. */
export function serveMasks(post: Post, listen: Listen): void {
  let sum: ObjectSum | undefined;
  const run = (command: Command): Values[Command['do']] => {
    if (command.do === 'add-masks') {
      sum ??= new ObjectSum(configOf(command.shape), command.shape.length);
      return addMasks(sum, command.seeds);
    }
    if (command.do === 'take' && sum !== undefined) return sumOf(sum);
    throw new RangeError(`this thread does not ${command.do}`);
  };
  serveOn({ run }, post, listen);
}

function serveOn(bench: { run(command: Command): Values[Command['do']] }, post: Post, listen: Listen): void {
  listen((data) => {
    const { id, command } = data as Request;
    const { answer, transfer } = answerOf(id, () => bench.run(command));
    post(answer, transfer);
  });
  post({ ready: true }, []);
}
