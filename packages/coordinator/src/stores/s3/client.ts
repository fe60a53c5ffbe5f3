// The SDK, which is installed only where S3 is used, and how it is set up: by the measure of servers that are not Amazon's as well.

import { createHash } from 'node:crypto';
import type * as S3 from '@aws-sdk/client-s3';
import { XaynetError } from '@xaynet/core/errors';
import type { CheckedS3Options } from './options.ts';

/** The package of the SDK. */
export type Sdk = typeof S3;

/** Times that a request is made before it counts as failed. The SDK pauses between them, longer each time, and longest when the server says so. */
export const TRIES = 4;
/** Connections at a time; more requests wait for one. */
const CONNECTIONS = 64;
const CONNECTION_TIMEOUT = 5000;

/** The SDK; throws `storage-library-missing` where it is not installed. */
export async function loadSdk(load: () => Promise<Sdk> = () => import('@aws-sdk/client-s3')): Promise<Sdk> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new XaynetError('storage-library-missing', 'npm install @aws-sdk/client-s3, where xaynet is installed', { cause });
  }
}

/** A client for these options. */
export function makeClient(sdk: Sdk, { bucket, region, endpoint, credentials, timeout }: CheckedS3Options): S3.S3Client {
  const client = new sdk.S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // A bucket in the host name needs a name server that knows it, and a certificate that covers it, which a dot in the name prevents.
    forcePathStyle: endpoint !== undefined || bucket.includes('.'),
    // Trailing checksums of the SDK are not understood everywhere. The signature covers the SHA-256 of what is sent; what comes back is checked here.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Asking leave for each upload takes a round trip, and the SDK makes a connection of its own for it, with TLS and all.
    expectContinueHeader: false,
    maxAttempts: TRIES,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: Math.min(CONNECTION_TIMEOUT, timeout),
      // Without a byte in either direction for a third of the time, it is worth another try.
      socketTimeout: Math.ceil(timeout / 3),
      socketAcquisitionWarningTimeout: 2 ** 31 - 1,
      httpAgent: { keepAlive: true, maxSockets: CONNECTIONS },
      httpsAgent: { keepAlive: true, maxSockets: CONNECTIONS },
    },
  });
  // S3 once wanted a digest of lists of what is to be deleted, and some servers still do, where the SDK has gone on to other checksums.
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { body, headers } = args.request as { body: string | Uint8Array; headers: Record<string, string> };
        if (commandName === 'DeleteObjectsCommand') headers['content-md5'] = createHash('md5').update(body).digest('base64');
        return next(args);
      },
    { step: 'build', name: 'xaynetContentMd5' },
  );
  return client;
}

/** Has `command` signed with this SHA-256 of its body, which the SDK would else compute anew. */
export function withDigest<Command extends S3.PutObjectCommand | S3.UploadPartCommand>(command: Command, digest: string): Command {
  const stack = command.middlewareStack as unknown as { add(middleware: unknown, options: { step: 'build'; name: string }): void };
  stack.add(
    (next: (args: unknown) => unknown) => (args: { request: { headers: Record<string, string> } }) => {
      args.request.headers['x-amz-content-sha256'] = digest;
      return next(args);
    },
    { step: 'build', name: 'xaynetDigest' },
  );
  return command;
}
