// `xaynet coordinator`: run one, make and check its settings file, and look at one that runs. The options alone run one, as they always did.

import type { Command } from 'commander';
import { addCheck } from './coordinator-check.ts';
import { addInit } from './coordinator-init.ts';
import { addRun } from './coordinator-run.ts';
import { addEvents, addModel, addRounds, addStatus } from './operator.ts';

/** Adds `coordinator` to `program`; `print` takes what goes to standard output. */
export function addCoordinator(program: Command, print: (text: string) => void): void {
  const group = program
    .command('coordinator')
    .summary('run a coordinator, or look at one that runs')
    .description('Runs a coordinator until Ctrl-C or SIGTERM, then stops cleanly and exits with 0. Its commands prepare one, or look at one that runs.')
    .usage('[-c <file>] [command]')
    .addHelpText(
      'after',
      `
Options of "run", which need not be named:
  -c, --config <file>    settings in TOML; XAYNET__… environment variables override them

The smallest settings file is two lines, everything else has a default (docs/SETTINGS.md):

  [model]
  length = 2410

A variable overrides a setting: XAYNET__PET__SUM__PROB=0.5 stands for prob in [pet.sum].
With api.bind_address = "127.0.0.1:0" any free port is taken; it is printed when listening.

Examples:
  xaynet coordinator init coordinator.toml --length 2410
  xaynet coordinator -c coordinator.toml
  XAYNET__API__BIND_ADDRESS=0.0.0.0:8081 xaynet coordinator -c coordinator.toml
  xaynet coordinator status
  xaynet coordinator model get --format f32 -o global.f32`,
    );
  addRun(group, print);
  addInit(group, print);
  addCheck(group, print);
  addStatus(group, print);
  addRounds(group, print);
  addEvents(group, print);
  addModel(group, print);
}
