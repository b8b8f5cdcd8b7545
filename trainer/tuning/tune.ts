import { InvalidDataError } from "../../shared/errors.ts";
import { createRandom } from "../../shared/random.ts";
import type { TokenizedRow } from "../../shared/text/render.ts";
import { epochBatches } from "./batches.ts";
import type { Objective } from "./objective.ts";
import { adamW, clipByNorm, warmUpCosine } from "./optimiser.ts";

export interface TuningSettings {
  readonly learningRate: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly seed: number;
}

export interface TuningStep {
  /** Steps done, from 1. */
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

export interface TuningResult {
  readonly parameters: Float32Array;
  readonly losses: readonly number[];
  /** Tokens that went through the model, the prompt once a step. */
  readonly trainedTokens: number;
}

/** The loss became NaN or infinite. */
export class DivergedError extends InvalidDataError {}

/** Keeps one bad batch from throwing the prompt far away. */
const MAX_GRADIENT_NORM = 1;

/**
 * Minimises the objective over the rows by AdamW, warmed up and cooled down, in batches of rows of like length.
 * Throws DivergedError, and whatever reason the signal was aborted with.
 */
export async function tune(
  objective: Objective,
  start: Float32Array,
  rows: readonly TokenizedRow[],
  settings: TuningSettings,
  onStep: (step: TuningStep) => void,
  signal: AbortSignal,
): Promise<TuningResult> {
  const { learningRate, steps: totalSteps, seed } = settings;
  const optimiser = adamW();
  let parameters = start;
  let state = optimiser.init(start);
  let trainedTokens = 0;
  const losses: number[] = [];
  const began = performance.now();
  const batches = endlessBatches(rows, settings.batchSize, seed);
  for (let step = 0; step < totalSteps; step++) {
    signal.throwIfAborted();
    const { loss, gradient, tokens } = await objective.gradient(parameters, batches.next().value);
    if (!Number.isFinite(loss)) {
      throw new DivergedError(`Loss became ${loss} at step ${step + 1} with learning rate ${learningRate}; choose a smaller one`, {
        code: "diverged",
        param: "learning_rate",
      });
    }
    const clipped = clipByNorm(gradient, MAX_GRADIENT_NORM).gradient;
    ({ parameters, state } = optimiser.update(parameters, clipped, state, learningRate * warmUpCosine(step, totalSteps)));
    losses.push(loss);
    trainedTokens += tokens;
    const seconds = (performance.now() - began) / 1000;
    onStep({
      step: step + 1,
      totalSteps,
      loss,
      tokensPerSecond: trainedTokens / seconds,
      secondsLeft: (seconds / (step + 1)) * (totalSteps - step - 1),
    });
  }
  return { parameters, losses, trainedTokens };
}

function* endlessBatches(rows: readonly TokenizedRow[], batchSize: number, seed: number): Generator<TokenizedRow[], never> {
  const random = createRandom(seed);
  const lengths = rows.map((row) => row.ids.length);
  for (;;) {
    for (const batch of epochBatches(lengths, batchSize, random)) yield batch.map((i) => rows[i] as TokenizedRow);
  }
}
