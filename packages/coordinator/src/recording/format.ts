// The form of a recording: JSON Lines, a head first, then one line for every event that a round took. What a round is replayed with is in it
// (settings, the state at its beginning, the events) and what came of each event, so that a replay notices where it goes another way. Nothing
// secret: the machine of a round knows no key, no seed and no weight, and of a message a length and two names are added that mean nothing elsewhere.

import { hash } from 'node:crypto';
import type { PhaseLimits, RoundEvent, RoundSettings, RoundState, Standing } from '../round/state.ts';
import type { Step } from '../round/step.ts';

/** Version of the form; another one is not read. */
export const RECORDING_VERSION = 1;

/** The settings that decide about rounds, as a recording holds them; probabilities for who reads it. */
export interface RecordedSettings extends RoundSettings {
  /** The limits of the phases, and the probabilities of the tasks. */
  readonly pet: {
    readonly sum: PhaseLimits & { readonly prob?: number };
    readonly update: PhaseLimits & { readonly prob?: number };
    readonly sum2: PhaseLimits;
  };
}

/** How the machine began: after the round with this number, or in the middle of one after a restart. */
export type Beginning = { readonly lastRound: number } | { readonly resumes: Standing };

/** The first line of a file. */
export interface RecordingHead {
  /** {@link RECORDING_VERSION} */
  readonly recording: number;
  /** Version of the coordinator. */
  readonly software: string;
  /** Names one life of a coordinator process: its files have the same. */
  readonly run: string;
  /** Number of the file in its run, from 1. */
  readonly part: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** In the first file of a run only. */
  readonly begins?: Beginning | undefined;
  /** Events of the run before this file. */
  readonly events: number;
  /** In force from here on. */
  readonly settings: RecordedSettings;
  /** The masking configuration by name, and the length of the model. */
  readonly task: { readonly mask: string; readonly length: number };
  /** The machine before the first event of the file. */
  readonly state: RoundState;
}

/** What is kept of the message of an event. */
export interface RecordedMessage {
  /** Stands for the participant in this run: eight hexadecimal digits of a salted hash of the key, the salt told to nobody. */
  readonly participant: string;
  /** Bytes of the payload. */
  readonly bytes: number;
  /** Stands likewise for what follows the signatures: equal masks have equal ones. */
  readonly digest?: string | undefined;
}

/** Every other line: one event, and what came of it. */
export interface RecordedEvent {
  /** Number of the event in its run, from 1. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What happened. */
  readonly event: RoundEvent;
  /** With `message` events. */
  readonly message?: RecordedMessage | undefined;
  /** Other settings than before, in force from this event on. */
  readonly settings?: RecordedSettings | undefined;
  /** Messages that never reached the round since the event before, by the code they were refused with. */
  readonly refused?: Readonly<Record<string, number>> | undefined;
  /** Pauses that began since the event before, by their codes. */
  readonly paused?: readonly string[] | undefined;
  /** The kinds of effects, in their order. */
  readonly effects: readonly string[];
  /** The fields of the state that are not what they were; null: gone. */
  readonly changes: Readonly<Record<string, unknown>>;
  /** The step threw, and the state stayed. */
  readonly threw?: true | undefined;
  /** {@link digestOf} this line. */
  readonly digest: string;
}

const DIGITS = 16;

/** What a line says but for its digest. */
export type Undigested = Omit<RecordedEvent, 'digest'>;

/** Of the line, of the state after the event, and of the effects with all their details: the first 16 hexadecimal digits of a SHA-256. */
export function digestOf(line: Undigested, next: Step): string {
  const { digest: _, ...rest } = line as RecordedEvent;
  return hash('sha256', JSON.stringify(rest) + canonical([next.state, next.effects]), 'hex').slice(0, DIGITS);
}

/**
 * JSON with the names of each object in order: equal data, equal text, whatever code has put it together. By hand, as it is made twice for every
 * event: JSON.stringify with a replacer takes five times as long.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields = value as Record<string, unknown>;
  let text = '';
  for (const name of Object.keys(fields).sort()) {
    if (fields[name] !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonical(fields[name])}`;
  }
  return `{${text}}`;
}

/** The fields in which two states differ, with their new values. */
export function changesOf(before: RoundState, after: RoundState): Record<string, unknown> {
  const old = before as unknown as Record<string, unknown>;
  const now = after as unknown as Record<string, unknown>;
  const changes: Record<string, unknown> = {};
  if (before === after) return changes;
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (old[name] === now[name] || canonical(old[name] ?? null) === canonical(now[name] ?? null)) continue;
    changes[name] = now[name] ?? null;
  }
  return changes;
}

/** The state that `changes` make of another: what {@link changesOf} was taken of. */
export function withChanges(before: RoundState, changes: RecordedEvent['changes']): RoundState {
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete after[name];
    else after[name] = value;
  }
  return after as unknown as RoundState;
}

/** Of all settings those that decide about rounds. */
export function recordedSettings({ pet, compat }: RecordedSettings): RecordedSettings {
  const { plurality, arrivalOrder } = compat;
  return { pet: { sum: pet.sum, update: pet.update, sum2: pet.sum2 }, compat: { plurality, arrivalOrder } };
}
