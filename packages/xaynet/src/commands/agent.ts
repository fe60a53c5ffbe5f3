// `xaynet agent`: a participant as a service of this machine, over HTTP and JSON, for apps in any language.

import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Address } from '../agent/server.ts';
import { explain } from '../help/manual.ts';
import { eventData } from '../participant/event-json.ts';
import { eventLines } from '../participant/event-text.ts';
import { Standing } from '../participant/standing.ts';
import type { Terminal } from '../screen.ts';
import { watchSignals } from '../stop-signal.ts';
import { Progress } from '../terminal/progress.ts';
import { addParticipation, type Participation, runOptionsOf } from './participation.ts';

interface AgentCommand extends Participation {
  readonly state: string;
  readonly listen: Address;
  readonly allowOrigin?: string[];
  readonly allowRemote?: true;
  readonly join: boolean;
  readonly json?: true;
}

/** Adds `agent` to `program`; `version` is the command's. */
export function addAgent(program: Command, version: string, terminal: Terminal): void {
  const command = program
    .command('agent')
    .summary('take part on behalf of an app, over HTTP on this machine')
    .description('Takes part in rounds and lets apps train, over HTTP and JSON on this machine, until Ctrl-C, SIGTERM or POST /shutdown; then exits with 0.');
  addParticipation(command)
    .optionsGroup('Agent:')
    .requiredOption('--state <folder>', 'keep state, token and address here; made if need be; one agent at a time')
    .addOption(
      new Option('--listen <address>', '127.0.0.1:PORT (0: any free one) or unix:PATH').argParser(address).default(address(DEFAULT_LISTEN), DEFAULT_LISTEN),
    )
    .option('--allow-origin <origin>', 'let pages of this origin ask, with the token; repeatable', (origin: string, before: string[] = []) => [
      ...before,
      origin,
    ])
    .option('--allow-remote', 'allow --listen on an address that other machines reach: whoever is on the way can read token and models')
    .option('--no-join', 'take part only after POST /join')
    .option('--json', 'print events as lines of JSON')
    .action(async (options: AgentCommand, action: Command) => {
      const { listen } = options;
      if ('host' in listen && !/^(127\.|::1$)/.test(listen.host) && !options.allowRemote)
        action.error(`error: --listen ${listen.host} can be reached from other machines; add --allow-remote if that is meant`);
      await run(options, version, terminal);
    });
  explain(command, {
    notes: [
      'Apps ask GET /task?wait=30 until a model is wanted, GET /model for the one to start from, and PUT the trained one to /tasks/ID/model. GET /openapi.json describes all routes; docs/AGENT.md shows them with curl, Python, Dart, Swift, Kotlin and C.',
    ],
    json: ['One object a line as things happen: {"type", "time", "round", …}; types as in docs/AGENT.md. Where it listens goes to standard error.'],
    files: [
      ['token', 'in the state folder: send it as "Authorization: Bearer …"; not needed on a socket'],
      ['address', 'in the state folder: where it listens'],
      ['participant.state', 'in the state folder: secret keys, and where the round stands; all of mode 0600'],
    ],
    exits: [['0', 'stopped by Ctrl-C, SIGTERM or POST /shutdown']],
    examples: [
      ['xaynet agent --url https://example.org/pet --state ~/.xaynet', 'start one'],
      ['curl -H "Authorization: Bearer $(cat ~/.xaynet/token)" "$(cat ~/.xaynet/address)/task?wait=30"', 'is a model wanted?'],
      ['xaynet agent --url https://example.org/pet --state ~/.xaynet --listen unix:$HOME/.xaynet/agent.sock', 'on a socket, without a token'],
      ['curl --unix-socket ~/.xaynet/agent.sock http://agent/status', 'ask over it'],
    ],
    seeAlso: ['docs/AGENT.md', 'docs/PARTICIPANT.md', 'xaynet participant'],
  });
}

/** Where an agent listens unless it is told otherwise. */
const DEFAULT_LISTEN = '127.0.0.1:8090';

function address(text: string): Address {
  if (text.startsWith('unix:') && text.length > 5) return { socket: text.slice(5) };
  const [, host, port] = /^(?:\[([^\]]+)\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  const name = host ?? text.slice(0, text.lastIndexOf(':'));
  if (port === undefined || Number(port) > 65_535 || isIP(name) === 0)
    throw new InvalidArgumentError('127.0.0.1:8090, [::1]:8090 or unix:/path/agent.sock, for example, is expected.');
  return { host: name, portNumber: Number(port) };
}

async function run(options: AgentCommand, version: string, { out, err, env }: Terminal): Promise<void> {
  const progress = new Progress(err, { env });
  const standing = new Standing(progress);
  const say = (text: string): void => progress.above(() => out.write(`${text}\n`));
  const warn = (text: string): void => progress.above(() => err.write(`${text}\n`));
  const stop = watchSignals();
  const lines = eventLines({ say, warn }, (key) => `participant ${key}`);
  try {
    const { startAgent } = await import('../agent/agent.ts');
    let end: (error?: Error) => void = () => undefined;
    const ended = new Promise<Error | undefined>((resolve) => {
      end = resolve;
      stop.signal.addEventListener('abort', () => resolve(undefined));
    });
    const agent = await startAgent({
      run: { ...(await runOptionsOf(options)), url: options.url },
      folder: options.state,
      listen: options.listen,
      origins: options.allowOrigin ?? [],
      join: options.join,
      version,
      tell: (event) => {
        if (options.json) say(JSON.stringify({ type: event.type, time: new Date().toISOString(), ...eventData(event) }));
        else lines(event);
        standing.take(event);
      },
      broken: (error) => warn(`a request failed: ${error instanceof Error ? error.stack : String(error)}`),
      end,
    });
    (options.json ? warn : say)(`listening on ${agent.url}${agent.tokenFile === undefined ? '' : `; the token is in ${join(options.state, 'token')}`}`);
    const error = await ended;
    standing.close();
    await agent.stop();
    if (error !== undefined) throw error;
    warn('stopped');
  } finally {
    standing.close();
    stop.close();
  }
}
