import { InvalidDataError } from "../../shared/errors.ts";
import type { TokenizedExample } from "../model/training-batch.ts";
import type { Objective } from "./objective.ts";
import { adamW, clipByNorm, warmUpCosine } from "./optimiser.ts";

export interface TuningStep {
  /** Steps done, from 1. */
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

/** The loss became NaN or infinite. */
export class DivergedError extends InvalidDataError {}

/** Keeps one bad batch from throwing the prompt far away. */
const MAX_GRADIENT_NORM = 1;

/**
 * Minimises the objective by AdamW, warmed up and cooled down, one batch a step; gives the final parameters. Throws
 * DivergedError, and whatever reason the signal was aborted with.
 */
export async function tune(
  objective: Objective,
  start: Float32Array,
  batches: readonly (readonly TokenizedExample[])[],
  learningRate: number,
  onStep: (step: TuningStep) => void,
  signal: AbortSignal,
): Promise<Float32Array> {
  const optimiser = adamW();
  const totalSteps = batches.length;
  const began = performance.now();
  let parameters = start;
  let state = optimiser.init(start);
  for (const [index, batch] of batches.entries()) {
    signal.throwIfAborted();
    const step = index + 1;
    const { loss, gradient } = await objective.gradient(parameters, batch);
    if (!Number.isFinite(loss)) {
      const message = `Loss became ${loss} at step ${step} with learning rate ${learningRate}; choose a smaller one`;
      throw new DivergedError(message, { code: "diverged", param: "learning_rate" });
    }
    const clipped = clipByNorm(gradient, MAX_GRADIENT_NORM).gradient;
    ({ parameters, state } = optimiser.update(parameters, clipped, state, learningRate * warmUpCosine(index, totalSteps)));
    const seconds = (performance.now() - began) / 1000;
    onStep({
      step,
      totalSteps,
      loss,
      tokensPerSecond: (step * objective.tokensPerStep) / seconds,
      secondsLeft: (seconds / step) * (totalSteps - step),
    });
  }
  return parameters;
}
