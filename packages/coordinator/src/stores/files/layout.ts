// What files of records are made of, and the round that a data folder stands in, for programs of this project that look into what is kept
// (`@xaynet/coordinator/files`). No promise to anybody else.

export { readStoredState } from '../stored-state.ts';
export { UNPROVEN } from './chunk-spool.ts';
export { RECORD_LAYOUT, RecordFile, type RecordKind } from './record-file.ts';
