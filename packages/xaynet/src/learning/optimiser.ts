// What an application makes of the mean that a round publishes: where everybody starts from in the next one. The coordinator knows nothing of
// it; whoever has seen the same sequence of published means computes the same starting points, so nobody need be trusted with them. The
// difference mean − start takes the place of a gradient (Reddi et al., Adaptive Federated Optimization, ICLR 2021; Hsu et al. 2019 for FedAvgM).

/** The names of the optimisers. */
export const OPTIMISERS = ['fedavg', 'fedavgm', 'fedadam', 'fedyogi'] as const;
export type OptimiserName = (typeof OPTIMISERS)[number];

/** What an optimiser is made with; each has its own default for what is left out. */
export interface OptimiserOptions {
  readonly name: OptimiserName;
  /** Step size η of the server. */
  readonly rate?: number | undefined;
  /** Decay of the running mean of differences: β of FedAvgM, β₁ of the others. */
  readonly momentum?: number | undefined;
  /** Decay of the running mean of squares, β₂. */
  readonly beta2?: number | undefined;
  /** How adaptive: τ is added to the root below the step, and its square is where the squares begin. */
  readonly tau?: number | undefined;
}

/** {@link OptimiserOptions} with every default filled in. */
export type OptimiserParameters = Readonly<Record<'rate' | 'momentum' | 'beta2' | 'tau', number>> & { readonly name: OptimiserName };

// FedAvg is the mean itself. The rates of the adaptive ones are those that Reddi et al. found best for τ = 10⁻³ and small models, halved.
const DEFAULTS: Readonly<Record<OptimiserName, Omit<OptimiserParameters, 'name'>>> = {
  fedavg: { rate: 1, momentum: 0, beta2: 0, tau: 0 },
  fedavgm: { rate: 1, momentum: 0.5, beta2: 0, tau: 0 },
  fedadam: { rate: 0.03, momentum: 0.9, beta2: 0.99, tau: 1e-3 },
  fedyogi: { rate: 0.03, momentum: 0.9, beta2: 0.99, tau: 1e-3 },
};

/** Fills in the defaults. */
export function optimiserParameters({ name, ...given }: OptimiserOptions): OptimiserParameters {
  const { rate, momentum, beta2, tau } = DEFAULTS[name];
  return { name, rate: given.rate ?? rate, momentum: given.momentum ?? momentum, beta2: given.beta2 ?? beta2, tau: given.tau ?? tau };
}

/** Turns published means into starting points, one after another. */
export class Optimiser {
  readonly parameters: OptimiserParameters;
  #first: Float64Array | undefined;
  #second: Float64Array | undefined;

  constructor(options: OptimiserOptions) {
    this.parameters = optimiserParameters(options);
  }

  /** The next starting point, from the last one and the mean of what was trained from it; both stay as they are. */
  next(start: Float32Array, mean: ArrayLike<number>): Float32Array {
    const { name, rate, momentum, beta2, tau } = this.parameters;
    const next = new Float32Array(start.length);
    if (name === 'fedavg') {
      for (let i = 0; i < next.length; i++) next[i] = start[i]! + rate * (mean[i]! - start[i]!);
      return next;
    }
    this.#first ??= new Float64Array(start.length);
    const first = this.#first;
    if (name === 'fedavgm') {
      for (let i = 0; i < next.length; i++) {
        first[i] = momentum * first[i]! + (mean[i]! - start[i]!);
        next[i] = start[i]! + rate * first[i]!;
      }
      return next;
    }
    this.#second ??= new Float64Array(start.length).fill(tau * tau);
    const second = this.#second;
    for (let i = 0; i < next.length; i++) {
      const difference = mean[i]! - start[i]!;
      const square = difference * difference;
      first[i] = momentum * first[i]! + (1 - momentum) * difference;
      second[i] = name === 'fedadam' ? beta2 * second[i]! + (1 - beta2) * square : second[i]! - (1 - beta2) * square * Math.sign(second[i]! - square);
      next[i] = start[i]! + (rate * first[i]!) / (Math.sqrt(second[i]!) + tau);
    }
    return next;
  }
}
