// The contract of blobs over a real server that checks signatures, once as Swift's S3 API is and once with conditional writes.

import { after } from 'node:test';
import { S3Blobs } from '@xaynet/coordinator/stores/s3';
import { blobConformance } from '../../packages/coordinator/src/stores/blobs-conformance.test.ts';
import { PAGE, Swift, sharedSwift } from './swift.ts';

for (const conditional of [true, false]) {
  const swift = conditional ? await sharedSwift() : await Swift.start({ conditional });
  if (!conditional) after(() => swift.stop());
  let buckets = 0;
  const bucketOf = new WeakMap<object, string>();
  const open = async (bucket: string): Promise<S3Blobs> => {
    const blobs = await S3Blobs.open({ ...swift.options(bucket), prefix: conditional ? 'fleet/1/' : '', partBytes: 2 ** 20 });
    bucketOf.set(blobs, bucket);
    return blobs;
  };
  blobConformance(`blobs on S3, ${conditional ? 'conditional writes' : 'no conditional writes'}`, {
    open: () => open(`bucket-${buckets++}`),
    reopen: async (blobs) => {
      await blobs.close();
      return await open(bucketOf.get(blobs)!);
    },
    tellsModified: true,
    many: 2 * PAGE + 3,
  });
}
