// The peak memory of aggregating, measured in a process of its own (memory-child.ts), held against 3 × 8 bytes a weight and one message.

import { fileURLToPath } from 'node:url';
import { outputOf } from './child.ts';
import { digits } from './lines.ts';

/** What the child tells. */
export interface Memory {
  readonly config: string;
  readonly backend: string;
  readonly length: number;
  readonly updates: number;
  /** Bytes of a message's mask object. */
  readonly message: number;
  /** Whether the peak is the system's own high-water mark (Linux), or the largest of the samples after each update. */
  readonly exact: boolean;
  /** Growth of the process over what it was before the first message, in bytes: while aggregating, and then while unmasking too. */
  readonly aggregating: number;
  readonly unmasking: number;
  /** Growth of what JavaScript holds outside of its heap. */
  readonly buffers: number;
}

/** Aggregates `updates` updates of `length` weights in a fresh process. */
export async function measureMemory(config: string, length: number, updates: number, kernel: string): Promise<Memory> {
  const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--expose-gc'];
  const script = fileURLToPath(new URL('memory-child.ts', import.meta.url));
  const output = await outputOf([...flags, script, config, `${length}`, `${updates}`, kernel], { what: 'the process that measures memory', signal: 'SIGKILL' });
  return JSON.parse(output);
}

/** Most bytes that aggregating may take. */
export function memoryBar({ length, message }: Memory): number {
  return 3 * 8 * length + message;
}

/** The measurements as a table. */
export function memoryText(all: readonly Memory[]): string {
  const rows = all.map((each) => {
    const bar = memoryBar(each);
    const mb = (bytes: number): string => digits(bytes / 1e6);
    const judged = each.length >= 1e6 ? (each.aggregating <= bar ? ' ✓' : ' ✗') : '';
    return `| ${each.config} | ${each.backend} | ${each.length} | ${each.updates} | ${mb(each.message)} | ${mb(each.aggregating)}${judged} | ${mb(bar)} | ${digits((each.aggregating - each.message) / (8 * each.length))} | ${mb(each.buffers)} | ${mb(each.unmasking)} |`;
  });
  return [
    `Peak growth of the process in MB (${all[0]?.exact ? "the system's high-water mark" : 'sampled after each update'}), over what it was before the first message`,
    '',
    '| configuration | backend | weights | updates | message | aggregating | bar | × 8N beside the message | of it buffers | then unmasking |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}
