// Threads for masks: a pool of workers, in Node and in browsers.
export type { MaskPoolReport } from './crew.ts';
export type { MaskSumWork } from './mask-sum.ts';
export type { AbortSignalLike, Pause, Progress } from './pause.ts';
export { createMaskPool, defaultThreads, type MaskPool, type MaskPoolOptions } from './pool.ts';
export type { NodeWorkerLike, PortListener, WebWorkerLike, WorkerLike, WorkerPort } from './port.ts';
export type { SlicedShape, SlicedSum } from './sliced-sum.ts';
export type { UnmaskedFractions, UnmaskedMean, UnmaskedWeights, UnmaskWork } from './unmasking.ts';
