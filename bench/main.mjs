// `npm run bench`'s starter: bench.ts with what the memory measurement needs.
import { startBench } from './start.mjs';

startBench(new URL('bench.ts', import.meta.url), ['--expose-gc']);
