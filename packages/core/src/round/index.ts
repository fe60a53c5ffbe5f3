// What a coordinator publishes of a round, and how participants are selected for it: wire 1.3 to 1.6 and 7.
export * from './coordinator-state.ts';
export * from './dictionaries.ts';
export * from './eligibility.ts';
export * from './model.ts';
export * from './model-reader.ts';
export * from './published-model.ts';
export * from './round-params.ts';
export * from './round-seed.ts';
export * from './task.ts';
