// Aggregates many updates in a process of its own and prints how much memory that took: `memory-child.ts CONFIG LENGTH UPDATES KERNEL`.
// The message lies in one buffer that each update is written over, as a coordinator holds one message at a time for adding.

import { readFileSync, writeFileSync } from 'node:fs';
import { Aggregation, parseMaskConfig } from '@xaynet/core/mask';
import { currentBackend, useBackend } from './backends.ts';
import { someElements } from './masking-cases.ts';
import type { Memory } from './memory.ts';

const [name, lengthText, updatesText, kernel] = process.argv.slice(2) as [string, string, string, string];
const [length, updates] = [Number(lengthText), Number(updatesText)];
const config = parseMaskConfig(name);
const pair = { vect: config, unit: config };
useBackend(kernel);

/** Everything once with few weights, so that code and tables are there. */
function rehearse(): void {
  const object = someElements(config, 5000, 3);
  const sum = new Aggregation(pair, object.length);
  for (let i = 0; i < 50; i++) sum.add(object);
  unmaskAny(sum);
}

/** Unmasking with whatever mask: elements of zero. The sum of the scalars is then some number, mostly not negative. */
function unmaskAny(sum: Aggregation): number {
  const mask = { config: pair, length: sum.length, vect: new Uint8Array(sum.length * config.bytesPerNumber), unit: new Uint8Array(config.bytesPerNumber) };
  mask.unit[0] = 1;
  try {
    return sum.unmask(mask).toWeights('F64').length;
  } catch {
    return 0;
  }
}

/** Sets the system's high-water mark back to now; false where it cannot be. */
function resetPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

function peak(): number {
  return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
}

const buffersNow = (): number => process.memoryUsage().arrayBuffers;
const collect = (globalThis as unknown as { gc(): void }).gc;

rehearse();
for (let i = 0; i < 3; i++) collect();
const exact = resetPeak();
const start = process.memoryUsage.rss();
const buffersStart = buffersNow();
let highest = start;
let buffers = buffersStart;
const look = (): void => {
  highest = Math.max(highest, exact ? peak() : process.memoryUsage.rss());
  buffers = Math.max(buffers, buffersNow());
};

const message = someElements(config, length, 7);
message.unit[0] = 1;
const sum = new Aggregation(pair, length);
for (let i = 0; i < updates; i++) {
  message.vect[i % (config.bytesPerNumber - 1)]! ^= 0xff;
  sum.add(message);
  look();
}
const aggregating = highest - start;
const held = buffers - buffersStart;
unmaskAny(sum);
look();
const size = 12 + message.vect.length + message.unit.length;
const memory: Memory = {
  config: name,
  backend: currentBackend(),
  length,
  updates,
  message: size,
  exact,
  aggregating,
  unmasking: highest - start,
  buffers: held,
};
process.stdout.write(JSON.stringify(memory));
