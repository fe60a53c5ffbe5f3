// Whether a simulation showed what it must: every published model is the mean of exactly the updates that were accepted, to the bound of the
// arithmetic. Rounds may fail, as adversaries and chance make them; that none succeeds is no result.

import { scientific } from '../figures.ts';
import type { RoundResult, SimulationReport } from './result.ts';

/** The verdict on these rounds, with one sentence for everything that is wrong. */
export function judge(results: readonly RoundResult[], about: { readonly wanted: number; readonly stopped: boolean }): SimulationReport['verdict'] {
  const reasons: string[] = [];
  for (const { round, model } of results) {
    if (model !== undefined && !(model.difference <= model.bound)) {
      reasons.push(`round ${round}: the unmasked model is ${scientific(model.difference)} from the plain mean, more than the bound ${scientific(model.bound)}`);
    }
  }
  const models = results.filter(({ model }) => model !== undefined);
  if (models.length === 0 && !about.stopped) reasons.push(`none of ${results.length} rounds gave a model`);
  if (!about.stopped && results.length < about.wanted) reasons.push(`${results.length} of ${about.wanted} rounds ended`);
  return { ok: reasons.length === 0, reasons };
}
