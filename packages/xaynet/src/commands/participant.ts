// `xaynet participant`: takes part in rounds from the command line. The model is whatever lies in a file when a round asks for
// it, so any program in any language can train: it writes the model file, and reads the global model from another one.

import { setTimeout as sleep } from 'node:timers/promises';
import { toBase64 } from '@xaynet/core/bytes';
import type { SigningKeyPair } from '@xaynet/core/crypto';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { Rational } from '@xaynet/core/mask';
import type { Participant, ParticipantOptions, StateStore, Tick } from '@xaynet/participant';
import type { Command } from 'commander';
import { readFileIfAny, readWholeFile, writePrivateFile } from '../files.ts';
import { parseKeyFile } from '../key-file.ts';
import { decodeModelFile, encodeModelFile, modelFormat } from '../model-file.ts';
import { addTlsOptions, readTlsFiles, type TlsFiles } from '../operator/tls.ts';
import { progressLine } from '../progress-line.ts';
import { watchSignals } from '../stop-signal.ts';
import { decimalNumber, fraction, wholeNumber } from './numbers.ts';

interface ParticipantCommand extends TlsFiles {
  readonly url: string;
  readonly keys?: string;
  readonly state?: string;
  readonly model?: string;
  readonly out?: string;
  readonly scalar?: Rational;
  readonly rounds?: number;
  readonly poll: number;
  readonly threads?: number;
  readonly allowInsecure?: true;
}

/** Adds `participant` to `program`. */
export function addParticipant(program: Command): void {
  const command = program
    .command('participant')
    .summary('take part in the rounds of a coordinator')
    .description('Takes part in rounds until Ctrl-C or SIGTERM, or --rounds are over; then exits with 0.')
    .requiredOption('--url <url>', 'base URL of the coordinator, for example http://127.0.0.1:8081')
    .option('--keys <file>', 'keys from "xaynet keygen"; without it and without --state fresh ones are made, for this run alone')
    .option('--state <file>', 'keep the state here, mode 0600, so that a restart goes on where this run stops; holds secret keys')
    .option('--model <file>', 'the model, read each time a round asks for it: .json (array of numbers), .f32 or .f64 (raw, little-endian)')
    .option('--out <file>', 'write every new global model here: .json, .f32 or .f64')
    .option('--scalar <x>', 'weight of the model in the mean, for example 57/1287 or 0.25 (default: 1)', fraction)
    .option('--rounds <n>', 'stop when n rounds have ended', wholeNumber(1, 1_000_000))
    .option('--poll <seconds>', 'time between two questions to the coordinator, 0.05 to 3600', decimalNumber(0.05, 3600), 1)
    .option('--threads <n>', 'most threads for adding up masks, 0 to 256; 0 or 1: none (default: one a core, at most 4)', wholeNumber(0, 256))
    .option('--allow-insecure', 'allow plain HTTP to another machine: whoever is on the way can read the model');
  addTlsOptions(command)
    .addHelpText(
      'after',
      `
Without --model it takes part as sum participant only, which helps the others to unmask.
The model file may change between rounds; a training script that reads --out and writes --model
(to a temporary name, then renamed) takes part in federated learning. A scalar is best the number
of training examples divided by the largest number that anybody has; it never counts above 1 with
a mask bound of B0.

Examples:
  xaynet participant --url http://127.0.0.1:8081 --model weights.f32 --out global.f32
  xaynet participant --url https://example.org/pet --keys me.json --state me.state --scalar 120/1500 \\
    --model weights.json --rounds 10
  xaynet participant --url https://10.0.0.5:8081 --ca authority.pem --cert me.pem --key me-key.pem --model weights.f32`,
    )
    .action(async (options: ParticipantCommand) => {
      if (options.model !== undefined) modelFormat(options.model);
      if (options.out !== undefined) modelFormat(options.out);
      const stop = watchSignals();
      try {
        await takePart(options, stop.signal);
      } catch (error) {
        if (!stop.signal.aborted) throw error;
        process.stderr.write('stopped\n');
      } finally {
        stop.close();
      }
    });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The participant of the options: restored when there is a saved state, fresh otherwise. */
async function open(options: ParticipantCommand): Promise<Participant> {
  const keys: SigningKeyPair | undefined =
    options.keys === undefined ? undefined : parseKeyFile(new TextDecoder().decode(readWholeFile(options.keys)), options.keys);
  const store: StateStore | undefined =
    options.state === undefined
      ? undefined
      : {
          load: async () => readFileIfAny(options.state!),
          save: async (snapshot) => writePrivateFile(options.state!, snapshot, { replace: true }),
        };
  const { url, scalar, allowInsecure, threads } = options;
  const secure = /^https:/i.test(url);
  const fetch = secure ? (await import('../operator/tls-fetch.ts')).tlsFetch(readTlsFiles(options)) : undefined;
  if (!secure && (options.ca ?? options.cert) !== undefined) throw new XaynetError('option-invalid', '--ca, --cert, --key: --url is not https://');
  const progress = progressLine(say, () => performance.now());
  const given: ParticipantOptions = { url, keys, scalar, store, allowInsecure, threads, progress, fetch };
  const { Participant } = await import('@xaynet/participant');
  const saved = await store?.load();
  if (saved !== undefined) {
    const participant = await Participant.restore(saved, given);
    say(`going on as ${toBase64(participant.publicKey)} from ${options.state}`);
    return participant;
  }
  const participant = await Participant.create(given);
  say(`participant ${toBase64(participant.publicKey)}${keys === undefined && store === undefined ? ' (fresh keys for this run; see --keys)' : ''}`);
  await store?.save(participant.snapshot()); // a state file that cannot be written is an error now, not in the middle of a round
  return participant;
}

/** Ticks until the rounds are over or the signal aborts. */
async function takePart(options: ParticipantCommand, signal: AbortSignal): Promise<void> {
  if (options.model !== undefined) readModel(options.model); // a wrong name or format is an error now, not when a round asks
  const participant = await open(options);
  let { round } = participant;
  let ended = 0;
  let trouble: string | undefined;
  let reached = false;
  for (;;) {
    const tick = await participant.tick({ signal });
    if (tick.waitingFor === 'network' && tick.error !== undefined && !reached && !isXaynetError(tick.error, 'transport-busy')) throw tick.error; // never yet there: a mistake
    reached ||= tick.error === undefined;
    if (tick.error?.message !== trouble) {
      trouble = tick.error?.message;
      process.stderr.write(trouble === undefined ? 'going on\n' : `trying again: ${trouble}\n`);
    }
    if (tick.failure !== undefined) process.stderr.write(`round ${short(tick)}: given up: ${tick.failure.message}\n`);
    if (tick.round !== round) {
      if (round !== undefined) ended++;
      round = tick.round;
      if (options.out !== undefined) await saveGlobalModel(participant, options.out, signal);
      if (ended === options.rounds) return say(`${ended} ${ended === 1 ? 'round has' : 'rounds have'} ended`);
    }
    for (const notification of tick.notifications) {
      if (notification === 'sum' || notification === 'update') say(`round ${short(tick)}: selected for ${notification}`);
    }
    if (tick.sent !== undefined && tick.sent.part === tick.sent.parts) say(`round ${short(tick)}: ${tick.sent.tag} message delivered`);
    if (participant.modelNeeded !== undefined) giveModel(participant, options.model, short(tick));
    else if (tick.outcome === 'pending') await sleep(Math.max(1000 * options.poll, tick.wait ?? 0), undefined, { signal });
  }
}

/** Eight digits of the round's id: enough to tell two rounds apart. */
function short(tick: Tick): string {
  return tick.round?.slice(0, 8) ?? '–';
}

/** Hands over what is in the model file now; a file that cannot be used costs the round, not the program. */
function giveModel(participant: Participant, file: string | undefined, round: string): void {
  if (file === undefined) {
    say(`round ${round}: no --model, so no update`);
    participant.skipRound();
    return;
  }
  try {
    participant.setModel(readModel(file));
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    process.stderr.write(`round ${round}: skipped: ${error.message}\n`);
    participant.skipRound();
  }
}

function readModel(file: string): Float32Array | Float64Array {
  return decodeModelFile(readWholeFile(file), file);
}

/** Writes the latest global model when there is one; as floats rounded once from the exact mean, also when the masks hold integers. */
async function saveGlobalModel(participant: Participant, file: string, signal: AbortSignal): Promise<void> {
  try {
    const global = await participant.globalModel({ signal });
    if (global === undefined) return;
    const format = modelFormat(file);
    const weights = format === 'f32' ? global.toWeights('F32') : global.toWeights('F64');
    writePrivateFile(file, encodeModelFile(weights, format), { replace: true });
    say(`global model of ${global.length} weights written to ${file}`);
  } catch (error) {
    if (signal.aborted || !isXaynetError(error)) throw error;
    process.stderr.write(`global model not written: ${error.message}\n`);
  }
}
