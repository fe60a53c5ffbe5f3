// The participant in pages.

export type { ConditionRules, PauseReason } from './conditions.ts';
export { type IndexedDbStore, indexedDbStore } from './indexed-db.ts';
export type { BrowserOptions } from './options.ts';
export { runBrowserParticipant } from './run-browser.ts';
