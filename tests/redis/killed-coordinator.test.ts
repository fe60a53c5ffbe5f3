// See ../rounds/killed.ts. A killed process leaves its lease behind, and the next one waits until it is over.

import { killedInEveryPhase } from '../rounds/killed.ts';
import { freshPrefix, KEY, sharedServer } from './server.ts';

const server = sharedServer({ aof: 'always' });

killedInEveryPhase('store on Redis', async () => ({
  store: { kind: 'redis', key: KEY },
  redis: { url: (await server()).url, prefix: freshPrefix(), lease: 1 },
}));
