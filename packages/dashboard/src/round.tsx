// The round as it happens: which phase, how long still, how many messages against how many are needed, and what became of all that arrived.

import type { LiveJson, RoundTally } from '@xaynet/coordinator/documents';
import { Card, Fact, Nothing, Scroll } from './card.tsx';
import { Chart, Legend } from './chart.tsx';
import { bytes, clock, count, many, moment, percent, took } from './format.ts';
import { live, serverNow, settings } from './state.ts';

type Collecting = 'sum' | 'update' | 'sum2';
type Step = Collecting | 'unmask';

const STEPS: readonly { readonly phase: Step; readonly does: string }[] = [
  { phase: 'sum', does: 'those drawn for it offer to add up masks' },
  { phase: 'update', does: 'the others send masked models' },
  { phase: 'sum2', does: 'the sums of the masks come in' },
  { phase: 'unmask', does: 'masks cancel, the mean remains' },
];

const total = (counts: readonly number[]): number => counts.reduce((sum, each) => sum + each, 0);

/** A setting of this name that is a number. */
function limitOf(key: string): number | undefined {
  const value = settings.value?.settings.find((row) => row.key === key)?.value;
  return typeof value === 'number' ? value : undefined;
}

export function Round() {
  const now = live.value;
  if (now === undefined)
    return (
      <Card id="round" title="Round" wide>
        {<div class="placeholder tall" />}
      </Card>
    );
  const { status, round } = now;
  if (status.paused?.code === 'starting-up')
    return (
      <Card id="round" title="Round" wide>
        <Nothing>The coordinator is starting: it reads what it keeps, and then the round goes on where it was.</Nothing>
      </Card>
    );
  return (
    <Card id="round" title={`Round ${count(status.round)}`} wide>
      <ol class="track">
        {STEPS.map(({ phase, does }) => (
          <StepOf key={phase} phase={phase} does={does} now={now} />
        ))}
      </ol>
      <Progress now={now} />
      <Facts status={status} round={round} />
    </Card>
  );
}

function StepOf({ phase, does, now: { status, round } }: { phase: Step; does: string; now: LiveJson }) {
  const seen = round?.round === status.round ? round.phases.findLast((each) => each.phase === phase) : undefined;
  const isNow = status.phase === phase;
  // A process that was started in the midst of a round has not seen what came before, but it is over all the same.
  const isOver = seen?.ended != null || STEPS.findIndex((each) => each.phase === phase) < STEPS.findIndex((each) => each.phase === status.phase);
  const failed = status.lastFailure?.round === status.round && status.lastFailure.phase === phase;
  const state = isNow ? 'now' : failed ? 'failed' : isOver ? 'done' : 'to-come';
  const taken = state === 'to-come' ? undefined : takenIn(phase, status, seen === undefined ? null : round);
  const length = seen === undefined ? undefined : (seen.ended ?? serverNow.value) - seen.began;
  return (
    <li class={`step ${state} ${phase}`} aria-current={isNow ? 'step' : undefined}>
      <b>{phase}</b>
      <span class="does">{does}</span>
      <span class="taken">
        {taken === undefined ? (state === 'done' ? 'done' : '\u2013') : many(taken, 'message')}
        {length === undefined ? '' : `, ${took(length)}`}
        {failed ? ', failed' : ''}
      </span>
    </li>
  );
}

/** Messages that a phase has taken, as far as it is known: arrivals are counted since the restart only, sums and updates of the round in all. */
function takenIn(phase: Step, { phase: now, counts, sums, updates }: LiveJson['status'], round: RoundTally | null): number | undefined {
  if (phase === 'unmask') return undefined;
  if (phase === now && counts !== null) return counts.accepted;
  const arrived = round === null ? undefined : total(round.arrivals[phase]);
  if (phase === 'sum2') return arrived;
  return Math.max(phase === 'sum' ? sums : updates, arrived ?? 0);
}

function isCollecting(phase: string): phase is Collecting {
  return phase === 'sum' || phase === 'update' || phase === 'sum2';
}

/** Messages against the least and the most, and the time that is left. */
function Progress({ now: { status } }: { now: LiveJson }) {
  const { phase, counts, window } = status;
  if (!isCollecting(phase) || counts === null || window === null) {
    const what = {
      idle: 'Between two rounds.',
      unmask: 'Taking the mask off the sum.',
      failure: 'The round failed; another begins soon.',
      shutdown: 'The coordinator is stopping.',
    };
    return (
      <div class="progress">
        <p class="headline">{what[phase as keyof typeof what] ?? phase}</p>
        <div class="bar" />
        <p class="under">{'\u00a0'}</p>
      </div>
    );
  }
  const [min, max] = [limitOf(`pet.${phase}.count.min`) ?? 1, limitOf(`pet.${phase}.count.max`) ?? Number.POSITIVE_INFINITY];
  const { accepted } = counts;
  const scale = Math.max(1, Math.min(max, Math.max(1.5 * min, 1.25 * accepted)));
  return (
    <div class="progress">
      <p class="headline">
        <span class="big">{count(accepted)}</span> of at least {count(min)}
        <span class="until">{waitOf({ accepted, min, window })}</span>
      </p>
      {/* Of each phase a bar of its own: one that shrank from the phase before would lag behind the numbers in short rounds. */}
      <div
        key={`${status.round} ${phase}`}
        class={`bar ${phase}`}
        role="progressbar"
        aria-label={`messages of ${phase}`}
        aria-valuemin={0}
        aria-valuemax={min}
        aria-valuenow={Math.min(min, accepted)}
        aria-valuetext={`${accepted} accepted, ${min} needed`}
      >
        <div class="fill" style={{ width: `${Math.min(100, (100 * accepted) / scale)}%` }} />
        <div class="mark" style={{ left: `${Math.min(100, (100 * min) / scale)}%` }} />
      </div>
      <p class="under">
        {count(min)} needed, at most {Number.isFinite(max) ? count(max) : 'as many as come'} taken; rejected {count(counts.rejected)}, too late or too many{' '}
        {count(counts.discarded)}
      </p>
    </div>
  );
}

function waitOf({ accepted, min, window }: { accepted: number; min: number; window: { earliestEnd: number; latestEnd: number } }): string {
  const [soonest, latest] = [window.earliestEnd - serverNow.value, window.latestEnd - serverNow.value];
  if (accepted < min) return `${clock(latest)} left, or the round fails`;
  return soonest > 0 ? `enough; listens ${clock(soonest)} more` : `enough; ends within ${clock(latest)}`;
}

/** How the tasks were dealt, and what travelled. */
function Facts({ status, round }: { status: LiveJson['status']; round: RoundTally | null }) {
  const ofRound = round?.round === status.round ? round : null;
  const [sums, updates] = [takenIn('sum', status, ofRound)!, takenIn('update', status, ofRound)!];
  const chance = round?.probability;
  return (
    <dl class="facts">
      <Fact name="Updates in the sum" value={count(status.updates)} more="nobody sees one alone" />
      <Fact name="Sum participants" value={count(sums)} />
      <Fact
        name={isWhole(round) ? 'Bytes taken' : 'Bytes taken since the restart'}
        value={bytes(round?.bytes.accepted ?? 0)}
        more={round?.bytes.refused ? `${bytes(round.bytes.refused)} refused` : undefined}
      />
      <Fact
        name="Rounds failed in a row"
        value={count(status.failures)}
        more={status.lastFailure === null ? undefined : `last: round ${status.lastFailure.round}, ${status.lastFailure.title}`}
        alarm={status.failures > 0}
        roomy
      />
      {chance === undefined ? null : <Tasks sums={sums} updates={updates} chance={chance} />}
    </dl>
  );
}

/** Tasks are drawn by each participant alone, so the coordinator knows of those who came, and what is likely of the rest. */
function Tasks({ sums, updates, chance }: { sums: number; updates: number; chance: RoundTally['probability'] }) {
  const expected = { sum: chance.sum, update: (1 - chance.sum) * chance.update };
  const came = sums + updates;
  return (
    <div class="fact tasks">
      <dt>Tasks of participants</dt>
      <dd>
        <div class="split" aria-hidden="true">
          <span class="sum" style={{ flexGrow: came === 0 ? expected.sum : sums }} />
          <span class="update" style={{ flexGrow: came === 0 ? expected.update : updates }} />
        </div>
        <span class="more">
          sum {count(sums)}, update {count(updates)}; by chance {percent(expected.sum)} sum, {percent(expected.update)} update,{' '}
          {percent(1 - expected.sum - expected.update)} rest
        </span>
      </dd>
    </div>
  );
}

/** Bars of the chart of arrivals, at most. */
const BARS = 48;

const ARRIVALS = [
  { label: 'sum', color: '--sum' },
  { label: 'update', color: '--update' },
  { label: 'sum2', color: '--sum2' },
  { label: 'refused', color: '--refused' },
] as const;

/** Why messages were refused, the most frequent reason first, whoever refused them. */
function reasonsOf({ refusals }: RoundTally): { code: string; title: string; messages: number }[] {
  const reasons = new Map<string, { code: string; title: string; messages: number }>();
  for (const { code, title, count: messages } of refusals) reasons.set(code, { code, title, messages: messages + (reasons.get(code)?.messages ?? 0) });
  return [...reasons.values()].sort((a, b) => b.messages - a.messages);
}

/** False for a process that was started in the midst of a round, and has seen the rest of it only. */
function isWhole(round: RoundTally | null): boolean {
  const first = round?.phases[0]?.phase;
  return first === undefined || first === 'idle' || first === 'sum';
}

export function Arrivals() {
  const round = live.value?.round ?? null;
  if (round === null)
    return (
      <Card id="arrivals" title="Arrivals">
        {<div class="placeholder" />}
      </Card>
    );
  const began = isWhole(round) ? 'the round began' : `${moment(round.since, round.since)}, when the coordinator was started again in the midst of the round`;
  const steps = Math.max(12, ...ARRIVALS.map(({ label }) => round.arrivals[label].length));
  // Bars that can be told apart: two steps of the coordinator's become one.
  const join = steps > BARS ? 2 : 1;
  const step = join * round.step;
  const x = Array.from({ length: Math.ceil(steps / join) }, (_, i) => i);
  const series = ARRIVALS.map(({ label, color }) => ({ label, color, values: x.map((i) => total(round.arrivals[label].slice(join * i, join * (i + 1)))) }));
  return (
    <Card
      id="arrivals"
      title="Arrivals"
      note={`Messages in steps of ${took(step)} since ${began}${live.value?.status.round === round.round ? '' : ` (round ${count(round.round)})`}.`}
    >
      <Legend items={ARRIVALS.map(({ label, color }) => ({ label, color, text: count(total(round.arrivals[label])) }))} />
      <Chart
        title={`Messages of round ${round.round} over time`}
        kind="bars"
        x={x}
        series={series}
        xText={(value) => took(value * step)}
        yText={count}
        xName="Time since then"
        gap={1}
      />
      <h3>Refused</h3>
      {round.refusals.length === 0 ? (
        <Nothing>Nothing was refused in this round.</Nothing>
      ) : (
        <Scroll label="Refused messages by reason">
          <table>
            <thead>
              <tr>
                <th scope="col">Reason</th>
                <th scope="col">Messages</th>
              </tr>
            </thead>
            <tbody>
              {reasonsOf(round).map(({ code, title, messages }) => (
                <tr key={code}>
                  <th scope="row">
                    {title} <code>{code}</code>
                  </th>
                  <td>{count(messages)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Card>
  );
}
