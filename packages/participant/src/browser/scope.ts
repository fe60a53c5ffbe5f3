// What this folder uses of a page or a worker, and nothing else: the package compiles without the types of the DOM. Everything may be
// missing (old engines, insecure contexts, Node in tests), and every user says what it does then.

/** What is used of an event target. */
export interface Target {
  addEventListener(type: string, listener: (event: { readonly persisted?: boolean }) => void): void;
  removeEventListener(type: string, listener: (event: { readonly persisted?: boolean }) => void): void;
}

/** What is used of `navigator.locks`. */
export interface LockManager {
  request<T>(name: string, options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal }, run: (lock: object | null) => Promise<T>): Promise<T>;
  query(): Promise<{ readonly pending?: readonly { readonly name?: string }[] }>;
}

/** What is used of a MessagePort, in pages and in Node. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

/** The network as a browser tells of it; Chromium only. */
export interface ConnectionLike extends Target {
  readonly type?: string;
  readonly metered?: boolean;
  readonly saveData?: boolean;
}

/** The battery as Chromium tells of it. */
export interface BatteryLike extends Target {
  readonly level: number;
  readonly charging: boolean;
}

/** A global scope: of a page, of a worker, or of anything else. */
export interface Scope extends Partial<Target> {
  readonly name?: string;
  readonly location?: { readonly href: string };
  readonly document?: Target & { readonly visibilityState?: string; readonly currentScript?: { readonly src?: string } | null };
  readonly navigator?: {
    readonly onLine?: boolean;
    readonly locks?: LockManager;
    readonly connection?: ConnectionLike;
    getBattery?(): Promise<BatteryLike>;
  };
  readonly matchMedia?: (query: string) => Target & { readonly matches: boolean };
  readonly Worker?: new (script: string | object, options: { readonly type: 'module' | 'classic'; readonly name: string }) => WorkerScope;
  readonly MessageChannel?: new () => { readonly port1: MessagePortLike; readonly port2: MessagePortLike };
  /** Of workers. */
  postMessage?(message: unknown, transfer: ArrayBuffer[]): void;
}

/** What is used of a Worker. */
export interface WorkerScope {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: { data?: unknown; message?: string; preventDefault(): void }) => void): void;
  terminate(): void;
}

/** The scope that this runs in. */
export const scope: Scope = globalThis as unknown as Scope;

/** Names of workers: by them a script that serves several purposes knows which one it was started for. */
export const ENGINE_NAME = 'xaynet engine';
export const MASKS_NAME = 'xaynet masks';
