// The coordinator's public face: start one, configure it, watch it, give it another store.

export { type Clock, systemClock } from './clock.ts';
export { Coordinator, type CoordinatorOptions, type CoordinatorStatus } from './coordinator.ts';
export type { CoordinatorEvent } from './events.ts';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel, type LogMethod, type LogOutput, SILENT_LOGGER } from './log.ts';
export type { Counts, FailureCause, PhaseName } from './round/state.ts';
export * from './settings/settings.ts';
export type * from './stores/contract.ts';
export { MemoryStore } from './stores/memory.ts';
export type { StoreOptions } from './stores/options.ts';
export { SqliteStore } from './stores/sqlite.ts';
