// What an S3-compatible storage or the SDK says when something goes wrong, as one error of ours that an operator can act on. No secret is in it:
// of what the SDK throws (which holds the request, headers and all) only name and message are kept.

import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';

/** As much of the SDK's errors as is looked at. */
interface S3Error {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

const REFUSED = [
  'AccessDenied',
  'AllAccessDisabled',
  'AccountProblem',
  'CredentialsProviderError',
  'ExpiredToken',
  'Forbidden',
  'InvalidAccessKeyId',
  'InvalidToken',
  'NotSignedUp',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
];
const BUCKET = ['BucketAlreadyExists', 'InvalidBucketName', 'NoSuchBucket', 'TooManyBuckets'];
const REGION = ['AuthorizationHeaderMalformed', 'IllegalLocationConstraintException', 'InvalidLocationConstraint', 'InvalidRegion', 'PermanentRedirect'];
const CLOCK = ['RequestExpired', 'RequestInTheFuture', 'RequestTimeTooSkewed'];
const UNREACHABLE = /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EPROTO|ERR_(?:TLS|SSL)_.*|.*CERT.*|UNABLE_TO_.*)$/;
const AGAIN = ['BadDigest', 'ConditionalRequestConflict', 'XAmzContentSHA256Mismatch'];
const FULL = ['InsufficientStorage', 'QuotaExceeded', 'XMinioStorageFull'];

/** Name of what went wrong, as the server or the SDK calls it. */
export function nameOf(error: unknown): string {
  const { name, code } = (error ?? {}) as S3Error;
  return (name === 'Error' || name === 'TimeoutError' ? code : undefined) ?? name ?? 'Error';
}

/** HTTP status of the answer; undefined: there was none. */
export function statusOf(error: unknown): number | undefined {
  return (error as S3Error | undefined)?.$metadata?.httpStatusCode;
}

/** Whether the request was made more than once, so that an earlier one, whose answer was lost, may have had its effect. */
export function wasRepeated(error: unknown): boolean {
  return ((error as S3Error | undefined)?.$metadata?.attempts ?? 1) > 1;
}

/** Our error for what was thrown while doing `what`, which names the request and its object. */
export function s3Failure(error: unknown, what: string): XaynetError {
  if (isXaynetError(error)) return error;
  const [code, more] = verdict(error as S3Error);
  const { message = '' } = (error ?? {}) as S3Error;
  const said = message === '' || message === 'UnknownError' ? `HTTP status ${statusOf(error) ?? 'none'}` : message;
  return new XaynetError(code, `${what}: ${nameOf(error)}: ${more ?? said}`);
}

function verdict(error: S3Error): readonly [ErrorCode, (string | undefined)?] {
  const name = nameOf(error);
  const status = statusOf(error);
  if (status === undefined && UNREACHABLE.test(name)) return ['storage-unreachable'];
  if (CLOCK.includes(name)) return ['storage-clock'];
  if (BUCKET.includes(name)) {
    return name === 'BucketAlreadyExists' ? ['storage-bucket', 'a bucket of this name belongs to somebody else'] : ['storage-bucket'];
  }
  const region = error.Region ?? error.$response?.headers?.['x-amz-bucket-region'];
  if (REGION.includes(name) || status === 301 || status === 307) return ['storage-region', region && `its region is ${region}`];
  if (REFUSED.includes(name) || status === 401 || status === 403) return ['storage-refused'];
  if (FULL.includes(name) || status === 507) return ['storage-failed', 'the storage is full'];
  return ['storage-failed'];
}

/** Answers that are no failures of the machinery, for whoever asked to judge. */
export class Answer extends Error {}

/** An object of this key is there already. `repeated`: an earlier try may have put it. */
export class Present extends Answer {
  readonly repeated: boolean;

  constructor(repeated: boolean) {
    super();
    this.repeated = repeated;
  }
}

/** Sent again it may be taken: somebody else wrote the key at that moment, or the body was damaged on its way. */
export class Again extends Answer {}

/** It cannot be told from the answer whether an earlier try had its effect; if it had none, `failure` is what is wrong. */
export class LostReply extends Answer {
  readonly failure: XaynetError;

  constructor(failure: XaynetError) {
    super();
    this.failure = failure;
  }
}

/** The body was cut off, or (`damaged`) is not what was stored; another try may bring it whole. */
export class BrokenBody extends Answer {
  readonly damaged: boolean;

  constructor(message: string, damaged: boolean) {
    super(message);
    this.damaged = damaged;
  }
}

/** Throws what `error`, of a write, says of other writes of the same key; else the error itself. */
export function throwAnswer(error: unknown): never {
  if (statusOf(error) === 412) throw new Present(wasRepeated(error));
  if (AGAIN.includes(nameOf(error))) throw new Again(nameOf(error));
  throw error;
}
