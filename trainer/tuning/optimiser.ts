/**
 * What an optimiser remembers: vectors by name, and steps done. Flat, so that a checkpoint can hold any optimiser's state.
 */
export interface OptimiserState {
  readonly step: number;
  readonly tensors: Readonly<Record<string, Float32Array>>;
}

/** A pure optimiser: state in, state out (after optax). Parameters and gradients are flat float32 vectors. */
export interface Optimiser {
  init(parameters: Float32Array): OptimiserState;
  /** The new parameters and state; `learningRate` comes from a schedule. */
  update(
    parameters: Float32Array,
    gradient: Float32Array,
    state: OptimiserState,
    learningRate: number,
  ): { parameters: Float32Array; state: OptimiserState };
}

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  /** What the weights decay to: zero, or where they started (L2-SP, arXiv 1802.01483). */
  readonly anchor?: Float32Array | undefined;
}

/** AdamW (Loshchilov and Hutter 2019, algorithm 2); the defaults are PyTorch's but for no weight decay. */
export function adamW(options: AdamWOptions = {}): Optimiser {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, anchor } = options;
  return {
    init: ({ length }) => ({
      step: 0,
      tensors: { mean: new Float32Array(length), square: new Float32Array(length) },
    }),
    update(parameters, gradient, state, learningRate) {
      const step = state.step + 1;
      const { mean: oldMean, square: oldSquare } = state.tensors as {
        mean: Float32Array;
        square: Float32Array;
      };
      const mean = oldMean.map((m, i) => beta1 * m + (1 - beta1) * (gradient[i] as number));
      const square = oldSquare.map((v, i) => beta2 * v + (1 - beta2) * (gradient[i] as number) ** 2);
      const meanCorrection = 1 - beta1 ** step;
      const squareCorrection = 1 - beta2 ** step;
      const updated = parameters.map((p, i) => {
        const direction =
          (mean[i] as number) /
          meanCorrection /
          (Math.sqrt((square[i] as number) / squareCorrection) + epsilon);
        return p - learningRate * (direction + weightDecay * (p - (anchor?.[i] ?? 0)));
      });
      return { parameters: updated, state: { step, tensors: { mean, square } } };
    },
  };
}

/** Scales a gradient down to the given L2 norm where it is longer. Gives the norm found. */
export function clipByNorm(
  gradient: Float32Array,
  maxNorm: number,
): { gradient: Float32Array; norm: number } {
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  if (norm <= maxNorm) return { gradient, norm };
  return { gradient: gradient.map((g) => (g * maxNorm) / norm), norm };
}

/** Share of the steps in which the learning rate rises, as PEFT's examples have it. */
const WARM_UP = 0.06;

/**
 * What the learning rate ends at, as a share of its highest: what smaller steps would settle, the running mean of the
 * parameters settles too, and over more of them (stochastic weight averaging, arXiv 1803.05407).
 */
const FINAL_RATE = 0.5;

/** Factor on the learning rate at `step` (from 0) of `totalSteps`: a linear rise, then half a cosine down. */
export function warmUpCosine(step: number, totalSteps: number): number {
  const warmUp = Math.max(1, Math.round(totalSteps * WARM_UP));
  if (step < warmUp) return (step + 1) / warmUp;
  const fallen = 0.5 * (1 - Math.cos((Math.PI * (step - warmUp)) / Math.max(1, totalSteps - warmUp)));
  return 1 - (1 - FINAL_RATE) * fallen;
}
