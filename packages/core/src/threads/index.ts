// Threads for masks: a pool of workers, in Node and in browsers.
export type { MaskPoolReport } from './crew.ts';
export type { MaskSumWork } from './mask-sum.ts';
export type { AbortSignalLike, Pause, Progress } from './pause.ts';
export { createMaskPool, type MaskPool, type MaskPoolOptions } from './pool.ts';
export { type NodeWorkerLike, type PortListener, portOf, type WebWorkerLike, type WorkerLike, type WorkerPort } from './port.ts';
export type { SlicedShape, SlicedSum } from './sliced-sum.ts';
export { defaultThreads, type SumThreads, sumMasks } from './sum-masks.ts';
export type { UnmaskedFractions, UnmaskedMean, UnmaskedWeights, UnmaskWork } from './unmasking.ts';
export { serveMasks } from './worker.ts';
