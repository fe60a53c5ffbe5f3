// The settings file of the coordinator of a chaos run: short phases, enough participants to wait for, nobody limited. It stays in the folder of
// the run, so that `xaynet coordinator -c` can be started on what is left there.

import { join } from 'node:path';
import type { RoleOdds } from '../demo/round-plan.ts';

/** Seconds after which a phase without enough messages fails: many times what skewed clocks, kills and pauses take of it. */
export const LONGEST_PHASE = 90;

/** What of the settings depends on the run: where rounds are recorded, or the store that several coordinators share. */
export type SettingsChoice = { readonly record?: string | undefined } | SharedStoreChoice;

/** The Redis that several coordinators share, seconds of a lease, and where large bytes are, if elsewhere. */
export interface SharedStoreChoice {
  readonly redis: string;
  readonly lease: number;
  /** Region, endpoint and bucket; credentials are in the environment. */
  readonly s3?: { readonly region: string; readonly endpoint: string; readonly bucket: string; readonly prefix: string } | undefined;
}

/** Wraps the secrets of a run: those of Redis are nobody's. */
const STORE_KEY = 'c4'.repeat(32);

/** TOML; `folder`: of the run, `port`: of the coordinator on loopback, `length`: weights of a model. */
export function settingsText(folder: string, port: number, length: number, odds: RoleOdds, choice: SettingsChoice): string {
  const record = 'record' in choice ? choice.record : undefined;
  const store = 'redis' in choice ? sharedStore(choice) : `path = ${JSON.stringify(join(folder, 'data'))}`;
  return `# Settings of the coordinator of a chaos run.
[log]
filter = "debug,http=info"

[api]
bind_address = "127.0.0.1:${port}"

[pet.sum]
prob = ${odds.sum}
count = { min = 1, max = 1000 }
time = { min = 0.5, max = ${LONGEST_PHASE} }

[pet.update]
prob = ${odds.update}
count = { min = ${odds.leastUpdates}, max = 1000 }
time = { min = 1, max = ${LONGEST_PHASE} }

[pet.sum2]
count = { min = 1 }
time = { min = 0.2, max = ${LONGEST_PHASE} }

[mask] # 0 and 1 are exact in every configuration
group_type = "Integer"
data_type = "I32"
bound_type = "B0"
model_type = "M3"

[model]
length = ${length}

[store]
${store}

[limits] # everybody is at the same address, and repeats as often as replies are lost
requests_per_second = 0
bytes_per_second = 0
connections_per_address = 0
participants_per_address = 0
messages_per_key = 0
${
  record === undefined
    ? ''
    : `
[record]
path = ${JSON.stringify(record)}
keep = 0
`
}`;
}

function sharedStore({ redis, lease, s3 }: SharedStoreChoice): string {
  const rounds = `kind = "redis"\nkey = "${STORE_KEY}"`;
  const server = `[redis]\nurl = "${redis}"\nlease = ${lease}`;
  if (s3 === undefined) return `${rounds}\n\n${server}`;
  const { region, endpoint, bucket, prefix } = s3;
  return `${rounds}\nblobs = "s3"\n\n${server}\n\n[s3]\nregion = ["${region}", "${endpoint}"]\nprefix = "${prefix}"\nbuckets = { global_models = "${bucket}" }`;
}
