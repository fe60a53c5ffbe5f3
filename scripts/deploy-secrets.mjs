// The secrets of deploy/compose.fleet.yaml, fresh: node scripts/deploy-secrets.mjs > deploy/.env. Runs on any Node; prints and keeps nothing.
import { randomBytes } from 'node:crypto';

const hex = (bytes) => randomBytes(bytes).toString('hex');

console.log(`XAYNET_STORE_KEY=${hex(32)}
REDIS_PASSWORD=${hex(24)}
S3_ACCESS_KEY=${hex(10)}
S3_SECRET_KEY=${hex(24)}
GRAFANA_PASSWORD=${hex(12)}`);
