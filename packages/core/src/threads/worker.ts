// Inside a worker: takes one command after the other and answers each. Everything but the port is the same in Node and in browsers.

import { answerOf, type Request } from './protocol.ts';
import { Workbench } from './workbench.ts';

/** Serves commands: `listen` is given what takes the messages, `post` sends the answers. */
export function serve(post: (message: unknown, transfer: ArrayBuffer[]) => void, listen: (receive: (data: unknown) => void) => void): void {
  const bench = new Workbench();
  listen((data) => {
    const { id, command } = data as Request;
    const { answer, transfer } = answerOf(id, () => bench.run(command));
    post(answer, transfer);
  });
  post({ ready: true }, []);
}
