// Recordings of rounds and their replay (`@xaynet/coordinator/replay`): what `xaynet replay` stands on, for tests and tools of one's own, and
// the step of a round itself, for tests that were made of a recording.

export type { Beginning, RecordedEvent, RecordedMessage, RecordedSettings, RecordingHead } from '../recording/format.ts';
export type {
  Answer,
  Counts,
  DurablePhase,
  Effect,
  FailureCause,
  PhaseLimits,
  PhaseName,
  RoundEvent,
  RoundSettings,
  RoundState,
  Standing,
} from '../round/state.ts';
export { begin, type Step, step } from '../round/step.ts';
export { type Difference, differences } from './diff.ts';
export { otherRuns, type RecordingItem, readRecording, readRecordingText } from './reader.ts';
export { type Divergence, type Replayed, type ReplayedEvent, type ReplayedHead, replay } from './replay.ts';
export { type TestCase, type TestEnd, testCaseOf, testText } from './test-file.ts';
