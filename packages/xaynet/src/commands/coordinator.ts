// `xaynet coordinator`: run one, make and check its settings file, and look at one that runs. The options alone run one, as they always did.

import type { Command } from 'commander';
import { explain } from '../help/manual.ts';
import type { Terminal } from '../screen.ts';
import { addCheck } from './coordinator-check.ts';
import { addInit } from './coordinator-init.ts';
import { addReport } from './coordinator-report.ts';
import { addRun } from './coordinator-run.ts';
import { addEvents, addModel, addRounds, addStatus } from './operator.ts';

/** Adds `coordinator` to `program`. */
export function addCoordinator(program: Command, terminal: Terminal): void {
  const group = program
    .command('coordinator')
    .summary('run a coordinator, or look at one that runs')
    .description('Runs a coordinator until Ctrl-C or SIGTERM, then stops cleanly and exits with 0. Its commands prepare one, or look at one that runs.')
    .usage('[-c <file>] [command]');
  explain(group, {
    notes: [
      'The options of "run" need not name it: -c, --config <file> are the settings in TOML, over which XAYNET__… variables go.',
      'The smallest settings file is two lines, everything else has a default (docs/SETTINGS.md):',
      { code: ['[model]', 'length = 2410'] },
    ],
    examples: [
      ['xaynet coordinator init coordinator.toml --length 2410', 'a settings file with everything explained in it'],
      ['xaynet coordinator -c coordinator.toml', 'run a coordinator with it'],
      ['xaynet coordinator status', 'what it does, from another terminal'],
      ['xaynet coordinator model get --format f32 -o global.f32', 'download its latest model'],
    ],
    seeAlso: ['docs/OPERATING.md', 'docs/SETTINGS.md', 'xaynet doctor'],
  });
  addRun(group, terminal);
  addInit(group, terminal);
  addCheck(group, terminal);
  addStatus(group, terminal);
  addRounds(group, terminal);
  addEvents(group, terminal);
  addModel(group, terminal);
  addReport(group, terminal);
}
