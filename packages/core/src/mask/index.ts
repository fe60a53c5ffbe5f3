// Masking: configurations, models, mask objects, aggregation (wire 3 to 5).
export * from './aggregation.ts';
export { type MaskingBackend, maskingBackend, useMaskingBackend } from './backend.ts';
export { type ClampReport, clampReport } from './clamp-report.ts';
export {
  type BoundType,
  type DataType,
  type GroupType,
  MASK_CONFIGS,
  type MaskConfig,
  type MaskConfigPair,
  type ModelType,
  maskConfig,
  parseMaskConfig,
  readMaskConfig,
  readMaskConfigIndices,
  writeMaskConfig,
  writeMaskConfigIndices,
} from './config.ts';
export { cheapestConfig, DEFAULT_MASK_CONFIG, type MaskConfigCosts, maskConfigCosts, TRAP_ACCEPTANCE } from './costs.ts';
export { deriveMask, type MaskingInput, maskModel, maskModelInPieces } from './masking.ts';
export { type ConversionMode, type Model, modelFromWeights, modelToWeights, type Rational, rational, type Weights } from './model.ts';
export {
  decodeMaskObject,
  encodeMaskObject,
  equalMaskObjects,
  isValidMaskObject,
  type MaskObject,
  maskObjectSize,
  readMaskObject,
  writeMaskObject,
} from './object.ts';
export { ObjectSum } from './object-sum.ts';
export { type Scalar, scalarFrom, scalarToPrimitive } from './scalar.ts';
export type { UnmaskedModel } from './unmasked-model.ts';
