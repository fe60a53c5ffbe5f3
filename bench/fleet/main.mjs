// `npm run bench:fleet`'s starter.
import { startBench } from '../start.mjs';

startBench(new URL('bench.ts', import.meta.url), []);
