// What past rounds came to: who took part, how far the model moved, what the application says of it, and the models to take home.

import type { ModelJson, RoundListJson } from '@xaynet/coordinator/documents';
import { Card, Nothing, Scroll } from './card.tsx';
import { Chart, Legend } from './chart.tsx';
import { bytes, count, moment, significant, took } from './format.ts';
import { address, live, models, rounds } from './state.ts';

const TASKS = [
  { label: 'sum', color: '--sum', of: 'sums' },
  { label: 'update', color: '--update', of: 'updates' },
  { label: 'sum2', color: '--sum2', of: 'masks' },
] as const;

export function Rounds() {
  const list = rounds.value;
  const past = [...(list?.rounds ?? [])].reverse();
  return (
    <Card id="rounds" title="Past rounds" note="Messages that counted, by round; every round has a signed record.">
      {list === undefined ? (
        <div class="placeholder" />
      ) : past.length === 0 ? (
        <Nothing>No round has ended yet.</Nothing>
      ) : (
        <>
          <Legend items={TASKS} />
          <Chart
            title="Messages that counted, by round"
            kind="bars"
            x={past.map(({ round }) => round)}
            series={TASKS.map(({ label, color, of }) => ({ label, color, values: past.map((record) => record[of]) }))}
            xText={(round) => `${round}`}
            yText={count}
            xName="Round"
          />
          <RoundTable list={list} />
        </>
      )}
    </Card>
  );
}

const LISTED = 8;

function RoundTable({ list }: { list: RoundListJson }) {
  const now = live.value?.status.now ?? 0;
  return (
    <Scroll label="The last rounds">
      <table>
        <thead>
          <tr>
            <th scope="col">Round</th>
            <th scope="col">Ended, UTC</th>
            <th scope="col">Took</th>
            <th scope="col">Outcome</th>
            <th scope="col">Record</th>
          </tr>
        </thead>
        <tbody>
          {list.rounds.slice(0, LISTED).map(({ round, began, ended, outcome, code, updates }) => (
            <tr key={round}>
              <th scope="row">{count(round)}</th>
              <td>{moment(ended, now)}</td>
              <td>{took(ended - began)}</td>
              <td class={outcome === 'failure' ? 'bad' : undefined}>{outcome === 'model' ? `mean of ${count(updates)}` : `failed: ${code}`}</td>
              <td>
                <a href={address(`rounds/${round}`)} aria-label={`Signed record of round ${round}`}>
                  signed
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** One reported number: its values by round, null where there is none, and the last of them. */
interface Metric {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly last: { readonly round: number; readonly value: number };
}

/** Reports without a number after which it comes behind those that are still reported. */
const STALE = 10;

/** What was reported: accuracy first, then in the order in which it came up. A name may be anything, `constructor` too. */
function metricsOf(reports: RoundListJson['reports']): Metric[] {
  const names = [...new Set(reports.flatMap(({ values }) => Object.keys(values)))];
  const metrics = names.map((name): Metric => {
    const values = reports.map((report) => (Object.hasOwn(report.values, name) ? report.values[name]! : null));
    const at = values.findLastIndex((value) => value !== null);
    return { name, values, last: { round: reports[at]!.round, value: values[at]! } };
  });
  const since = reports.at(-STALE)?.round ?? 0;
  const place = ({ name, last }: Metric): number => (last.round < since ? 2 : name.startsWith('accuracy') ? 0 : 1);
  return metrics.sort((a, b) => place(a) - place(b));
}

const COLORS = ['--model', '--update', '--sum2', '--sum'];
/** Models that may come while one is tested. */
const PATIENCE = 3;
/** Numbers with a chart; a table has the others. */
const CHARTS = 6;

export function Reports() {
  const list = rounds.value;
  const reports = [...(list?.reports ?? [])].reverse();
  const metrics = metricsOf(reports);
  const model = list?.rounds.find(({ outcome }) => outcome === 'model')?.round ?? 0;
  const due = Math.max(reports.at(-1)?.round ?? 0, model - PATIENCE);
  return (
    <Card id="reports" title="What the application reports" note="The coordinator has no data of its own: these numbers come from whoever tests the models.">
      {list === undefined ? <div class="placeholder" /> : null}
      {list !== undefined && metrics.length === 0 ? (
        <Nothing>
          Nothing yet. Whoever tests the model of a round tells it: <code>xaynet coordinator report --round {model === 0 ? 'N' : model} accuracy=0.91</code>,
          which needs admin.bind_address and admin.token to be set; a program by <code>POST /admin/report</code>, in the coordinator’s own process by{' '}
          <code>coordinator.report(round, {'{ accuracy: 0.91 }'})</code>.
        </Nothing>
      ) : null}
      {metrics.slice(0, CHARTS).map(({ name, values, last }, i) => (
        <div class="metric" key={name}>
          <h3>
            {name} <b class="now">{significant(last.value)}</b>
            {last.round >= due ? null : <span class="since"> in round {count(last.round)}, not since</span>}
          </h3>
          <Chart
            title={`${name} by round, last ${significant(last.value)} in round ${last.round}`}
            kind="lines"
            height={metrics.length > 2 ? 110 : 150}
            x={reports.map(({ round }) => round)}
            series={[{ label: name, color: COLORS[i % COLORS.length]!, values }]}
            xText={(round) => (Number.isInteger(round) ? `${round}` : '')}
            xName="Round"
          />
        </div>
      ))}
      {metrics.length <= CHARTS ? null : <OtherMetrics metrics={metrics.slice(CHARTS)} />}
    </Card>
  );
}

function OtherMetrics({ metrics }: { metrics: readonly Metric[] }) {
  return (
    <Scroll label="More reported numbers">
      <table>
        <thead>
          <tr>
            <th scope="col">More numbers</th>
            <th scope="col">Last</th>
            <th scope="col">Round</th>
          </tr>
        </thead>
        <tbody>
          {metrics.map(({ name, last }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{significant(last.value)}</td>
              <td>{count(last.round)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const FORMATS: readonly (readonly [string, string])[] = [
  ['safetensors', 'safetensors'],
  ['f32', 'f32'],
  ['f64', 'f64'],
  ['i32', 'i32'],
  ['i64', 'i64'],
  ['json', 'JSON'],
  ['fractions', 'exact'],
];

export function Models() {
  const list = models.value;
  const known = [...(list?.models ?? [])].reverse().filter(({ difference, round }) => difference !== null && round !== null);
  return (
    <Card id="models" title="Models" wide note="How far each global model lies from the one before it, and the models that are kept.">
      {list === undefined ? (
        <div class="placeholder tall" />
      ) : list.models.length === 0 ? (
        <Nothing>The first model is there when the first round ends well.</Nothing>
      ) : (
        <>
          {known.length < 2 ? null : (
            <div class="two">
              <Change title="Length of the change (L2)" color="--model" known={known} of={({ l2 }) => l2} />
              <Change title="Largest change of a weight" color="--sum" known={known} of={({ max }) => max} />
            </div>
          )}
          <ModelTable list={list.models} />
        </>
      )}
    </Card>
  );
}

/** One norm of the differences, on an axis of its own: they are of very different sizes. */
function Change({ title, color, known, of }: { title: string; color: string; known: readonly ModelJson[]; of: (difference: Difference) => number }) {
  return (
    <div class="metric">
      <h3>{title}</h3>
      <Chart
        title={`${title}, by round`}
        kind="lines"
        height={130}
        x={known.map(({ round }) => round!)}
        series={[{ label: title, color, values: known.map(({ difference }) => of(difference!)) }]}
        xText={(round) => (Number.isInteger(round) ? `${round}` : '')}
        xName="Round"
      />
    </div>
  );
}

type Difference = ModelJson['difference'] & {};

/** What stands where there is no number: the newest model's are worked out a moment after it is there, except that the first has none to differ from. */
function missing(place: number, list: readonly ModelJson[]) {
  if (place > 0 || list[0]?.measures !== null) return '–';
  return <span class="more">soon</span>;
}

function ModelTable({ list }: { list: readonly ModelJson[] }) {
  return (
    <Scroll label="Models that are kept">
      <table>
        <thead>
          <tr>
            <th scope="col">Round</th>
            <th scope="col" class="spare">
              Weights
            </th>
            <th scope="col" class="spare">
              Length (L2)
            </th>
            <th scope="col">Change (L2)</th>
            <th scope="col">Largest change</th>
            <th scope="col" class="left">
              Download
            </th>
          </tr>
        </thead>
        <tbody>
          {list.map(({ id, round, weights, latest, measures, difference, links, bytes: size }, i) => (
            <tr key={id}>
              <th scope="row">
                {round ?? id} {latest ? <span class="tag">served</span> : null}
              </th>
              <td class="spare">{weights === null ? '–' : count(weights)}</td>
              <td class="spare">{measures === null ? missing(i, list) : significant(measures.l2)}</td>
              <td>{difference === null ? missing(i, list) : significant(difference.l2)}</td>
              <td>{difference === null ? missing(i, list) : significant(difference.max)}</td>
              <td class="left links">
                {FORMATS.filter(([format]) => format in links).map(([format, name]) => (
                  <a
                    key={format}
                    href={address(links[format]!.replace(/^\//, ''))}
                    aria-label={`Model of round ${round ?? id} as ${name}`}
                    title={format === 'fractions' ? bytes(size) : undefined}
                  >
                    {name}
                  </a>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
