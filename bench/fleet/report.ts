// The result of a benchmark of fleets, as text.

import type { ParticipantResult } from './participant.ts';
import type { CoordinationResult, PollingResult, RoundResult } from './scenarios.ts';

/** All of it, as it stands in measured.json: the constants of docs/SCALING.md. */
export interface Measured {
  readonly machine: string;
  readonly date: string;
  readonly command: string;
  /** Version of Redis. */
  readonly redis: string;
  /** Least and most of the machine's load (processes that want to run), by the last minute. */
  readonly load: readonly [number, number];
  readonly rounds: readonly RoundResult[];
  readonly coordination: readonly CoordinationResult[];
  readonly polling: PollingResult;
  readonly participant: ParticipantResult;
}

/** Part of what an update costs one process that coordination may take. */
export const BAR = 0.05;

/** The rounds, as a table. */
export function roundsText({ rounds }: Pick<Measured, 'rounds'>): string {
  const rows = rounds.map((round) => {
    const { length, coordinators, blobs, counted, message, redis, storage } = round;
    const alone = aloneOf(rounds, length);
    const cost = (1000 * round.cpu) / counted;
    const each = (what: number | undefined): string => (what === undefined ? '–' : digits(what / counted));
    const cells = [
      length,
      coordinators === 0 ? 'one, embedded store' : `${coordinators}, blobs in ${blobs === 'redis' ? 'Redis' : 'S3'}`,
      counted,
      digits(cost),
      coordinators === 0 || alone === undefined ? '–' : signed(100 * (round.cpu / counted / alone - 1)),
      redis === undefined ? '–' : digits((1000 * redis.cpu) / counted),
      each(redis?.scripts),
      each(redis?.judging),
      each(redis?.looks),
      each(redis && redis.scripts + redis.transactions),
      each(redis?.commands),
      storage === undefined ? '–' : digits((storage.puts + storage.posts + storage.gets + storage.deletes + storage.lists) / counted),
      storage === undefined ? '–' : digits(storage.bytesIn / counted / message),
      `${digits(round.closing.seconds)} s, ${digits(closingCpu(round))} s`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| weights | coordinators | updates | CPU ms an update | more than one, % | Redis: CPU ms | scripts | judging | looks | round trips | commands | S3: requests | bytes put, of a message | closing the phase, by the clock and CPU |',
    '| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
    ...rows,
  ].join('\n');
}

/** What coordination alone takes, and what part that is of the cost of one process; as a table. */
export function coordinationText({ rounds, coordination }: Pick<Measured, 'rounds' | 'coordination'>): string {
  const lengths = [...new Set(rounds.map(({ length }) => length))];
  const rows = coordination.map((result) => {
    const { members, sums, verdict, single, blob, look, peek, memory } = result;
    const shares = lengths.map((length) => {
      const share = shareOf(rounds, result, length);
      return share === undefined ? '–' : `${digits(100 * share)} ${share < BAR ? '✓' : '✗'}`;
    });
    const pair = ({ member, redis }: CoordinationResult['look']): string => `${digits(1000 * member)} + ${digits(1000 * redis)}`;
    return `| ${[members, sums, ...[single, verdict, blob, look, peek].map(pair), Math.round(memory), ...shares].join(' | ')} |`;
  });
  return [
    `| members | sum participants | a verdict of one at a time: CPU ms, member + Redis | of eight at a time | of both, bytes | a look | a peek | bytes of Redis an update | ${lengths.map((length) => `% of one process, ${length} weights (bar: < ${100 * BAR})`).join(' | ')} |`,
    `| ---: | ---: | --- | --- | --- | --- | --- | ---: |${' ---: |'.repeat(lengths.length)}`,
    ...rows,
  ].join('\n');
}

/** Polls, participants, and the circumstances, in sentences. */
export function othersText({ polling, participant, redis, load }: Omit<Measured, 'rounds' | 'coordination'>): string {
  const poll = ({ member, redis: server, scripts }: PollingResult['leader']): string =>
    `${digits(1e6 * member)} µs of CPU, ${digits(1e6 * server)} µs of Redis, ${digits(scripts)} scripts`;
  const { derive, mask, seal, sealSeed, openSeed } = participant;
  return [
    `* A poll that is answered 304, 2000 a second: by the leader ${poll(polling.leader)}; by another member ${poll(polling.follower)}.`,
    `* A participant, one thread: the mask of a seed ${digits(1e9 * derive)} ns a weight, masking a model ${digits(1e9 * mask)} ns, sealing the message ${digits(1e9 * seal)} ns; a seed sealed in ${digits(1e6 * sealSeed)} µs and opened in ${digits(1e6 * openSeed)} µs.`,
    `* Redis ${redis} with \`appendfsync always\`; load of the machine from ${digits(load[0])} to ${digits(load[1])}.`,
  ].join('\n');
}

/** CPU seconds of closing a phase, without those of the update that ended it. */
export function closingCpu({ closing, cpu, counted }: RoundResult): number {
  return Math.max(0, closing.cpu - cpu / counted);
}

/** A script with verdicts costs as much whatever is in it, and something for each: told apart by the two ways of asking. */
export function verdictCosts({
  single,
  verdict,
  blob,
}: Pick<CoordinationResult, 'single' | 'verdict' | 'blob'>): Readonly<Record<'script' | 'update', { member: number; redis: number }>> {
  const part = (of: 'member' | 'redis'): { script: number; update: number } => {
    const script = Math.max(0, (single[of] - verdict[of]) / (single.scripts - verdict.scripts));
    return { script, update: Math.max(0, single[of] - script * single.scripts - blob[of]) };
  };
  const [member, redis] = [part('member'), part('redis')];
  return { script: { member: member.script, redis: redis.script }, update: { member: member.update, redis: redis.update } };
}

/** CPU seconds of coordinating an update, as often as scripts went in this round: judging, looking, and all else, which is peeks. Member and Redis. */
export function coordinationIn({ redis, counted }: RoundResult, result: CoordinationResult): { member: number; redis: number } {
  const { script, update } = verdictCosts(result);
  const { look, peek } = result;
  const { judging = 0, looks = 0, scripts = 0 } = redis ?? {};
  const of = (part: 'member' | 'redis'): number =>
    update[part] + (judging * script[part] + looks * look[part] + (scripts - judging - looks) * peek[part]) / counted;
  return { member: of('member'), redis: of('redis') };
}

function shareOf(rounds: readonly RoundResult[], result: CoordinationResult, length: number): number | undefined {
  const round = rounds.find((one) => one.length === length && one.coordinators === result.members && one.redis !== undefined);
  const alone = aloneOf(rounds, length);
  if (round === undefined || alone === undefined) return undefined;
  const { member, redis } = coordinationIn(round, result);
  return (member + redis) / alone;
}

/** CPU seconds of an update in one process with the embedded store. */
function aloneOf(rounds: readonly RoundResult[], length: number): number | undefined {
  const round = rounds.find((one) => one.length === length && one.coordinators === 0);
  return round && round.cpu / round.counted;
}

function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : '−'}${digits(Math.abs(value))}`;
}
