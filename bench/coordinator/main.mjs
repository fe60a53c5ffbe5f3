// `npm run bench:coordinator`'s starter.
import { startBench } from '../start.mjs';

startBench(new URL('bench.ts', import.meta.url), []);
