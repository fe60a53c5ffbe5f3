// Where an S3-compatible storage is and how it is used, and the original's ways to write that down.

import { XaynetError } from '@xaynet/core/errors';

const DEFAULT_PART = 16 * 1024 * 1024;
const LARGEST_PART = 5 * 1024 * 1024 * 1024;
const DEFAULT_TIMEOUT = 30;
const DEFAULT_WAIT = 30;
/** What is left of the 1024 bytes of a key for the prefix. */
const LONGEST_PREFIX = 256;

/** How objects of a bucket are reached. */
export interface S3Options {
  /** Name of the bucket; it is made when it is missing, in the region. */
  readonly bucket: string;
  /** Put before every key, so that several installations share a bucket; default none. A slash at its end is usual. */
  readonly prefix?: string | undefined;
  /** Region, as signatures name it; default `us-east-1`. */
  readonly region?: string | undefined;
  /** URL of a server that is not Amazon's; buckets are then named in paths, not in host names. */
  readonly endpoint?: string | undefined;
  /** Credentials; both left out: what the SDK finds in the environment, in its files, or from the role of the machine. */
  readonly accessKey?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** Bytes above which an object is uploaded in parts of this size; default 16 MiB. */
  readonly partBytes?: number | undefined;
  /** Seconds that one request may take, tries included, or a download without getting on; default 30. */
  readonly timeout?: number | undefined;
  /** Seconds that a server which cannot be reached is waited for at the start; default 30. */
  readonly wait?: number | undefined;
  /** Told once what an operator should know: a server that is waited for, a clock that is wrong, a server without conditional writes. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** {@link S3Options}, checked, with every default filled in. */
export interface CheckedS3Options {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  readonly partBytes: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly wait: number;
  readonly warn: (message: string) => void;
}

/**
 * Whether `name` can be a bucket: 3 to 63 of `a-z 0-9 - .`, beginning with a letter or digit, a dot only before one, no hyphen at the end, and
 * not like an IPv4 address (coordinator 5.2).
 */
export function isBucketName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){2,62}$/.test(name) && !name.endsWith('-') && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
}

/** Whether `prefix` can stand before keys: what {@link checkBlobKey} takes, and a slash at the end or not. */
export function isKeyPrefix(prefix: string): boolean {
  return prefix.length <= LONGEST_PREFIX && /^(?!\/)(?!.*\/\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9_./-]*$/.test(prefix);
}

/**
 * Region and endpoint as the original's settings have them: `["code"]`, `["name", "endpoint"]`, or as one text with a space between (coordinator
 * 5.2). An endpoint without a scheme is https. Undefined: it is neither.
 */
export function parseS3Region(value: string | readonly string[]): { region: string; endpoint: string | undefined } | undefined {
  const [region, endpoint, ...rest] = typeof value === 'string' ? value.trim().split(/\s+/) : value;
  if (region === undefined || !/^[A-Za-z0-9._-]{1,64}$/.test(region) || rest.length > 0) return undefined;
  if (endpoint === undefined) return { region, endpoint };
  const url = endpoint.includes('://') ? endpoint : `https://${endpoint}`;
  return isEndpoint(url) ? { region, endpoint: url } : undefined;
}

/** An http or https URL of a server: no user, no query, no fragment. */
function isEndpoint(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password, search, hash } = new URL(url);
  return (protocol === 'http:' || protocol === 'https:') && `${username}${password}${search}${hash}` === '';
}

/** Throws `option-invalid`. The smallest part is up to the server: others than Amazon's may take smaller ones. */
export function checkS3Options(options: S3Options): CheckedS3Options {
  const { bucket, prefix = '', region = 'us-east-1', endpoint, accessKey, secretAccessKey, partBytes = DEFAULT_PART } = options;
  const { timeout = DEFAULT_TIMEOUT, wait = DEFAULT_WAIT } = options;
  const wrong = (name: string, expected: string, given: unknown): never => {
    throw new XaynetError('option-invalid', `${name}: ${expected} expected, ${JSON.stringify(given)} given`);
  };
  if (!isBucketName(bucket)) wrong('bucket', 'the name of a bucket', bucket);
  if (!isKeyPrefix(prefix)) wrong('prefix', `at most ${LONGEST_PREFIX} of A-Z a-z 0-9 _ . / -`, prefix);
  if (parseS3Region([region]) === undefined) wrong('region', 'the code of a region', region);
  if (endpoint !== undefined && !isEndpoint(endpoint)) wrong('endpoint', 'an http or https URL', endpoint);
  if ((accessKey === undefined) !== (secretAccessKey === undefined)) {
    throw new XaynetError('option-invalid', 'accessKey and secretAccessKey belong together: give both, or neither');
  }
  if (!(Number.isSafeInteger(partBytes) && partBytes >= 1 && partBytes <= LARGEST_PART)) wrong('partBytes', 'bytes above 0', partBytes);
  if (!(timeout > 0 && timeout <= 1e6)) wrong('timeout', 'seconds above 0', timeout);
  if (!(wait >= 0 && wait <= 1e6)) wrong('wait', 'seconds from 0 on', wait);
  return {
    bucket,
    prefix,
    region,
    endpoint,
    credentials: accessKey === undefined ? undefined : { accessKeyId: accessKey, secretAccessKey: secretAccessKey! },
    partBytes,
    timeout: timeout * 1000,
    wait: wait * 1000,
    warn: options.warn ?? (() => {}),
  };
}
