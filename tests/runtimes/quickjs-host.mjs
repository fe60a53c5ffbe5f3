// The embedder of QuickJS (compiled to WebAssembly, in a process of Node): gives a script `print`, timers, `crypto.getRandomValues` and,
// where asked for, `readline`, within a heap of so many MB. Prints what the script prints, and at the end the most memory that it had.
// Arguments: SCRIPT MEGABYTES
import { readFileSync, readSync, writeSync } from 'node:fs';
import { getQuickJS } from 'quickjs-emscripten';

const [script, megabytes] = process.argv.slice(2);
const QuickJS = await getQuickJS();
const runtime = QuickJS.newRuntime();
runtime.setMemoryLimit(Number(megabytes) * 1024 * 1024);
runtime.setMaxStackSize(256 * 1024); // more, and a deep recursion ends Node's stack before that of QuickJS
const vm = runtime.newContext();
const give = (name, run) => vm.newFunction(name, run).consume((handle) => vm.setProp(vm.global, name, handle));

/** Chances to look: QuickJS itself keeps no record of its highest memory. */
let most = 0;
function look() {
  const usage = runtime.computeMemoryUsage();
  most = Math.max(most, vm.getProp(usage, 'memory_used_size').consume(vm.getNumber));
  usage.dispose();
}

const timers = new Map();
let ids = 0;
give('setTimeout', (run, ms) => {
  const id = ++ids;
  timers.set(id, { at: Date.now() + (ms === undefined ? 0 : Number(vm.dump(ms)) || 0), run: run.dup() });
  return vm.newNumber(id);
});
give('clearTimeout', (id) => {
  const timer = timers.get(vm.dump(id));
  timer?.run.dispose();
  timers.delete(vm.dump(id));
});
give('print', (text) => {
  look();
  writeSync(1, `${vm.getString(text)}\n`);
});
give('randomBytesAsHex', (length) => vm.newString(Buffer.from(crypto.getRandomValues(new Uint8Array(vm.getNumber(length)))).toString('hex')));
let input = '';
give('readline', () => {
  look();
  while (!input.includes('\n')) {
    const chunk = Buffer.alloc(65_536);
    const length = readSync(0, chunk);
    if (length === 0) return vm.undefined;
    input += chunk.toString('latin1', 0, length);
  }
  const line = input.slice(0, input.indexOf('\n'));
  input = input.slice(line.length + 1);
  return vm.newString(line);
});

/** Ends with what went wrong. */
function fail(handle) {
  const error = vm.dump(handle);
  console.log(`QuickJS: ${error?.name}: ${error?.message}\n${error?.stack}`);
  process.exit(1);
}
const check = (result) => (result.error === undefined ? result.value?.dispose?.() : fail(result.error));

check(
  vm.evalCode(`globalThis.crypto = { getRandomValues(bytes) {
    const text = randomBytesAsHex(bytes.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
    return bytes;
  } };`),
);
check(vm.evalCode(readFileSync(script, 'utf8'), 'script.js'));
for (;;) {
  const jobs = runtime.executePendingJobs(200);
  if (jobs.error !== undefined) fail(jobs.error);
  if (jobs.value > 0) continue;
  const [next] = [...timers].sort(([, a], [, b]) => a.at - b.at);
  if (next === undefined) break;
  const [id, { at, run }] = next;
  if (at > Date.now()) await new Promise((resolve) => setTimeout(resolve, at - Date.now()));
  timers.delete(id);
  check(vm.callFunction(run, vm.undefined));
  run.dispose();
}
look();
console.log(`QuickJS: at most ${(most / 1024 / 1024).toFixed(1)} MB of ${megabytes} MB when looked at`);
