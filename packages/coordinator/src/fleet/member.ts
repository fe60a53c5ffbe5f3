// One of several coordinator processes that share a store (a fleet). Whichever holds the lease leads: it runs the driver and moves the phases.
// All of them, the leader too, take messages and let the store decide, and all show what the store holds. What a process knows is never older than
// the question: before anything is judged or shown it has looked at the store since that came in, so no participant can meet two members of
// which one is a round behind. Many questions share a look. A process that cannot look says so and shows nothing. Longer than most files: one object has the
// lease, the view and the driver, and each of its changes touches two of them.

import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { CoordinatorState } from '@xaynet/core/round';
import { Bulletin, type View } from '../bulletin.ts';
import { type Beginning, Driver, type DriverOptions } from '../driver.ts';
import type { RoundEngine, RoundStanding } from '../engine.ts';
import { acceptedIn } from '../material.ts';
import { messageOf, type Pause } from '../patience.ts';
import { type PhaseWindow, windowOf } from '../publisher.ts';
import { QUEUE_LIMITS } from '../queue.ts';
import type { Request } from '../request.ts';
import { checkModelSettings, petDifferences, type RestoreSettings, restoreBeginning } from '../restore.ts';
import { type Answer, type Counts, type PhaseName, tagOfPhase } from '../round/state.ts';
import type { Member, SharedStore, Sight } from '../stores/shared.ts';
import { admitShared } from './admit.ts';
import { patiently } from './patiently.ts';
import { FleetSum } from './sum.ts';
import { readView, type SeenView } from './view.ts';

/** What a member is made of: what a driver is, but for what it reads from the store itself. */
export interface FleetMemberOptions extends Omit<DriverOptions, 'beginning' | 'store' | 'shared' | 'settings'> {
  readonly settings: RestoreSettings;
  readonly store: SharedStore;
  readonly self: Pick<Member, 'id' | 'url' | 'version'>;
}

/** Looks for every time that a lease lasts, while nobody asks anything. */
const LOOKS_PER_LEASE = 15;
/** Ended rounds that are told at most at a time. */
const RECORDS = 8;
/** A leader knows itself for this part of its lease without a look. */
const SURE_OF_LEASE = 0.5;
/** The part of a lease after which a round that is still being read is not waited for: a look in between keeps this member in the fleet. */
const READING = 0.5;
/** Leases that a leader may be paused, or a member at work on its sum without a step, before others are let try. */
const MOST_STUCK = 5;
/** Leases that a member which could not lead stands back, at most; from one they double until it can. */
const LONGEST_STANDBACK = 16;
/** Clocks of members may differ by so many milliseconds from the store's; one that differs more does not lead, as its deadlines would be wrong. */
export const MOST_SKEW = 5000;
/** Seconds after which a message may come again that the store could not take. */
const RETRY_AFTER = 2;
/** While this member goes: the others take messages meanwhile. */
const RETRY_AFTER_STOP = 1;
const NOT_ERASED = 'restore.enable = false: nothing is erased, because other processes run this round. To begin anew, stop all of them and start one';

/** See the head of the file. */
export class FleetMember implements RoundEngine {
  readonly bulletin: Bulletin;
  readonly #options: FleetMemberOptions;
  readonly #began: number;
  #sight: Sight;
  #driver: Driver | undefined;
  /** The version of the sight that the bulletin shows; undefined while the driver publishes. */
  #shown: number | undefined;
  /** When the look began that last found that this member leads. */
  #ledAt = Number.NEGATIVE_INFINITY;
  #paused: Pause | undefined;
  #looking: Promise<void> = Promise.resolve();
  /** The time for a look by itself has come, whatever is shown. */
  #isLookDue = true;
  #next: Promise<void> | undefined;
  #cancelTimer = (): void => {};
  #ending: Promise<void>[] = [];
  #stopping = false;
  #accepted = 0;
  #refused = 0;
  /** What this process refused in the phase that is on. */
  #phaseCounts: Counts = { accepted: 0, rejected: 0, discarded: 0 };
  #underWay = 0;
  #underWayBytes = 0;
  #isSkewed = false;
  /** What is being read, or was and is not shown yet, of one version of the round. */
  #reading: { readonly version: number; readonly view: Promise<SeenView | undefined> } | undefined;
  /** What was shown when the store was found to have lost something, until a leader has stored how it goes on. */
  #known: View | undefined;
  /** The model that holds and that the store had then: whoever leads stores it again, for those who join; and when that may be tried. */
  #lostModel: { readonly id: string; readonly bytes: Uint8Array } | undefined;
  #storesModelAt = Number.NEGATIVE_INFINITY;
  /** Settings that are not those of the leader, as they were told last. */
  #differences = '[]';
  /** Names of settings that other members were told to have otherwise. */
  readonly #differing = new Set<string>();
  /** Until when others are to lead, as this process could not; and for how many leases it stood back last. */
  #standsBackUntil = Number.NEGATIVE_INFINITY;
  #stoodBack = 0;
  /** The tally that was told last. */
  #told: { readonly round: number; readonly phase: PhaseName; readonly accepted: number } | undefined;
  readonly #sum: FleetSum;
  /** Number of the last round whose end is known here. */
  #ended: number;

  private constructor(options: FleetMemberOptions, began: number, sight: Sight, view: View) {
    this.#options = options;
    this.#began = began;
    this.#sight = sight;
    this.bulletin = new Bulletin(view);
    const { store } = options;
    this.#sum = new FleetSum({
      ...options,
      bulletin: this.bulletin,
      member: options.self.id,
      leads: () => !this.#stopping && this.#driver !== undefined,
      look: () => store.look(this.#self, false),
      every: store.leaseMs / LOOKS_PER_LEASE,
      patience: MOST_STUCK * store.leaseMs,
    });
    this.#ended = view.phase === 'idle' ? view.round : view.round - 1;
  }

  /**
   * Joins the fleet: leads if nobody does, after the time of a lease where nothing is stored; else waits until there is a round to show. Throws what the
   * store throws, `storage-settings-changed` when the fleet's model or mask are others, and what {@link restoreBeginning} throws.
   */
  static async join(options: FleetMemberOptions): Promise<FleetMember> {
    const { store, clock, logger } = options;
    return await patiently(() => FleetMember.#join(options), { clock, logger, leaseMs: store.leaseMs });
  }

  static async #join(options: FleetMemberOptions): Promise<FleetMember> {
    const { store, settings, clock, logger, random } = options;
    const began = clock.now();
    const self: Member = { ...options.self, began, accepted: 0, refused: 0, settings: toldSettings(options) };
    const wait = (): Promise<void> => new Promise((resolve) => clock.setTimer(store.leaseMs / LOOKS_PER_LEASE, resolve));
    for (;;) {
      const first = await store.look(self, false);
      if (clock.now() - began < store.leaseMs && first.leader === undefined && (await store.coordinatorState()) === undefined) {
        // A store that has just lost everything looks like a new one: who knows of a round goes on with it, and is given the time to notice the loss.
        await wait();
        continue;
      }
      const sight = isSkewed(first, clock.now()) ? first : await store.look(self, true);
      if (sight.leads) {
        // Who comes to others does not erase what they are doing, whatever its settings say of restoring.
        const restore = settings.restore || sight.members.length > 1;
        if (!settings.restore && restore) logger.warn({}, NOT_ERASED);
        const { keys, params, model, modelRound, lastRound } = await restoreBeginning(store, { ...settings, restore }, random, logger);
        const view: View = { round: lastRound, phase: 'idle', keys, params, sums: undefined, seeds: undefined, model, modelRound };
        return new FleetMember(options, began, sight, view);
      }
      const seen = await readView(store, sight, undefined);
      if (seen !== undefined) {
        checkModelSettings(seen.view, settings);
        if (!settings.restore) logger.warn({}, NOT_ERASED);
        const member = new FleetMember(options, began, sight, seen.view);
        member.#tellDifferences(seen.state);
        return member;
      }
      logger.info({}, 'waiting for the leader of the fleet to begin a round');
      await wait();
    }
  }

  /** From now on it looks by itself, and leads when it may. To be called once. */
  start(): void {
    void this.fresh();
    this.#tick();
  }

  /** Resolves when this member has looked at the store since the call. Never rejects: {@link FleetMember.unavailable} says when it failed. */
  fresh(): Promise<void> {
    if (this.#driver !== undefined && this.#isSure) return Promise.resolve(); // what is published is published here first
    this.#next ??= this.#looking.then(() => {
      this.#next = undefined;
      this.#looking = this.#look();
      return this.#looking;
    });
    return this.#next;
  }

  /** What the store held at the last look. */
  get sight(): Sight {
    return this.#sight;
  }

  /** Whether this member leads, as far as it knows. */
  get leads(): boolean {
    return this.#driver !== undefined;
  }

  get state(): RoundStanding {
    const state = this.#driver?.state;
    if (state !== undefined && !('awaits' in state && state.awaits === 'rebuilt')) return 'counts' in state ? { ...state, counts: this.#counts } : state;
    const { round, phase } = this.bulletin.view;
    const counts = tagOfPhase(phase) === undefined ? {} : { counts: this.#counts };
    return { round, phase, failures: this.#sight.progress?.failures ?? 0, ...counts };
  }

  get window(): PhaseWindow | undefined {
    const { progress } = this.#sight;
    return this.#driver?.window ?? (progress && windowOf(progress.phase, this.#options.settings, progress.since));
  }

  /** Updates that the fleet has admitted. */
  get updates(): number {
    return Math.max(this.#driver?.updates ?? 0, this.#sight.counts.updates);
  }

  /** Admissions under way. */
  get queued(): number {
    return this.#underWay;
  }

  /** What keeps this member, or the round that it leads, from going on. */
  get paused(): Pause | undefined {
    return this.#paused ?? this.#driver?.paused;
  }

  get unavailable(): { readonly code: ErrorCode; readonly retryAfter: number } | undefined {
    return this.#paused ?? (this.#stopping ? { code: 'shutting-down', retryAfter: RETRY_AFTER_STOP } : undefined);
  }

  get fleet(): NonNullable<RoundEngine['fleet']> {
    const { leader, members } = this.#sight;
    return { self: this.#options.self.id, leader, members };
  }

  get isWaiting(): boolean {
    return this.#underWay === 0 && (this.#driver?.isWaiting ?? true);
  }

  /** Has the store decide on a request. */
  async submit(request: Request): Promise<Answer> {
    const { bytes } = request;
    const phase = request.payload.tag;
    let answer: Answer;
    if (this.unavailable !== undefined) answer = { kind: 'discarded', ...this.unavailable };
    else if (this.#isFullFor(bytes)) answer = { kind: 'discarded', code: 'queue-full' };
    else {
      this.#underWay++;
      this.#underWayBytes += bytes;
      try {
        answer = await this.#admit(request);
      } finally {
        this.#underWay--;
        this.#underWayBytes -= bytes;
      }
    }
    this.#tell(request, phase, answer);
    return answer;
  }

  /** Answers everybody, hands the lease on at once and goes. The round is not touched. Can be called again. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#cancelTimer();
      await this.#looking;
      if (this.#driver !== undefined) this.#ending.push(this.#driver.stop());
      this.#driver = undefined;
      await Promise.all(this.#ending);
      await this.#options.store.leave(this.#options.self.id).catch((error: unknown) => {
        this.#options.logger.warn({ error: messageOf(error) }, 'could not leave the fleet; the others will miss this member in a while');
      });
    }
    await Promise.all(this.#ending);
  }

  #tick(): void {
    const { clock, store } = this.#options;
    this.#cancelTimer = clock.setTimer(store.leaseMs / LOOKS_PER_LEASE, () => {
      if (this.#stopping) return;
      this.#isLookDue = true;
      // A look by itself renews the lease and brings the counts, so it is made whether or not anybody is sure of anything.
      this.#ledAt = Number.NEGATIVE_INFINITY;
      void this.fresh().then(() => !this.#stopping && this.#tick());
    });
  }

  get #isSure(): boolean {
    const { clock, store } = this.#options;
    return clock.now() - this.#ledAt < SURE_OF_LEASE * store.leaseMs;
  }

  async #look(): Promise<void> {
    const { clock, store } = this.#options;
    if (this.#stopping) return;
    const asked = clock.now();
    try {
      if (await this.#isAsShown()) return;
      this.#isLookDue = false;
      this.#sight = await this.#inTime(() => store.look(this.#self, !this.#isSkewed && clock.now() >= this.#standsBackUntil));
      this.#isSkewed = this.#tellSkew(isSkewed(this.#sight, clock.now()));
      await this.#follow(asked);
      this.#works();
    } catch (error) {
      if (isXaynetError(error, 'storage-lost')) this.#loses(error.message);
      else {
        this.#fails(error);
        if (this.#sight.leads && this.#driver === undefined) await this.#standBack(messageOf(error));
      }
    }
  }

  /** Whether all that need be known is that what this member shows still holds: who asks is not told more, and it costs the store a tenth of a look. */
  async #isAsShown(): Promise<boolean> {
    if (this.#isLookDue || this.#driver !== undefined || this.#paused !== undefined || this.#sight.leads || this.#shown !== this.#sight.version) return false;
    const { version, isLed } = await this.#inTime(() => this.#options.store.peek());
    return isLed && version === this.#shown;
  }

  /** The store has lost the round: whoever watches is told, and the leader gives it up. The next look finds what is left. */
  #loses(message: string): void {
    this.#known = this.bulletin.view;
    const { round, phase, model, modelRound } = this.bulletin.view;
    const { modelId: id } = this.#sight;
    if (id !== undefined && model !== undefined && modelRound === Number.parseInt(id, 10)) this.#lostModel = { id, bytes: model };
    this.#shown = undefined;
    if (this.#driver !== undefined) this.#driver.fail('storage-lost', message);
    else this.#options.bus.emit({ type: 'failure', round, phase, code: 'storage-lost', message });
  }

  get #self(): Member {
    return { ...this.#options.self, began: this.#began, accepted: this.#accepted, refused: this.#refused, settings: toldSettings(this.#options) };
  }

  /** A store that hangs must not be waited for longer than a lease lasts: by then others have gone on. */
  async #inTime<T>(call: () => Promise<T>, limit: number = this.#options.store.leaseMs): Promise<T> {
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      cancel = this.#options.clock.setTimer(limit, () => reject(new XaynetError('storage-timeout', `no answer within ${limit / 1000} s`)));
    });
    try {
      return await Promise.race([call(), late]);
    } finally {
      cancel();
    }
  }

  /** Makes true what was seen. */
  async #follow(asked: number): Promise<void> {
    const { leads, progress, counts, version, open, unfolded, modelId } = this.#sight;
    this.#sum.forgetOld();
    this.#tellOthers();
    this.#tellTally();
    if (progress?.phase === 'update' && !open && unfolded > 0) {
      this.#sum.settle(progress.round).catch((error: unknown) => {
        this.#options.logger.warn({ error: messageOf(error) }, 'a sum could not be stored; trying again');
      });
    }
    if (modelId !== undefined) this.#lostModel = undefined;
    if (leads && this.#driver !== undefined) {
      this.#ledAt = asked;
      this.#storeLostModel();
      if (progress !== undefined) this.#driver.tally(progress.round, progress.phase, counts);
      const { paused } = this.#driver;
      if (paused === undefined) this.#stoodBack = 0;
      else if (paused.code !== 'round-resuming' && asked - paused.since > MOST_STUCK * this.#options.store.leaseMs) await this.#standBack(paused.message);
      return;
    }
    if (this.#driver !== undefined) this.#retire();
    if (this.#shown !== version) await this.#show();
    if (leads) await this.#lead(asked);
  }

  async #lead(asked: number): Promise<void> {
    const { settings, store, random, logger } = this.#options;
    const beginning = this.#withKnown(await restoreBeginning(store, { ...settings, restore: true }, random, logger));
    this.#known = undefined;
    if (this.#stopping) return;
    const { lastRound: round, keys, params, model, modelRound } = beginning;
    // The round that was shown is lost: its dictionaries must not be those of the next one.
    if (beginning.progress === undefined) this.bulletin.publish({ round, phase: 'idle', keys, params, sums: undefined, seeds: undefined, model, modelRound });
    logger.info({ round: beginning.lastRound, phase: beginning.progress?.phase }, 'this process leads the fleet');
    const driver = new Driver({
      ...this.#options,
      beginning,
      shared: {
        bulletin: this.bulletin,
        gather: (round, params) => this.#sum.gather(round, params),
        fenced: () => {
          if (this.#driver === driver) this.#retire();
        },
      },
    });
    this.#driver = driver;
    this.#ended = Math.max(this.#ended, beginning.lastRound);
    this.#shown = undefined;
    this.#ledAt = asked;
    driver.start();
  }

  /** After a loss numbers, seeds and model go on as this process knows them: nobody is told of a round again that is over, or that there is no model. */
  #withKnown(beginning: Beginning): Beginning {
    const { keys, params, model, modelRound, round } = this.#known ?? this.bulletin.view;
    if (this.#known !== undefined && beginning.lastRound < round) {
      this.#options.logger.warn({ stored: beginning.lastRound, round }, 'the store knows less than this process: going on from what this process knows');
      return { lastRound: round, keys, params, model, modelRound };
    }
    return beginning.model === undefined ? { ...beginning, model, modelRound } : beginning;
  }

  /** Beside the looks, which renew the lease, and never after the model of the round that is on. */
  #storeLostModel(): void {
    const { store, logger, clock } = this.#options;
    const lost = this.#lostModel;
    if (lost === undefined || clock.now() < this.#storesModelAt) return;
    this.#storesModelAt = Number.POSITIVE_INFINITY;
    const isOn = (): boolean => this.#driver !== undefined && tagOfPhase(this.#driver.state.phase) !== undefined && this.#lostModel === lost;
    const storing = (async () => {
      await store.putModel(lost.id, lost.bytes);
      if (!isOn()) return;
      await store.setLatestModelId(lost.id);
      logger.info({ model: lost.id }, 'the global model is in the store again');
    })();
    storing
      .catch((error: unknown) => logger.warn({ error, model: lost.id }, 'the global model that the store has lost could not be stored again; trying again'))
      .finally(() => {
        this.#storesModelAt = clock.now() + store.leaseMs;
      });
  }

  /**
   * What this process needs to lead does not work: large bytes that it cannot read, for example. It may be its own connection, so the lease is given
   * to the others, if there are any. This process goes on taking messages as far as it can.
   */
  async #standBack(reason: string): Promise<void> {
    const { store, clock, logger, self } = this.#options;
    if (this.#stopping || this.#sight.members.length < 2) return;
    this.#stoodBack = Math.min(Math.max(1, 2 * this.#stoodBack), LONGEST_STANDBACK);
    this.#standsBackUntil = clock.now() + this.#stoodBack * store.leaseMs;
    logger.warn({ reason, seconds: (this.#stoodBack * store.leaseMs) / 1000 }, 'this process cannot lead the fleet now: another one is to try');
    if (this.#driver !== undefined) this.#retire();
    await this.#inTime(() => store.leave(self.id)).catch((error: unknown) => logger.warn({ error: messageOf(error) }, 'the lease was not given back'));
  }

  /** Another one leads: what this one's driver still does comes to nothing. */
  #retire(): void {
    this.#options.logger.warn({ round: this.bulletin.view.round, leader: this.#sight.leader }, 'this process does not lead the fleet any more');
    const ending = this.#driver!.retire();
    this.#driver = undefined;
    this.#ledAt = Number.NEGATIVE_INFINITY;
    this.#ending.push(ending);
    void ending.finally(() => {
      this.#ending = this.#ending.filter((one) => one !== ending);
    });
  }

  /** Publishes what the store holds, all of one version. */
  async #show(): Promise<void> {
    const { store, bus, settings } = this.#options;
    for (;;) {
      const { version } = this.#sight;
      const before = this.bulletin.view;
      const seen = await this.#inTime(() => this.#read(before), READING * store.leaseMs);
      const again = await this.#inTime(() => store.look(this.#self, false));
      if (again.version !== version) {
        this.#sight = again;
        if (again.leads) return; // the next look is the leader's
        continue;
      }
      this.#shown = version;
      this.#reading = undefined;
      if (seen === undefined) return; // all was erased: what is shown stays, until there is a round again
      const { view } = seen;
      if (this.#known !== undefined && this.#sight.progress === undefined && view.round < this.#known.round) return; // so does what is known better
      checkModelSettings(view, settings);
      this.#tellDifferences(seen.state);
      if (view.round !== before.round || view.phase !== before.phase) this.#phaseCounts = { accepted: 0, rejected: 0, discarded: 0 };
      this.bulletin.publish(view);
      if (this.#sight.progress !== undefined) this.#known = undefined;
      if (view.params !== before.params) bus.emit({ type: 'round', round: view.round, params: view.params });
      if (view.phase !== before.phase || view.round !== before.round) bus.emit({ type: 'phase', round: view.round, phase: view.phase, ...this.window });
      await this.#tellEnded();
      return;
    }
  }

  /** What the store holds of the version in sight. A large round takes longer to read than a call may: whoever asks again waits for the same reading. */
  #read(before: View): Promise<SeenView | undefined> {
    const { version } = this.#sight;
    if (this.#reading?.version === version) return this.#reading.view;
    const view = readView(this.#options.store, this.#sight, before);
    this.#reading = { version, view };
    view.catch(() => {
      if (this.#reading?.view === view) this.#reading = undefined;
    });
    return view;
  }

  /** Those who watch one member see what all of them have taken. */
  #tellTally(): void {
    const { progress, counts } = this.#sight;
    if (progress === undefined || tagOfPhase(progress.phase) === undefined) return;
    const { round, phase } = progress;
    const accepted = acceptedIn(counts, phase);
    const told = this.#told;
    if (accepted === 0 || (told?.round === round && told.phase === phase && told.accepted === accepted)) return;
    this.#told = { round, phase, accepted };
    this.#options.bus.emit({ type: 'tally', round, phase, accepted });
  }

  /** The rounds that ended under another leader since the last look: their records are written before anything is published that follows. */
  async #tellEnded(): Promise<void> {
    const { store, bus } = this.#options;
    const records = await this.#inTime(() => store.records(RECORDS));
    for (const record of records.filter(({ round }) => round > this.#ended).reverse()) bus.emit({ type: 'ended', record });
    this.#ended = Math.max(this.#ended, records[0]?.round ?? 0);
  }

  #works(): void {
    if (this.#paused === undefined) return;
    this.#paused = undefined;
    this.#options.logger.info({}, 'the shared store answers again');
    this.#options.bus.emit({ type: 'resumed' });
  }

  #fails(error: unknown): void {
    const { clock, logger, bus } = this.#options;
    if (this.#stopping) return;
    const code: ErrorCode = isXaynetError(error, 'storage-timeout') ? error.code : 'storage-failed';
    if (this.#paused !== undefined) return;
    this.#paused = { since: clock.now(), code, message: `look: ${messageOf(error)}`, retryAfter: RETRY_AFTER };
    logger.error({ error }, 'the shared store cannot be read: nothing is shown and no messages are taken');
    bus.emit({ type: 'paused', ...this.#paused });
  }

  /** A round is run by the settings of whoever leads: those that would change with the leader are told, once until they are others. */
  #tellDifferences(state: CoordinatorState): void {
    const { settings, logger } = this.#options;
    const differences = petDifferences(state, settings);
    const told = JSON.stringify(differences);
    if (told === this.#differences) return;
    this.#differences = told;
    for (const { phase, before, now } of differences) {
      logger.warn(
        { leader: before, here: now },
        `the settings of [pet.${phase}] are not those of the process that leads: they apply when this one leads. Give all processes of the fleet the same`,
      );
    }
  }

  /** The same for what members tell of their settings themselves. */
  #tellOthers(): void {
    const own = toldSettings(this.#options);
    const others = new Map<string, Set<number>>();
    for (const { settings = {} } of this.#sight.members) {
      for (const [name, value] of Object.entries(settings)) {
        if (own[name] !== undefined && own[name] !== value) others.set(name, (others.get(name) ?? new Set()).add(value));
      }
    }
    for (const name of this.#differing) if (!others.has(name)) this.#differing.delete(name);
    for (const [name, values] of others) {
      if (this.#differing.has(name)) continue;
      this.#differing.add(name);
      this.#options.logger.warn(
        { here: own[name], others: [...values] },
        `${name} is not the same for all processes of the fleet: each goes by its own. Give all processes of the fleet the same`,
      );
    }
  }

  #tellSkew(is: boolean): boolean {
    const { logger, clock } = this.#options;
    if (is && !this.#isSkewed) {
      logger.warn({ store: this.#sight.now, here: clock.now() }, 'the clock of this machine differs from that of the store: this process does not lead');
    }
    return is;
  }

  #isFullFor(bytes: number): boolean {
    const limits = this.#options.queue ?? QUEUE_LIMITS;
    return this.#underWay >= limits.messages || (this.#underWay > 0 && this.#underWayBytes + bytes > limits.bytes);
  }

  async #admit(request: Request): Promise<Answer> {
    const { store, clock, logger, meter, storeTimeout = store.leaseMs } = this.#options;
    const begun = clock.now();
    let verdict: Awaited<ReturnType<typeof admitShared>>;
    try {
      // Large bytes may take longer than a lease, whoever leads meanwhile: the store decides by where the round stands then.
      verdict = await this.#inTime(() => admitShared(store, request, this.#sight.progress?.gate), storeTimeout);
    } catch (error) {
      if (request.memory !== undefined) request.memory.buffer = undefined; // a call that was given up may still read it
      logger.error({ error }, 'an admission failed; it may be stored or not');
      return { kind: 'discarded', code: 'storage-failed', retryAfter: RETRY_AFTER };
    }
    (request.meter ?? meter)?.observe('store', (clock.now() - begun) / 1000, request.bytes);
    if (verdict === 'ok') return { kind: 'accepted' };
    if (verdict === 'phase-over' || verdict === 'phase-full') return { kind: 'discarded', code: 'message-discarded' };
    if ('code' in verdict) return { kind: 'rejected', code: verdict.code };
    if (request.payload.tag === 'update') this.#sum.add(request.round, request.payload.maskedModel, verdict.position);
    return { kind: 'accepted' };
  }

  #tell({ round, participant, payload, bytes }: Request, phase: PhaseName, answer: Answer): void {
    const { bus, logger } = this.#options;
    const { kind } = answer;
    if (kind === 'accepted') this.#accepted++;
    else {
      this.#refused++;
      this.#phaseCounts = { ...this.#phaseCounts, [kind]: this.#phaseCounts[kind] + 1 };
    }
    const about = { round, phase, tag: payload.tag, participant, bytes };
    logger.debug({ ...about, ...answer }, 'message answered');
    bus.emit(kind === 'accepted' ? { type: kind, ...about } : { type: kind, ...about, code: answer.code });
  }

  get #counts(): Counts {
    const { counts, progress } = this.#sight;
    return { ...this.#phaseCounts, accepted: progress === undefined ? 0 : acceptedIn(counts, progress.phase) };
  }
}

/** What is told of the own settings: those of [pet] that the stored round has not, and what all go by. */
function toldSettings({ settings: { pet }, store }: Pick<FleetMemberOptions, 'settings' | 'store'>): Record<string, number> {
  const graces = (['sum', 'update', 'sum2'] as const).map((phase) => [`pet.${phase}.time.grace`, pet[phase].time.grace] as const);
  return { 'redis.lease': store.leaseMs / 1000, ...Object.fromEntries(graces) };
}

function isSkewed({ now }: Sight, here: number): boolean {
  return Math.abs(now - here) > MOST_SKEW;
}
