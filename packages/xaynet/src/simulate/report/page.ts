// report.html: everything in one file that needs neither a network nor a script, in light and dark. The same numbers as summary.json.

import { grouped, percent, scientific, size, span } from '../../figures.ts';
import type { RoundResult, SimulationReport } from '../result.ts';
import { byCount } from '../summary.ts';
import { chartStyle } from './chart.ts';
import { escaped } from './markup.ts';

const STYLE = `
:root{color-scheme:light dark;--back:#f4f6fa}
@media (prefers-color-scheme:dark){:root{--back:#0e121a}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.55 system-ui,sans-serif}
main{max-width:1360px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:18px;margin:40px 0 12px}
p{margin:0 0 8px;max-width:80ch;color:var(--soft)}
.verdict{display:inline-block;margin:14px 0 24px;padding:7px 14px;border-radius:999px;font-weight:600;color:var(--paper);background:var(--c2)}
.verdict.bad{background:var(--c4)}
.tiles{display:grid;grid-template-columns:repeat(2,1fr);gap:12px}
@media (min-width:900px){.tiles{grid-template-columns:repeat(4,1fr)}}
.tile,figure,.table{background:var(--paper);border:1px solid var(--grid);border-radius:12px;margin:0}
.tile{padding:14px 16px}.tile b{display:block;font-size:24px;line-height:1.25;font-variant-numeric:tabular-nums;font-weight:650}.tile span{color:var(--soft);font-size:13px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:16px;margin-top:16px}
figure{padding:4px}figure svg{display:block;width:100%;height:auto}
.table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13.5px}
th,td{padding:8px 10px;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}tr:last-child td{border-bottom:0}
th{color:var(--soft);font-weight:600}th:first-child,td:first-child,.left,th.text{text-align:left}.wide{white-space:normal;min-width:22ch}
.table:focus-visible{outline:2px solid var(--c1);outline-offset:2px}
.bad-text{color:var(--c4)}footer{margin-top:40px;color:var(--soft);font-size:13px}code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
`;

/** The page; charts are SVG elements. */
export function reportPage(report: SimulationReport, charts: readonly string[]): string {
  const { verdict, rounds, adversaries } = report;
  const title = `${grouped(report.participants)} participants, ${rounds.length} round${rounds.length === 1 ? '' : 's'}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(`xaynet simulate: ${title}`)}</title>
<style>${chartStyle(':root')}${STYLE}</style></head><body><main>
<h1>${escaped(title)}</h1>
<p>${escaped(capital(report.about))}.</p>
<div class="verdict${verdict.ok ? '' : ' bad'}">${escaped(verdict.ok ? 'Every published model is the mean of the accepted updates' : verdict.reasons.join('; '))}</div>
<div class="tiles">${tiles(report)
    .map(([value, name]) => `<div class="tile"><b>${escaped(value)}</b><span>${escaped(name)}</span></div>`)
    .join('')}</div>
<div class="charts">${charts.map((chart) => `<figure>${chart}</figure>`).join('')}</div>
${adversaries.length === 0 ? '' : `<h2>Adversaries</h2>${adversaryTable(report)}`}
<h2>Rounds</h2>${roundTable(report)}
<h2>How it was run</h2>${optionTable(report)}
<footer>Written by xaynet simulate. The same numbers are in summary.json, rounds.csv and participants.csv beside this page. Times are those of one machine; with virtual time they say how long the work takes, not how long people would wait.</footer>
</main></body></html>
`;
}

function tiles(report: SimulationReport): [string, string][] {
  const { rounds, bytes, seconds, untrained } = report;
  const models = rounds.flatMap(({ model }) => (model === undefined ? [] : [model]));
  const last = models.at(-1);
  const mean = (of: (round: RoundResult) => number): number => (rounds.length === 0 ? 0 : rounds.reduce((sum, round) => sum + of(round), 0) / rounds.length);
  const quality: [string, string][] =
    last === undefined
      ? []
      : untrained.accuracy === undefined
        ? [[last.loss.toFixed(4), `distance from the aim, ${untrained.loss.toFixed(4)} untrained`]]
        : [[percent(last.accuracy!), `accuracy, ${percent(untrained.accuracy)} untrained`]];
  const worst = models.reduce((most, { difference, bound }) => Math.max(most, difference / bound), 0);
  return [
    [`${models.length} of ${rounds.length}`, 'rounds gave a model'],
    ...quality,
    [percent(worst), 'of its bound: the largest difference from the plain mean'],
    [grouped(mean(({ accepted }) => accepted.update)), `updates a round, of ${grouped(mean(({ selected }) => selected.update))} selected`],
    [size(bytes.update), 'an update'],
    [`${mean((round) => round.seconds).toFixed(1)} s`, `a round on the wall, ${span(mean((round) => round.simulated))} simulated`],
    [`${seconds.cpu.toFixed(1)} s`, 'of processor in all'],
    [size(report.memory), 'of memory at the peak'],
  ];
}

function roundTable({ rounds, untrained }: SimulationReport): string {
  const rows = rounds.map(({ round, model, failure, accepted, selected, left, late, bytes, seconds, refusals, gaveUp }) => {
    const remarks = [...Object.entries(refusals), ...Object.entries(gaveUp)].map(([code, count]) => `${count} ${code}`).join(', ');
    const found =
      model === undefined
        ? `<td class="bad-text" colspan="3">${escaped(`${failure!.phase}: ${failure!.code}`)}</td>`
        : `<td>${model.accuracy === undefined ? model.loss.toFixed(4) : percent(model.accuracy)}</td><td>${scientific(model.difference)} / ${scientific(model.bound)}</td><td><code>${model.digest.slice(0, 12)}</code></td>`;
    return `<tr><td>${round}</td>${found}<td>${grouped(accepted.update)} / ${grouped(selected.update)}</td><td>${accepted.sum2} / ${accepted.sum}</td><td>${grouped(left.update + left.sum)}</td><td>${grouped(late)}</td><td>${size(bytes.up)}</td><td>${size(bytes.down)}</td><td>${seconds.toFixed(2)} s</td><td class="left wide">${escaped(remarks)}</td></tr>`;
  });
  const head = [
    'round',
    untrained.accuracy === undefined ? 'distance' : 'accuracy',
    'difference / bound',
    'digest',
    'updates / selected',
    'masks / sums',
    'left',
    'late',
    'up',
    'down',
    'time',
    'honest refused, given up',
  ];
  return table('Rounds', head, rows);
}

function adversaryTable({ adversaries, rounds }: SimulationReport): string {
  const rows = adversaries.map(({ kind, participants, sent, accepted, incomplete, refused }) => {
    const codes = byCount(refused).map(([code, count]) => `${count} ${code}`);
    return `<tr><td>${escaped(kind)}</td><td>${grouped(participants)}</td><td>${grouped(sent)}</td><td>${grouped(accepted)}</td><td>${grouped(incomplete)}</td><td class="left wide">${escaped(codes.join(', '))}</td></tr>`;
  });
  const effects = rounds.flatMap(({ round, model }) => (model?.effect === undefined ? [] : [`round ${round}: ${model.effect.rms.toPrecision(2)}`]));
  const failed = rounds.filter(({ failure }) => failure !== undefined).map(({ round, failure }) => `round ${round}: ${failure!.code}`);
  return `${table('Adversaries', ['kind', 'participants', 'sent', 'accepted', 'incomplete', 'refused'], rows)}
<p style="margin-top:12px">How far they moved the mean from that of the honest updates (root mean square of a weight): ${escaped(effects.slice(0, 40).join(', ') || 'there is no model')}.${failed.length === 0 ? '' : ` Rounds without a model: ${escaped(failed.slice(0, 40).join(', '))}.`}</p>`;
}

function optionTable(report: SimulationReport): string {
  const given = Object.entries(report.options).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    Array.isArray(value) ? value.join(' ') : String(value),
  ]);
  const rows = [...given, ['mask', report.mask], ['length of the model', grouped(report.weights)]].map(
    ([name, value]) => `<tr><td>${escaped(name!)}</td><td class="left wide">${escaped(value!)}</td></tr>`,
  );
  return `<div class="table" style="max-width:640px" tabindex="0" role="region" aria-label="How it was run"><table>${rows.join('')}</table></div>`;
}

function table(name: string, head: readonly string[], rows: readonly string[]): string {
  return `<div class="table" tabindex="0" role="region" aria-label="${name}"><table><thead><tr>${head.map((title, i) => `<th${i === head.length - 1 ? ' class="text"' : ''}>${escaped(title)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
