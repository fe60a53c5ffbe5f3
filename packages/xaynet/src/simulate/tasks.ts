// What can be learnt in a simulation, by the names of `--data`.

import { cancerTask } from '../learning/cancer-task.ts';
import { digitsTask } from '../learning/digits-task.ts';
import { syntheticTask } from '../learning/synthetic-task.ts';
import type { LearningTask, TaskInput } from '../learning/task.ts';

/** Makers of tasks; each throws an ordinary Error for what it cannot make. */
export const TASKS: Readonly<Record<'digits' | 'cancer' | 'synthetic', (input: TaskInput) => LearningTask>> = {
  digits: digitsTask,
  cancer: cancerTask,
  synthetic: syntheticTask,
};
