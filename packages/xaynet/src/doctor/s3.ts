// Checks of the buckets that a coordinator will put large bytes into: whether each can be used, and whether the clocks agree.

import type { S3Look } from '@xaynet/coordinator/stores/s3';
import { ERRORS, type ErrorCode, isXaynetError } from '@xaynet/core/errors';
import { type Finding, fault, ok, unknown, warning } from './finding.ts';

/** What came of looking at a bucket; `setting`: which of `s3.buckets` it is. */
export type BucketFacts = { readonly setting: 'global_models' | 'rounds'; readonly bucket: string } & ({ readonly look: S3Look } | { readonly error: unknown });

/** Requests are signed with the time, and storages refuse those that are a quarter of an hour off; long before that something is wrong. */
const MOST_AHEAD = 60_000;
/** With these it is the same for every bucket. */
const FOR_ALL: readonly ErrorCode[] = ['storage-library-missing', 'storage-unreachable', 'storage-timeout', 'storage-clock'];

/** Each bucket can be listed, written, read and deleted from. */
export function checkS3(buckets: readonly BucketFacts[]): Finding[] {
  const findings: Finding[] = [];
  for (const facts of buckets) {
    if (!('error' in facts)) {
      findings.push(checkBucket(facts));
      continue;
    }
    const { setting, bucket, error } = facts;
    const code = isXaynetError(error) ? error.code : 'storage-failed';
    findings.push(fault(`s3.${setting}`, `${bucket}: ${error instanceof Error ? error.message : String(error)}`, ERRORS[code].todo, { bucket, code }));
    if (FOR_ALL.includes(code)) return findings;
  }
  const [first] = buckets.flatMap((facts) => ('look' in facts ? [facts.look] : []));
  return first === undefined ? findings : [...findings, checkClock(first)];
}

function checkBucket({ setting, bucket, look }: BucketFacts & { readonly look: S3Look }): Finding {
  const { exists, conditional } = look;
  if (!exists) {
    return warning(
      `s3.${setting}`,
      `there is no bucket ${bucket} yet: the coordinator makes it at its start, if it may`,
      `If there is one, under another name or in another region, correct s3.buckets.${setting} and s3.region.`,
      { bucket, exists },
    );
  }
  const writes = conditional === false ? ', without conditional writes (docs/S3.md)' : '';
  return ok(`s3.${setting}`, `${bucket} can be listed, written, read and deleted from${writes}`, { bucket, exists, conditional });
}

function checkClock({ ahead }: S3Look): Finding {
  if (ahead === undefined) return unknown('s3.clock', 'the answers name no time', 'Compare the clocks by hand; proxies may take the header Date away.');
  const data = { ahead: Math.round(ahead) };
  if (Math.abs(ahead) <= MOST_AHEAD) return ok('s3.clock', 'its clock agrees with the one here', data);
  return warning(
    's3.clock',
    `its clock is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} the one here`,
    'Set the clock, and let a time service keep it: requests that are a quarter of an hour off are refused.',
    data,
  );
}
