// What a saved participant is made of, for programs of this project that look into one without taking part (`@xaynet/participant/saved`):
// the strict decoders, and the orders and numbers that their layouts stand on. No promise to anybody else.

export { decodeState as decodeReferenceState, REFERENCE_LAYOUT } from './reference/state-codec.ts';
export { decodeSnapshot, SNAPSHOT_LAYOUT } from './snapshot.ts';
