// Publication: one new view for everybody, the phase together with its documents, and the events and log lines that say so.

import type { Bulletin, View } from './bulletin.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './events.ts';
import type { Logger } from './log.ts';
import type { MaterialSettings, RoundMaterial } from './material.ts';
import type { Meter } from './meter.ts';
import { type Effect, type PhaseName, type PublishedDocument, tagOfPhase } from './round/state.ts';

/** When a phase ends, in milliseconds of the clock: not before, and not after. */
export interface PhaseWindow {
  readonly earliestEnd: number;
  readonly latestEnd: number;
}

export interface PublisherOptions {
  readonly bulletin: Bulletin;
  readonly material: RoundMaterial;
  readonly settings: MaterialSettings;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** See the head of the file. */
export class Publisher {
  readonly #options: PublisherOptions;
  #window: PhaseWindow | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Of the published phase; undefined for a phase without times. */
  get window(): PhaseWindow | undefined {
    return this.#window;
  }

  publish({ phase, show, hide, elapsed = 0 }: Effect & { type: 'publish' }, round: number): void {
    const { bulletin, material, settings, clock, bus, logger, meter } = this.#options;
    const begun = clock.now();
    const has = (document: PublishedDocument): boolean => show.includes(document);
    const { keys, params, sums, seeds, model } = material;
    const now = bulletin.view;
    const view: View = {
      round,
      phase,
      keys: has('params') ? keys : now.keys,
      params: has('params') ? params : now.params,
      sums: has('sums') ? sums : hide.includes('sums') ? undefined : now.sums,
      seeds: has('seeds') ? seeds : hide.includes('seeds') ? undefined : now.seeds,
      model: has('model') ? model!.model.bytes : now.model,
      modelRound: has('model') ? model!.round : now.modelRound,
    };
    bulletin.publish(view);
    this.#window = windowOf(phase, settings, clock.now() - elapsed);
    const tag = tagOfPhase(phase);
    const limits = tag === undefined ? {} : { limits: settings.pet[tag] };
    if (has('model')) logger.info({ round: model!.round, updates: model!.updates, weights: model!.model.length }, 'global model published');
    logger.info({ round, phase, ...limits }, elapsed === 0 ? 'phase begins' : 'phase goes on');
    if (has('params')) bus.emit({ type: 'round', round, params });
    if (has('model')) bus.emit({ type: 'model', weights: model!.model.length, ...model! });
    bus.emit({ type: 'phase', round, phase, ...this.#window });
    meter.observe('publish', (clock.now() - begun) / 1000, 0);
  }
}

/** When a phase ends that began at this time. */
export function windowOf(phase: PhaseName, { pet }: MaterialSettings, began: number): PhaseWindow | undefined {
  if (phase !== 'sum' && phase !== 'update' && phase !== 'sum2') return undefined;
  const { min, max } = pet[phase].time;
  return { earliestEnd: began + min * 1000, latestEnd: began + max * 1000 };
}
