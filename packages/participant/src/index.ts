// The participant: what an application, the command and tests may use of it.

export { isXaynetError, XaynetError } from '@xaynet/core/errors';
export type { PollOptions } from './backoff.ts';
export type { Conditions } from './conditions.ts';
export type { GlobalModel } from './global-model.ts';
export type { FetchResponse } from './http-body.ts';
export type { Fetch, FetchRequest, HttpOptions } from './http-transport.ts';
export { HttpTransport } from './http-transport.ts';
export type { ThreadOptions } from './mask-summer.ts';
export { DEFAULT_MAX_MESSAGE_SIZE, type ParticipantOptions } from './options.ts';
export { Participant } from './participant.ts';
export type { ComputationProgress, SentPart, WaitingFor } from './phases/transition.ts';
export type { Clock, LocalModel, ModelRequest, ModelSource, Notification, StateStore, Transport, Verdict } from './ports.ts';
export type { RuleOptions } from './rules.ts';
export { type ParticipantRun, type RunOptions, runParticipant } from './run.ts';
export type { ParticipantEvent } from './run-events.ts';
export type { Phase, PhaseName, State, Task } from './state.ts';
export type { Freshness } from './step.ts';
export type { CallOptions, SetModelOptions, Tick } from './tick.ts';
export type { Callbacks, TrainContext, Trained } from './training.ts';
export { TransportError } from './transport-error.ts';
