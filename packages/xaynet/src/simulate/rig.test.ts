// What whole simulations in tests begin with: nothing but honest participants, in virtual time, without HTTP. A test names what it changes.

import type { SimulationInput } from './run.ts';

export const PLAIN: SimulationInput = {
  participants: 30,
  rounds: 1,
  seed: 7,
  data: 'synthetic',
  partition: 'iid',
  skew: 0.5,
  training: { proximal: 0 },
  optimiser: { name: 'fedavg' },
  weighting: 'examples',
  participation: 1,
  dropout: 0,
  stragglers: 0,
  slowdown: 10,
  network: 'none',
  adversaries: new Map(),
  clock: 'virtual',
  transport: 'direct',
  chunk: 0,
  signal: new AbortController().signal,
  tell: () => {},
};
