// Objects that are uploaded in parts: a few at a time, each with its digest, given up as a whole when one fails.

import type * as S3 from '@aws-sdk/client-s3';
import { toHex } from '@xaynet/core/bytes';
import { sha256Async } from '@xaynet/core/crypto';
import { withDigest } from './client.ts';
import { LostReply, nameOf, s3Failure, throwAnswer, wasRepeated } from './failures.ts';
import type { S3Requests } from './requests.ts';

/** Parts of one upload on their way at a time. */
const PARTS_AT_A_TIME = 3;

/** Bucket, key and metadata of an object. */
export interface ObjectHead {
  readonly Bucket: string;
  readonly Key: string;
  readonly Metadata: Record<string, string>;
  readonly ContentType: string;
}

/** On which condition an object is put. */
export interface Condition {
  readonly IfNoneMatch?: '*';
}

/** Uploads `bytes` in parts of `size`; throws the answers of failures.ts that concern the whole. */
export async function putParts(requests: S3Requests, head: ObjectHead, condition: Condition, bytes: Uint8Array, size: number): Promise<void> {
  const { sdk } = requests;
  const { Bucket, Key } = head;
  const { UploadId } = await requests.send(`BEGIN UPLOAD ${Key}`, new sdk.CreateMultipartUploadCommand({ ...head }));
  const upload = { Bucket, Key, UploadId };
  try {
    const Parts = await sendParts(requests, upload, bytes, size);
    await complete(requests, { ...upload, ...condition, MultipartUpload: { Parts } });
  } catch (error) {
    // What was lost may have succeeded, and is no longer an upload then.
    await requests.send(`ABORT UPLOAD ${Key}`, new sdk.AbortMultipartUploadCommand(upload)).catch(() => {});
    throw error;
  }
}

type Upload = Pick<S3.UploadPartCommandInput, 'Bucket' | 'Key' | 'UploadId'>;

async function sendParts(requests: S3Requests, upload: Upload, bytes: Uint8Array, size: number): Promise<S3.CompletedPart[]> {
  const parts: S3.CompletedPart[] = new Array(Math.ceil(bytes.length / size));
  let next = 0;
  const sendNext = async (): Promise<void> => {
    while (next < parts.length) {
      const at = next++;
      const body = bytes.subarray(at * size, (at + 1) * size);
      const command = new requests.sdk.UploadPartCommand({ ...upload, PartNumber: at + 1, Body: body });
      const { ETag } = await requests.send(`PUT ${upload.Key}, part ${at + 1}`, withDigest(command, toHex(await sha256Async(body))));
      parts[at] = { PartNumber: at + 1, ETag };
    }
  };
  const senders = Array.from({ length: PARTS_AT_A_TIME }, () =>
    sendNext().catch((error: unknown) => {
      next = parts.length;
      throw error;
    }),
  );
  // Waits for all: no part may arrive after the upload was given up, nor be read from memory that is somebody else's by then.
  for (const result of await Promise.allSettled(senders)) if (result.status === 'rejected') throw result.reason;
  return parts;
}

async function complete(requests: S3Requests, input: S3.CompleteMultipartUploadCommandInput): Promise<void> {
  const what = `COMPLETE UPLOAD ${input.Key}`;
  await requests.run(what, async ({ abortSignal }) => {
    try {
      await requests.client.send(new requests.sdk.CompleteMultipartUploadCommand(input), { abortSignal });
    } catch (error) {
      if (nameOf(error) === 'NoSuchUpload' && wasRepeated(error)) throw new LostReply(s3Failure(error, what));
      throwAnswer(error);
    }
  });
}
