// `xaynet chaos`: kills a coordinator at every moment it can think of, and proves that nothing was lost or counted twice. Here: its options,
// and where the output goes. What it does is in chaos/run.ts.

import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { XaynetError } from '@xaynet/core/errors';
import { type Command, Option } from 'commander';
import type { FleetReport } from '../chaos/fleet/report.ts';
import type { S3Place } from '../chaos/fleet/run.ts';
import type { ChaosReport } from '../chaos/report.ts';
import type { ChaosProgress } from '../chaos/scene.ts';
import { explain } from '../help/manual.ts';
import type { Environment, Terminal } from '../screen.ts';
import { watchSignals } from '../stop-signal.ts';
import { wholeNumber } from './numbers.ts';

const STORES = ['embedded', 'redis', 'redis+s3'] as const;

interface ChaosOptions {
  readonly rounds: number;
  readonly seed?: number;
  readonly participants: number;
  readonly weights?: number;
  readonly store: (typeof STORES)[number];
  readonly coordinators?: number;
  readonly s3?: string;
  readonly killsPerRound: number;
  readonly chunked?: true;
  readonly json?: true;
  readonly keep?: true;
  readonly record?: string;
}

/** Adds `chaos` to `program`; `exit` takes the exit code. */
export function addChaos(program: Command, exit: (code: number) => void, { out, err, env }: Terminal): void {
  const command = program
    .command('chaos')
    .summary('kill a coordinator again and again, and prove that it loses nothing')
    .description(
      'Starts a coordinator as a process of its own, participants, and a network that loses, repeats and delays; kills coordinator and participants at random and at chosen moments, starts them again on the same data, and checks from outside that every acknowledged update is in its model exactly once.',
    )
    .option('--rounds <n>', 'rounds to complete, 1 to 10000', wholeNumber(1, 10_000), 50)
    .option('--seed <n>', 'repeat the choices of a run (0 to 4294967295); their timing is the machine’s', wholeNumber(0, 2 ** 32 - 1))
    .option('--participants <n>', 'how many take part, 12 to 500; six of them live in processes that are killed', wholeNumber(12, 500), 24)
    .addOption(
      new Option('--store <kind>', 'where the coordinators keep rounds; redis: a Redis that this command starts; redis+s3: large bytes in the bucket of --s3')
        .choices(STORES)
        .default('embedded'),
    )
    .option('--coordinators <n>', 'with --store redis: how many processes share the rounds, 2 to 9 (default: 3)', wholeNumber(2, 9))
    .option('--s3 <url>', 'with --store redis+s3: http://HOST:PORT/BUCKET of an S3-compatible server on this machine; credentials and region from AWS_…')
    .option('--weights <n>', 'length of the model, up to 1000000 (default: participants + 25, the least)', wholeNumber(1, 1_000_000))
    .option('--kills-per-round <n>', 'how often the coordinator is killed while a round lasts, 0 to 100', wholeNumber(0, 100), 5)
    .option('--chunked', 'send messages in chunks')
    .option('--json', 'one JSON document on standard output at the end, progress on standard error')
    .option('--keep', 'keep logs, settings and data also when all is well')
    .option('--record <folder>', 'record the rounds there, for xaynet replay: a file for each life of the coordinator')
    .action(async (options: ChaosOptions) => {
      const { participants, rounds, killsPerRound, chunked = false, keep = false, store, coordinators = 3 } = options;
      const isFleet = store !== 'embedded';
      if (!isFleet && options.coordinators !== undefined) throw new XaynetError('option-invalid', '--coordinators: several need --store redis');
      const s3 = store === 'redis+s3' ? s3Place(options.s3, env) : undefined;
      if (isFleet && options.record !== undefined) throw new XaynetError('option-invalid', '--record: rounds of several coordinators are not recorded');
      const { leastWeights, runChaos } = await import('../chaos/run.ts');
      const { ChaosShow } = await import('../chaos/show.ts');
      const { kept, tableLines, verdictLines } = await import('../chaos/report.ts');
      const weights = options.weights ?? leastWeights(participants);
      if (weights < leastWeights(participants)) {
        throw new XaynetError('option-invalid', `--weights: at least ${leastWeights(participants)} for ${participants} participants, ${weights} given`);
      }
      const seed = options.seed ?? randomInt(2 ** 32);
      const stop = watchSignals();
      const show = new ChaosShow(options.json ? err : out, rounds, env);
      try {
        const whom = isFleet ? `${coordinators} coordinators at one Redis, ` : '';
        show.line(`xaynet chaos: ${rounds} rounds, ${whom}${participants} participants, ${killsPerRound} kills a round, seed ${seed}`);
        const tell = (progress: ChaosProgress): void => show.tell(progress);
        const input = { rounds, seed, participants, weights, killsPerRound, chunked, keep, signal: stop.signal, tell };
        let report: ChaosReport | FleetReport;
        let table: string[];
        if (isFleet) {
          const [{ runFleet }, { fleetLines }] = await Promise.all([import('../chaos/fleet/run.ts'), import('../chaos/fleet/report.ts')]);
          report = await runFleet({ ...input, store, coordinators, s3 });
          table = fleetLines(report);
        } else {
          report = await runChaos({ ...input, record: options.record === undefined ? undefined : resolve(options.record) });
          table = tableLines(report);
        }
        show.end();
        for (const line of ['', ...table, '', ...verdictLines(report)]) show.line(line);
        if (options.json) out.write(`${JSON.stringify(report, undefined, 2)}\n`);
        exit(kept(report) ? (stop.exitCode ?? 0) : 1);
      } finally {
        show.end();
        stop.close();
      }
    });
  explain(command, {
    notes: [
      'How it proves it: participant i trains the vector that is 1 at i and 0 elsewhere, so the mean times the number of updates is 1 for everybody who was counted once. An update counts as acknowledged when the coordinator answered 200, whether or not the answer arrived.',
      'With --store redis, coordinators are killed, stopped and paused for longer than their lease, cut off from Redis, lose requests and replies, and Redis is killed (it syncs its append-only file with every write) and paused; each request of a participant goes to the next coordinator, and the table says for how long nobody led.',
      'A round takes some seconds, five kills included. A seed repeats what is done to which message and at what the kills are aimed, not when it happens.',
    ],
    json: [
      'The report at the end, {"chaos": "coordinator" or "fleet", "seed", "kills" or "deeds", "recovery", "messages", "updates": {"acknowledged", "counted", "lost", "doubled", "corrupt"}, "rounds", "breaches", …}; recovery in milliseconds.',
    ],
    files: [['a folder below the temporary one', 'logs, settings and data of the run; removed at the end when all is well, unless --keep is given']],
    exits: [
      ['0', 'all promises kept'],
      ['1', 'something was lost, doubled or abandoned, or a round failed for no reason: the folder with logs and data is kept and named'],
      ['130, 143', 'stopped by Ctrl-C, by SIGTERM, with the table so far'],
    ],
    examples: [
      ['xaynet chaos', '50 rounds with some five kills each'],
      ['xaynet chaos --rounds 4 --kills-per-round 3 --seed 7', 'a short one that makes the same choices again'],
      [
        'xaynet chaos --store redis --coordinators 3 --rounds 20',
        'three coordinators that share each round; they, their lines to Redis and Redis itself are hit',
      ],
      ['xaynet chaos --rounds 500 --chunked --weights 10000 --json > report.json', 'a long one, for another program'],
    ],
    seeAlso: ['xaynet replay', 'docs/OPERATING.md', 'docs/ARCHITECTURE.md'],
  });
}

/** Where large bytes go; throws `option-invalid`. */
function s3Place(text: string | undefined, env: Environment): S3Place {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  const bucket = url?.pathname.slice(1) ?? '';
  if (url === undefined || url.protocol !== 'http:' || url.hostname !== '127.0.0.1' || bucket === '' || bucket.includes('/')) {
    throw new XaynetError('option-invalid', '--s3: http://127.0.0.1:PORT/BUCKET expected, with --store redis+s3');
  }
  if (env.AWS_ACCESS_KEY_ID === undefined || env.AWS_SECRET_ACCESS_KEY === undefined) {
    throw new XaynetError('option-invalid', '--s3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are to hold the credentials');
  }
  return { endpoint: new URL(url.origin), region: env.AWS_REGION ?? 'us-east-1', bucket };
}
