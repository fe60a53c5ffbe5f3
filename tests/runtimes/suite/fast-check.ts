// fast-check with fewer runs of every property, by one number for the engine (see `share` of Orders): interpreters are some hundred
// times slower than compilers. At least two runs remain, and the seed is that of all suites.
import real, { type AsyncPropertyHookFunction, type IAsyncProperty, type IProperty, type Parameters } from 'fast-check';
import { orders } from './tests.ts';

export * from 'fast-check';

real.configureGlobal({ seed: orders.seed, numRuns: 100 });

function fewer<T>(parameters: Parameters<T> | undefined): Parameters<T> {
  return { ...parameters, numRuns: Math.max(2, Math.ceil((parameters?.numRuns ?? 100) * orders.share)) };
}

/** Checks a property with fewer runs. */
export function assert<T>(property: IProperty<T> | IAsyncProperty<T>, parameters?: Parameters<T>): Promise<void> | void {
  return real.assert(property as IProperty<T>, fewer(parameters));
}

export type { AsyncPropertyHookFunction };
export default { ...real, assert };
