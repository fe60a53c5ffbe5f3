// `npm run fuzz [-- --count N --seed N]`: starts the program with the flags that sources need.
import { startBench } from '../../bench/start.mjs';

startBench(new URL('./fuzz.ts', import.meta.url), []);
