// A chaos run over one coordinator on the embedded store: one process after another on the same data folder.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoordinatorProcess } from './coordinator-process.ts';
import { freePort } from './free-port.ts';
import { MARGIN } from './one-hot.ts';
import { type ChaosReport, median } from './report.ts';
import { Scene, type SceneInput } from './scene.ts';
import { settingsText } from './settings-text.ts';
import { Tormentor } from './tormentor.ts';

/** What a chaos run is asked to do. */
export interface ChaosInput extends SceneInput {
  /** Folder for recordings of the rounds; undefined: none are made. */
  readonly record?: string | undefined;
}

/** Fewest weights of a model of so many participants. */
export function leastWeights(participants: number): number {
  return participants + MARGIN;
}

/** Some 150 requests of participants a second in all. */
const POLL = 6.5;

/** Runs until the wanted rounds are completed, a promise that cannot be mended is broken, or the signal aborts. */
export async function runChaos(input: ChaosInput): Promise<ChaosReport> {
  const { weights, killsPerRound, record } = input;
  const scene = new Scene(input, POLL);
  const { folder, ledger, plan, signal, odds } = scene;
  const port = await freePort();
  const config = join(folder, 'coordinator.toml');
  writeFileSync(config, settingsText(folder, port, weights, odds, { record }));
  const coordinator = new CoordinatorProcess({
    folder,
    config,
    port,
    news: (news) => {
      scene.news(news, 'the coordinator');
      if (news.type === 'phase') tormentor.phase(news.phase);
    },
  });
  const tormentor = new Tormentor({
    coordinator,
    plan,
    killsPerRound,
    signal,
    killed: () => ledger.killed(),
    recovered: () => ledger.recovered(scene.shown),
    broken: (text) => ledger.broke('no-start', text),
  });
  const { deeds } = tormentor;
  const { participantKills, ...common } = await scene.play({
    port: () => coordinator.port,
    moment: (moment) => tormentor.moment(moment),
    answers: () => tormentor.answers(),
    roundEnded: () => tormentor.roundEnded(),
    kills: () => deeds.kills,
    run: () => tormentor.run(),
    async end() {
      coordinator.freeze(false);
      coordinator.kill();
      await coordinator.gone();
    },
  });
  return {
    chaos: 'coordinator',
    ...common,
    kills: { coordinator: deeds.kills, participants: participantKills, aimed: deeds.aimed },
    stops: deeds.terminations,
    freezes: deeds.freezes,
    starts: deeds.starts,
    recovery: { median: Math.round(median(deeds.recoveries)), longest: Math.round(Math.max(0, ...deeds.recoveries)) },
  };
}
