// The names of all kinds, apart from what they are made of, so that the command line can list them without loading it.

/** What `--as` takes. */
export const KIND_NAMES = [
  'message',
  'sealed',
  'payload-sum',
  'payload-update',
  'payload-sum2',
  'chunk',
  'mask-object',
  'mask-vect',
  'mask-unit',
  'mask-config',
  'mask-config-indices',
  'local-seed-dict',
  'sealed-seed',
  'params',
  'sum-dict',
  'update-seed-dict',
  'seed-dict',
  'model',
  'coordinator-state',
  'snapshot',
  'reference-state',
  'key-file',
  'signing-key',
  'npy',
  'safetensors',
] as const;

/** The name of a kind. */
export type KindName = (typeof KIND_NAMES)[number];
