// When a participant in a page rests: rules about what the browser tells of page, network and battery. Whatever it does not tell counts
// as no reason to rest, and is listed, so that an application can know which of its rules are blind here.

import { XaynetError } from '@xaynet/core/errors';
import { isSecureUrl } from '../base-url.ts';
import type { BatteryLike, Scope, Target } from './scope.ts';

/**
 * Rules; each has a default. Browsers do not tell whether a battery saver is on: the level of the battery, and the wish to save data,
 * which battery savers commonly switch on too, stand in for it.
 */
export interface ConditionRules {
  /** While the page is hidden: another tab, or a minimised window. Default `run`: rounds go on when nobody looks. */
  readonly hidden?: 'run' | 'pause' | undefined;
  /** While the browser knows that there is no network. Default `pause`; `run` for a coordinator on this machine by plain HTTP, which needs none. */
  readonly offline?: 'pause' | 'run' | undefined;
  /** While the user wants data to be saved (`navigator.connection.saveData`, `prefers-reduced-data`). Default `pause`. */
  readonly saveData?: 'pause' | 'run' | undefined;
  /** While the connection is cellular, or known to be metered. Default `pause`. */
  readonly metered?: 'pause' | 'run' | undefined;
  /** Of devices that run on a battery. */
  readonly battery?:
    | {
        /** Rest while the battery is not charging and below this level, 0 to 1. Default 0.2; 0: never. */
        readonly below?: number | undefined;
        /** `required`: rest while it is not charging, however full it is. Default `any`. */
        readonly charging?: 'required' | 'any' | undefined;
      }
    | undefined;
}

/** A reason to rest. */
export type PauseReason = 'hidden' | 'offline' | 'save-data' | 'metered' | 'battery-low' | 'not-charging';

/** What watches a page. */
export interface PageConditions {
  /** Why not to work now. */
  reasons(): readonly PauseReason[];
  /** Rules about what cannot be seen here. */
  readonly unseen: readonly string[];
  /** Listens to nothing any more. */
  stop(): void;
}

/** The rules for a coordinator: one on this machine needs no network, so a laptop on a train and a container without one may go on. */
export function rulesFor(url: string, given: ConditionRules | undefined): ConditionRules | undefined {
  return /^http:/i.test(url) && isSecureUrl(url) ? { ...given, offline: given?.offline ?? 'run' } : given;
}

/** Watches the page: calls `changed`, never at once, when the reasons may have changed. Throws `option-invalid` for what is no rule. */
export function watchConditions(given: ConditionRules = {}, scope: Scope, changed: () => void): PageConditions {
  const { below = 0.2, charging = 'any' } = given.battery ?? {};
  const rules: Record<string, unknown> = { hidden: 'run', offline: 'pause', saveData: 'pause', metered: 'pause' };
  for (const [name, value] of Object.entries({ ...given, battery: undefined })) {
    if (value !== undefined) check(name in rules && /^(run|pause)$/.test(value), name, 'a known rule, run or pause', value);
    rules[name] = value ?? rules[name];
  }
  check(below >= 0 && below <= 1, 'battery.below', '0 to 1', below);
  check(/^(any|required)$/.test(charging), 'battery.charging', 'required or any', charging);

  const { document, navigator = {} } = scope;
  const { connection } = navigator;
  const media = scope.matchMedia?.('(prefers-reduced-data: reduce)'); // false also where it is not known
  let battery: BatteryLike | undefined;
  const discharging = (): boolean | undefined => (battery === undefined ? navigator.getBattery && false : !battery.charging);
  // Rule, reason, and whether it holds; undefined where that cannot be seen.
  const all: [string, PauseReason, () => boolean | undefined][] = [
    ['hidden', 'hidden', () => document && document.visibilityState === 'hidden'],
    ['offline', 'offline', () => (navigator.onLine === undefined ? undefined : !navigator.onLine)],
    ['saveData', 'save-data', () => media?.matches || connection?.saveData],
    ['metered', 'metered', () => connection?.metered ?? (connection?.type === undefined ? undefined : connection.type === 'cellular')],
    ['battery', 'battery-low', () => discharging() && battery!.level < below],
    ['battery', 'not-charging', discharging],
  ];
  rules.battery = 'pause';
  const active = all.filter(
    ([rule, reason]) => rules[rule] === 'pause' && (reason !== 'battery-low' || below > 0) && (reason !== 'not-charging' || charging === 'required'),
  );

  const forget: (() => void)[] = [];
  let stopped = false;
  const listen = (target: Partial<Target> | undefined, ...types: string[]): void => {
    for (const type of types) {
      const listener = (): void => changed();
      target?.addEventListener?.(type, listener);
      forget.push(() => target?.removeEventListener?.(type, listener));
    }
  };
  listen(document, 'visibilitychange');
  listen(scope, 'online', 'offline');
  listen(connection, 'change');
  listen(media, 'change');
  void navigator
    .getBattery?.()
    .then((found) => {
      if (stopped) return;
      battery = found;
      listen(battery, 'levelchange', 'chargingchange');
      changed();
    })
    .catch(() => undefined); // a page's policy may forbid it
  return {
    reasons: () => active.filter(([, , holds]) => holds()).map(([, reason]) => reason),
    unseen: [...new Set(active.filter(([, , holds]) => holds() === undefined).map(([rule]) => rule))],
    stop() {
      stopped = true;
      for (const end of forget) end();
    },
  };
}

function check(right: boolean, name: string, expected: string, given: unknown): void {
  if (!right) throw new XaynetError('option-invalid', `conditions.${name}: ${expected} expected, ${String(given)} given`);
}
