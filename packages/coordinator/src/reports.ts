// What the application says of a round that is over: named numbers, accuracy above all, which the coordinator cannot know because it has no data.
// They are kept beside the record of the round, not in it: the record is signed and says what the coordinator itself has seen.

import { XaynetError } from '@xaynet/core/errors';
import type { EventBus } from './events.ts';
import type { Logger } from './log.ts';
import type { RecordStore, RoundReport } from './stores/contract.ts';

/** A name: lower case, digits, `_`, `.`, `-`, at most 40. It becomes a label of Prometheus, so there is a limit to how many there are. */
const NAME = /^[a-z][a-z0-9_.-]{0,39}$/;
/** Numbers that one round may have. */
const PER_ROUND = 16;
/** Different names that one process takes. */
const NAMES = 64;

export interface ReportsContext {
  readonly store: Pick<RecordStore, 'records' | 'reports' | 'putReport'>;
  readonly bus: EventBus;
  readonly logger: Logger;
}

/** Takes reports, one after another, and tells of them. */
export class Reports {
  readonly #context: ReportsContext;
  readonly #names = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: ReportsContext) {
    this.#context = context;
  }

  /**
   * Adds numbers to those of a round, replacing those of the same names. Throws `report-invalid` for names and values that cannot be taken, and for a store
   * that keeps none, `http-round-unknown` without a record of the round, and what the store throws.
   */
  add(round: number, values: Readonly<Record<string, number>>): Promise<void> {
    const added = this.#last.then(() => this.#add(round, values));
    this.#last = added.catch(() => {});
    return added;
  }

  async #add(round: number, values: Readonly<Record<string, number>>): Promise<void> {
    const { store, bus, logger } = this.#context;
    const names = Object.keys(values);
    if (names.length === 0) throw invalid('there is no number in it');
    for (const name of names) {
      if (!NAME.test(name)) throw invalid(`name: lower case letters, digits and _ . - expected, at most 40, ${JSON.stringify(name.slice(0, 60))} given`);
      if (typeof values[name] !== 'number' || !Number.isFinite(values[name])) throw invalid(`${name}: a finite number expected`);
    }
    if (store.putReport === undefined || store.reports === undefined) throw invalid('the store keeps no reports');
    const [record] = Number.isSafeInteger(round) ? await store.records(1, round + 1) : [];
    if (record?.round !== round) throw new XaynetError('http-round-unknown', `round ${round}`);
    const [before] = await store.reports(1, round + 1);
    const report: RoundReport = { round, values: { ...(before?.round === round ? before.values : {}), ...values } };
    if (Object.keys(report.values).length > PER_ROUND) throw invalid(`a round has at most ${PER_ROUND} numbers`);
    const fresh = names.filter((name) => !this.#names.has(name));
    if (this.#names.size + fresh.length > NAMES) throw invalid(`there are ${NAMES} different names already`);
    await store.putReport(report);
    for (const name of fresh) this.#names.add(name);
    logger.info({ round, ...values }, 'the application reports');
    bus.emit({ type: 'report', round, values });
  }
}

function invalid(what: string): XaynetError {
  return new XaynetError('report-invalid', what);
}
