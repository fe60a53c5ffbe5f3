// `npm run fuzz [-- --count N --seed N | --help]`: starts the program with the flags that sources need.
import { startBench } from '../../bench/start.mjs';

if (process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')) {
  process.stdout.write(`Usage: npm run fuzz [-- --count N --seed N]

Sends mutated messages of all kinds to a coordinator in a process of its own, then plays an honest round.
  --count N  how many (default: 100000)
  --seed N   repeat a run (default: a random one, printed)
Exit codes: 0 all is well; 1 problems, each on a line; 2 the command line is wrong.
`);
  process.exit(0);
}
startBench(new URL('./fuzz.ts', import.meta.url), []);
