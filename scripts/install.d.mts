/** What to do about what npm printed. */
export function adviceOn(printed: string): string;
/** Installs the lock file of `folder`; `what` completes "installing …". Resolves to whether it worked; `say` has been told everything. */
export function install(options: {
  folder: string;
  what: string;
  say: (text: string) => void;
  rhythm?: number;
  env?: Record<string, string | undefined>;
}): Promise<boolean>;
