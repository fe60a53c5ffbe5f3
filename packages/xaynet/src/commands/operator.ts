// `xaynet coordinator status|rounds|events|model get`: looks at a coordinator that runs, by its HTTP API. Nothing here changes anything there.

import { setTimeout as sleep } from 'node:timers/promises';
import { XaynetError } from '@xaynet/core/errors';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { size } from '../figures.ts';
import { explain } from '../help/manual.ts';
import { Client, type Connection } from '../operator/client.ts';
import { roundListOf, statusOf } from '../operator/documents.ts';
import { downloadModel, FORMATS, type Format } from '../operator/download.ts';
import { followEvents } from '../operator/events.ts';
import { eventLine, roundLines, statusLines } from '../operator/text.ts';
import { addTlsOptions } from '../operator/tls.ts';
import type { Terminal } from '../screen.ts';
import { watchSignals } from '../stop-signal.ts';
import { bar, Progress } from '../terminal/progress.ts';
import { decimalNumber, wholeNumber } from './numbers.ts';

/** A command with the options that say where the coordinator is. */
function remote(group: Command, name: string): Command {
  const command = group.command(name).optionsGroup('Coordinator:').option('--url <url>', 'base URL of the coordinator', 'http://127.0.0.1:8081');
  return addTlsOptions(command).optionsGroup('Options:');
}

const printer =
  ({ out }: Terminal) =>
  (text: string): void =>
    void out.write(text);

const asJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Adds `status` to `group`. */
export function addStatus(group: Command, terminal: Terminal): void {
  const print = printer(terminal);
  const command = remote(group, 'status')
    .summary('what a running coordinator does')
    .description('Shows round, phase, deadlines, counts, failures and store of a running coordinator. Exits with 1 when it cannot be reached.')
    .option('--json', 'the document as it came')
    .option('--watch [seconds]', 'again and again, until Ctrl-C (default: every 2 seconds)', decimalNumber(0.1, 3600))
    .action(async (options: Connection & { json?: true; watch?: number | true }) => {
      const client = new Client(options);
      const show = async (): Promise<void> => {
        const status = statusOf(await asking(terminal, options.url, client.json('/status')));
        print(options.json ? asJson(status) : `${statusLines(status, options.url).join('\n')}\n`);
      };
      if (options.watch === undefined) return show();
      const stop = watchSignals();
      try {
        for (;;) {
          await show();
          await sleep(1000 * (options.watch === true ? 2 : options.watch), undefined, { signal: stop.signal });
          if (!options.json) print('\n');
        }
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      } finally {
        stop.close();
      }
    });
  explain(command, {
    json: [
      'The document of GET /status as it came: {"version", "uptime": seconds, "round", "phase", "window": {"earliestEnd", "latestEnd"}, "counts", "paused", "lastFailure", "model", "task", "store", …}; times in milliseconds since 1970. With --watch one after another.',
    ],
    exits: [['1', 'it cannot be reached, or something else answers']],
    examples: [
      ['xaynet coordinator status', 'the coordinator of this machine'],
      ['xaynet coordinator status --url https://example.org --ca authority.pem --watch 5', 'another one, every five seconds'],
      ['xaynet coordinator status --json | jq -r .phase', 'the phase alone'],
    ],
    seeAlso: ['docs/API.md', 'docs/OPERATING.md', 'xaynet coordinator events'],
  });
}

/** Adds `rounds` to `group`. */
export function addRounds(group: Command, terminal: Terminal): void {
  const print = printer(terminal);
  const command = remote(group, 'rounds')
    .summary('what became of past rounds, signatures verified')
    .description(
      'Lists the signed records of past rounds, the newest first, and verifies each signature; exits with 1 when one does not hold, or is of another signer than --signer.',
    )
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 20)
    .option('--before <round>', 'only rounds before this one', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--signer <key>', 'the public key that must have signed, 64 hexadecimal digits', signerKey)
    .option('--json', 'the records as they came, each with "verified"')
    .action(async (options: Connection & { limit: number; before?: number; signer?: string; json?: true }) => {
      const { verifyRoundRecord } = await import('@xaynet/coordinator');
      const query = `limit=${options.limit}${options.before === undefined ? '' : `&before=${options.before}`}`;
      const { rounds } = roundListOf(await asking(terminal, options.url, new Client(options).json(`/rounds?${query}`)));
      const verified = rounds.map((record) => verifyRoundRecord(record) && (options.signer === undefined || record.signer === options.signer));
      if (options.json) print(asJson(rounds.map((record, i) => ({ ...record, verified: verified[i] }))));
      else print(`${roundLines(rounds, verified).join('\n')}\n`);
      const bad = rounds.filter((_, i) => !verified[i]).map(({ round }) => round);
      if (bad.length > 0) throw new XaynetError('record-unverified', `round ${bad.join(', ')}`);
    });
  explain(command, {
    notes: [
      'A record holds the hashes of all that a round published and computed. That a signature holds says that the owner of the key named beside it signed the record; note the key once and give it as --signer.',
    ],
    json: [
      'An array of the records as they came, each with "verified": {"round", "outcome", "began", "ended", "sums", "updates", "masks", "hashes": {…}, "signer", "signature", "verified"}; times in milliseconds since 1970.',
    ],
    exits: [['1', 'a signature does not hold, or is of another signer than --signer; or it cannot be reached']],
    examples: [
      ['xaynet coordinator rounds --limit 5', 'the last five'],
      ["xaynet coordinator rounds --json | jq '.[0].hashes.model'", 'the SHA-256 of the last model'],
    ],
    seeAlso: ['docs/API.md', 'docs/SECURITY.md', 'xaynet coordinator model get'],
  });
}

/** Adds `events` to `group`. */
export function addEvents(group: Command, terminal: Terminal): void {
  const print = printer(terminal);
  const command = remote(group, 'events')
    .summary('what happens in a running coordinator, as it happens')
    .description('Prints the events of a running coordinator until Ctrl-C, over lost connections and restarts.')
    .option('--types <list>', 'only these types: round,phase,accepted,rejected,discarded,refused,model,tally,ended,report,failure,paused,resumed')
    .option('--json', 'one JSON object a line')
    .action(async (options: Connection & { types?: string; json?: true }) => {
      const stop = watchSignals();
      const trouble = (why: string | undefined): void =>
        void terminal.err.write(why === undefined ? 'connected again\n' : `connection lost, trying again: ${why}\n`);
      let opened: () => void = () => undefined;
      const first = new Promise<void>((resolve) => {
        opened = resolve;
      });
      const asked = asking(terminal, options.url, first);
      const client = new Client(options);
      // An event may be seconds away: until then nothing would say that all is well.
      void first.then(
        async () => stop.signal.aborted || terminal.err.write(`${connectedLine(options.url, await client.json('/status').catch(() => undefined))}\n`),
      );
      try {
        for await (const { type, id, data } of followEvents(client, { types: options.types, signal: stop.signal, trouble, opened })) {
          print(options.json ? `${JSON.stringify({ type, id, data })}\n` : `${eventLine(type, data, Date.now())}\n`);
        }
      } finally {
        opened();
        await asked;
        stop.close();
      }
    });
  explain(command, {
    json: ['One object a line: {"type", "id", "data": what GET /events sends with it}.'],
    exits: [
      ['0', 'stopped by Ctrl-C'],
      ['1', 'it cannot be reached at the start, or refuses'],
    ],
    examples: [
      ['xaynet coordinator events', 'everything'],
      ['xaynet coordinator events --types round,phase,model,failure', 'how rounds go on'],
      ['xaynet coordinator events --json | jq -c .', 'for another program'],
    ],
    seeAlso: ['docs/API.md', 'xaynet coordinator status'],
  });
}

/** Adds `model` with `get` to `group`. */
export function addModel(group: Command, terminal: Terminal): void {
  const print = printer(terminal);
  const model = group.command('model').summary('global models of a running coordinator').description('Global models of a running coordinator.');
  const command = remote(model, 'get')
    .summary('download one')
    .description(
      'Downloads a global model to a file, which appears when it is complete; a download that broke off goes on where it stopped when it is run again. Prints the SHA-256 of the file.',
    )
    .argument('[id]', 'an id of /models', 'latest')
    .addOption(new Option('--format <name>', 'how it is written').choices(FORMATS).default('f32'))
    .requiredOption('-o, --out <file>', 'where to write it')
    .option('--json', 'what was downloaded as JSON')
    .action(async (id: string, options: Connection & { format: Format; out: string; json?: true }) => {
      const stop = watchSignals();
      try {
        const client = new Client(options);
        const shown = new Progress(terminal.err, terminal);
        const progress = (done: number, total: number | undefined): void =>
          shown.tell(total === undefined ? `${size(done)} downloaded` : bar(done, total, `${size(done)} of ${size(total)}`));
        const found = await downloadModel(client, { id, format: options.format, path: options.out, progress, signal: stop.signal }).finally(() => shown.end());
        const compared = options.format === 'fractions' ? await compareWithRecord(client, found.id, found.sha256) : undefined;
        if (options.json) print(asJson({ ...found, file: options.out, format: options.format, recorded: compared ?? null }));
        else {
          const resumed = found.resumed > 0 ? `, ${size(found.resumed)} of it from before` : '';
          const recorded = compared === undefined ? '' : compared ? '; the record of its round has the same' : '; the record of its round has ANOTHER';
          print(`${options.out}: model ${found.id ?? id}, ${size(found.bytes)}${resumed}\nsha256 ${found.sha256}${recorded}\n`);
        }
        if (compared === false) throw new XaynetError('record-unverified', `the SHA-256 of model ${found.id}`);
      } finally {
        stop.close();
      }
    });
  explain(command, {
    notes: [
      'f32 and f64 are raw little-endian numbers, each rounded once from the exact fraction; fractions are what the coordinator keeps: every weight exactly. The SHA-256 of fractions stands in the record of their round (xaynet coordinator rounds --json); it is compared when the record is there.',
    ],
    json: [
      '{"id", "bytes", "resumed": bytes that an earlier download had left, "sha256", "file", "format", "recorded": whether the record of its round has the same SHA-256, null: not compared}',
    ],
    files: [['FILE.….part', 'what has arrived of FILE, until it is complete']],
    exits: [['1', 'the download broke off, the file cannot be written, or the SHA-256 is not that of the record']],
    examples: [
      ['xaynet coordinator model get --format f32 -o global.f32', 'the latest'],
      ['xaynet coordinator model get --format safetensors -o global.safetensors --url https://example.org', 'in another format, from another machine'],
      ['xaynet coordinator model get --format fractions -o global.bin --json', 'exactly, and compared with its record'],
    ],
    seeAlso: ['docs/API.md', 'docs/MODELS.md', 'xaynet coordinator rounds'],
  });
  explain(model, { examples: [['xaynet coordinator model get --format f32 -o global.f32', 'the latest']], seeAlso: ['docs/API.md'] });
}

function connectedLine(url: string, status: unknown): string {
  const { round, phase } = (status ?? {}) as { round?: unknown; phase?: unknown };
  const where = typeof round === 'number' && typeof phase === 'string' ? `, round ${round}, phase ${phase.replaceAll(/\P{L}/gu, '')}` : '';
  return `connected to ${url}${where}; waiting for events (Ctrl-C ends)`;
}

/** Waits for an answer of `url`, and says so when it takes long. */
function asking<T>({ err, env }: Terminal, url: string, answer: Promise<T>): Promise<T> {
  return new Progress(err, { env }).during(`waiting for an answer of ${url}`, answer);
}

/** Whether the signed record of the model's round has this hash; undefined when there is no such record. */
async function compareWithRecord(client: Client, id: string | undefined, sha256: string): Promise<boolean | undefined> {
  const round = Number(/^\d+(?=_)/.exec(id ?? '')?.[0] ?? Number.NaN);
  if (!Number.isSafeInteger(round)) return undefined;
  const { verifyRoundRecord } = await import('@xaynet/coordinator');
  const { rounds } = roundListOf(await client.json(`/rounds?limit=1&before=${round + 1}`));
  const [record] = rounds;
  if (record?.model !== id || record?.hashes.model === undefined) return undefined;
  return verifyRoundRecord(record) && record.hashes.model === sha256;
}

function signerKey(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('64 hexadecimal digits are expected.');
  return text.toLowerCase();
}
