// The coordinator's public face: start one, configure it, watch it, give it another store.

export { type Clock, systemClock } from './clock.ts';
export { Coordinator, type CoordinatorOptions, type CoordinatorStatus } from './coordinator.ts';
export type { CoordinatorEvent } from './events.ts';
export type { HttpPort, Verdict } from './http/port.ts';
export { readTls, type TlsFiles, type TlsMaterial } from './http/tls.ts';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel, type LogMethod, type LogOutput, SILENT_LOGGER } from './log.ts';
export type { MaskedSample } from './masked-sample.ts';
export type { MessageOutcome, MessageWatch, Meter, Stage } from './meter.ts';
export type { Pause } from './patience.ts';
export { verifyRoundRecord } from './records.ts';
export type { ReloadReport } from './reload.ts';
export type { Counts, FailureCause, PhaseName } from './round/state.ts';
export { commentedSettings } from './settings/commented.ts';
export * from './settings/settings.ts';
export type * from './stores/contract.ts';
export { type EmbeddedStoreOptions, openEmbeddedStore, ThreadedSqliteStore } from './stores/embedded.ts';
export { MemoryStore } from './stores/memory.ts';
export type { StoreOptions } from './stores/options.ts';
export { SqliteStore, type SqliteStoreOptions } from './stores/sqlite.ts';
