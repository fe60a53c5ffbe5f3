// Every error this project can report, in one table: code, sentence, what to do, and the HTTP status a coordinator answers
// with when a client asked for the true verdict. Libraries throw `XaynetError`; docs/ERRORS.md is tested against this table.

/** What the table says of one error: what happened, what to do about it, and the HTTP status that stands for it. */
export interface ErrorEntry {
  /** What happened, in one sentence. */
  readonly sentence: string;
  /** What the reader can do about it, in one sentence. */
  readonly todo: string;
  /** HTTP status when a coordinator reports it to a client that asked for problem documents. */
  readonly status: number;
}

// One row an error: HTTP status, what happened, what to do.
const ROWS = {
  // bytes: what any decoder can meet
  'decode-truncated': [400, 'The bytes end before the value does.', 'Send the whole value; check for a cut-off transfer.'],
  'decode-trailing': [400, 'Bytes are left over after the value.', 'Send exactly one value; check the announced length.'],
  'decode-length': [400, 'A length or count field contradicts the bytes around it.', 'Check byte order and what the field counts.'],
  'decode-tag': [400, 'The message tag is not 1 (sum), 2 (update) or 3 (sum2).', 'Check that the body is a PET message.'],
  'decode-config': [400, 'A masking configuration holds an unknown id.', 'Use ids of the catalogue; wire ids and REST indices differ.'],
  'decode-duplicate-key': [400, 'A dictionary holds the same key twice.', 'Send each key once.'],
  'decode-number': [
    400,
    'A number is not finite, negative, or too large for this program.',
    'Check the sender; NaN probabilities and counts above 2^53 are refused.',
  ],
  'decode-sign': [400, 'A big integer has a sign other than -1, 0 or 1.', 'Check the offset at which the number is read.'],
  'decode-zero-denominator': [400, 'A fraction has denominator zero.', 'Check the sender; such a model has no value.'],
  'decode-chunk': [400, 'A chunk is malformed.', 'Chunks need 8 bytes of header and at least one byte of data.'],
  'decode-base64': [400, 'The text is not standard base64 of a 32-byte key.', 'Use the alphabet with + and /, percent-encoded in a query.'],
  'decode-hex': [400, 'The text is not an even number of hexadecimal digits.', 'Write two digits a byte.'],
  'length-mismatch': [400, 'A fixed-length byte value has the wrong length.', 'Pass exactly the number of bytes named in the message.'],
  // crypto
  'sealed-box-open-failed': [400, 'The sealed box does not open with this key.', 'Seal to the key of the current round parameters.'],
  'key-unusable': [400, 'An encryption key is a low-order point, so nothing can be sealed to it.', 'Make a fresh key pair.'],
  'signature-invalid': [401, 'The signature does not verify.', 'Sign everything after the signature, up to the announced length.'],
  // models, scalars, masking
  'config-unknown': [500, 'There is no such masking configuration.', 'Use a group, data, bound and model type of the catalogue.'],
  'weight-not-finite': [500, 'A model weight is NaN or infinite.', 'Check the training, or convert with mode "bounded".'],
  'scalar-invalid': [500, 'A scalar must be a finite, non-negative number.', 'Pass for example the number of training examples divided by the largest one.'],
  'rational-invalid': [500, 'A fraction needs integers and a denominator other than zero.', 'Check numerator and denominator.'],
  'model-not-representable': [500, 'A weight of the model does not fit the requested data type.', 'Ask for a wider data type.'],
  'model-length': [500, 'The model has a different number of weights than the round expects.', 'Train the model that the round announces.'],
  'aggregate-model-mismatch': [
    422,
    'The masked vector has another configuration or length than the round.',
    'Mask with the configuration and length of the round parameters.',
  ],
  'aggregate-scalar-mismatch': [422, 'The masked unit has another configuration than the round.', 'Mask with the configuration of the round parameters.'],
  'aggregate-too-many-models': [
    422,
    'The vector configuration cannot hold one more model.',
    'Choose a larger model type (M6, M9, M12) or a smaller update count.',
  ],
  'aggregate-too-many-scalars': [
    422,
    'The unit configuration cannot hold one more scalar.',
    'Choose a larger model type (M6, M9, M12) or a smaller update count.',
  ],
  'aggregate-invalid-object': [422, 'An element of the mask object is not below the group order.', 'Check the masking; elements are reduced modulo the order.'],
  'unmask-no-model': [500, 'There is nothing to unmask: no model was aggregated.', 'Wait for updates.'],
  'unmask-too-many-models': [500, 'More models were aggregated than the vector configuration holds.', 'Choose a larger model type.'],
  'unmask-too-many-scalars': [500, 'More scalars were aggregated than the unit configuration holds.', 'Choose a larger model type.'],
  'unmask-vect-mismatch': [500, 'The mask has another vector configuration or length than the aggregate.', 'Derive masks with the round parameters.'],
  'unmask-unit-mismatch': [500, 'The mask has another unit configuration than the aggregate.', 'Derive masks with the round parameters.'],
  'unmask-invalid-mask': [500, 'An element of the mask is not below the group order.', 'Derive masks with the round parameters.'],
  'unmask-scalar-sum': [500, 'The sum of the scalars is not positive, so there is no mean.', 'Use scalars above the precision of the configuration.'],
  // messages
  'message-size-too-small': [500, 'The maximum message size is below 194 bytes, the smallest that can carry a chunk.', 'Set at least 194, or 0 for unlimited.'],
  'message-too-large': [
    413,
    'The message is larger than its 32-bit length field can say, or than this round allows.',
    'Split it into chunks, or lower the model length.',
  ],
  'message-too-many-chunks': [500, 'The payload needs more than 65535 chunks.', 'Raise the maximum message size.'],
} as const;

/** The code of an error of this project: a key of {@link ERRORS}. */
export type ErrorCode = keyof typeof ROWS;

/** The table of all errors: code → sentence, advice and HTTP status. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorEntry>> = Object.fromEntries(
  Object.entries(ROWS).map(([code, [status, sentence, todo]]) => [code, { sentence, todo, status }]),
) as Record<ErrorCode, ErrorEntry>;

/**
 * An error with a code of the table {@link ERRORS}; `message` is the table's sentence followed by what was found.
 * @example
 * ```ts
 * import { XaynetError } from '@xaynet/core/errors';
 * const error = new XaynetError('decode-truncated', 'header: 136 bytes expected, 7 given');
 * error.code; // 'decode-truncated'
 * ```
 */
export class XaynetError extends Error {
  override readonly name: string = 'XaynetError';
  /** Key of the error in {@link ERRORS}: switch on this, never on the message. */
  readonly code: ErrorCode;
  constructor(code: ErrorCode, found?: string, options?: { cause?: unknown }) {
    super(found === undefined ? ERRORS[code].sentence : `${ERRORS[code].sentence} (${found})`, options);
    this.code = code;
  }
}

/** True for errors of this project, also when `code` is given for exactly that one. */
export function isXaynetError(error: unknown, code?: ErrorCode): error is XaynetError {
  return error instanceof XaynetError && (code === undefined || error.code === code);
}
