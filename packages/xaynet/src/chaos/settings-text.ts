// The settings file of the coordinator of a chaos run: short phases, enough participants to wait for, nobody limited. It stays in the folder of
// the run, so that `xaynet coordinator -c` can be started on what is left there.

import { join } from 'node:path';
import type { RoleOdds } from '../demo/round-plan.ts';

/** Seconds after which a phase without enough messages fails: many times what skewed clocks, kills and pauses take of it. */
export const LONGEST_PHASE = 90;

/** TOML; `folder`: of the run, `port`: of the coordinator on loopback, `length`: weights of a model. */
export function settingsText(folder: string, port: number, length: number, odds: RoleOdds): string {
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
path = ${JSON.stringify(join(folder, 'data'))}

[limits] # everybody is at the same address, and repeats as often as replies are lost
requests_per_second = 0
bytes_per_second = 0
connections_per_address = 0
participants_per_address = 0
messages_per_key = 0
`;
}
