import { MAX_CHECKPOINTS } from "../../shared/contracts/job.ts";
import type { TokenizedExample } from "../model/training-batch.ts";
import type { LazyList } from "../lazy-list.ts";
import type { LossAndGradient, Objective } from "./objective.ts";
import { clipByNorm, warmUpCosine, type Optimiser, type OptimiserState } from "./optimiser.ts";

/** One step's figures, accuracy by tokens; validation is there where it was made. */
export interface StepMetrics {
  /** Steps done, from 1. */
  readonly step: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly valid?: Validation;
}

/** Quality on held-out rows. `loss` decides, smaller is better; both are reported. */
export interface Validation {
  readonly loss: number;
  readonly tokenAccuracy: number;
}

/** Everything needed to go on where a run stopped. */
export interface TuneState {
  readonly step: number;
  /** At its highest. */
  readonly learningRate: number;
  readonly parameters: Float32Array;
  readonly optimiser: OptimiserState;
  /** Running mean of the parameters, which is what is validated and kept. */
  readonly average: Float32Array;
  readonly best: Best | null;
  /** The last validated ones, oldest first. */
  readonly kept: readonly Validated[];
  /** Validations since the best one. */
  readonly sinceBest: number;
  readonly history: readonly StepMetrics[];
}

/** What a run had come to at a validation. */
export interface Validated {
  readonly step: number;
  readonly parameters: Float32Array;
}

interface Best extends Validated {
  readonly loss: number;
}

export interface TuneOptions {
  readonly start: Float32Array;
  /** Batches of each step; the gradients of one step's batches are averaged. */
  readonly steps: LazyList<readonly (readonly TokenizedExample[])[]>;
  readonly optimiser: Optimiser;
  readonly learningRate: number;
  /** Decay of the running mean of parameters; 0 takes the parameters themselves. */
  readonly averaging: number;
  readonly validation?: {
    /** In steps. */
    readonly every: number;
    /** Ends after this many validations without a better one. */
    readonly patience: number;
    measure(parameters: Float32Array): Promise<Validation>;
  };
  readonly resume?: TuneState | undefined;
  onStep(metrics: StepMetrics): void;
  /** Called where the run may go on from: after validations, and before the signal's reason is thrown. */
  onState?(state: TuneState, interrupted: boolean): Promise<void>;
  readonly signal: AbortSignal;
}

export interface Tuned {
  /** Those of the best validation; without validation, the last. */
  readonly parameters: Float32Array;
  readonly learningRate: number;
  /** Steps done, and the step that `parameters` are from. */
  readonly steps: number;
  readonly bestStep: number;
  readonly stopped: "finished" | "early" | "diverged";
  readonly history: readonly StepMetrics[];
  /** The last validated parameters besides the best, oldest first. */
  readonly earlier: readonly Validated[];
}

/** Keeps one bad batch from throwing the prompt far away. */
const MAX_GRADIENT_NORM = 1;
/** A loss this many times that of the first steps means that the learning rate is too large. */
const DIVERGENCE = 3;
/** One more than are handed on, because the best may be among them. */
const KEPT = MAX_CHECKPOINTS + 1;
/** Steps whose mean loss is compared, so that one hard batch is no divergence. */
const WINDOW = 10;

/**
 * Minimises the objective, warmed up and cooled down; keeps the best parameters that validation saw. Stops early when
 * validation gets no better, and when the loss becomes NaN or three times its start. Throws what the signal was aborted with.
 */
export async function tune(objective: Objective, options: TuneOptions): Promise<Tuned> {
  const { optimiser, steps, validation, averaging, signal } = options;
  let state: TuneState = options.resume ?? {
    step: 0,
    learningRate: options.learningRate,
    parameters: options.start,
    optimiser: optimiser.init(options.start),
    average: options.start,
    best: null,
    kept: [],
    sinceBest: 0,
    history: [],
  };
  const result = (stopped: Tuned["stopped"], { best, average, kept }: TuneState): Tuned => ({
    parameters: best?.parameters ?? average,
    learningRate: state.learningRate,
    steps: state.step,
    bestStep: best?.step ?? state.step,
    stopped,
    history: state.history,
    earlier: kept.filter(({ step }) => step !== best?.step).slice(-MAX_CHECKPOINTS),
  });
  if (validation && !state.best) {
    // Tuning must never make a prompt worse than where it started.
    const { loss } = await validation.measure(state.parameters);
    state = { ...state, best: { step: 0, loss, parameters: state.parameters } };
  }
  while (state.step < steps.length) {
    if (signal.aborted) {
      await options.onState?.(state, true);
      signal.throwIfAborted();
    }
    const step = state.step + 1;
    const { loss, tokenAccuracy, gradient } = await meanGradient(
      objective,
      state.parameters,
      steps.at(state.step) ?? [],
    );
    const figures = { step, trainLoss: loss, trainAccuracy: tokenAccuracy };
    if (!Number.isFinite(loss) || hasDiverged([...state.history, figures])) {
      options.onStep(figures);
      return result("diverged", state);
    }
    const rate = state.learningRate * warmUpCosine(state.step, steps.length);
    const clipped = clipByNorm(gradient, MAX_GRADIENT_NORM).gradient;
    const next = optimiser.update(state.parameters, clipped, state.optimiser, rate);
    // Bias-corrected as long as there are fewer steps than the mean spans.
    const keep = Math.min(averaging, state.step / (state.step + 10));
    const average = state.average.map((a, i) => keep * a + (1 - keep) * (next.parameters[i] as number));
    state = { ...state, step, parameters: next.parameters, optimiser: next.state, average };
    const due = validation && (step % validation.every === 0 || step === steps.length);
    const valid = due ? await validation.measure(average) : undefined;
    const metrics: StepMetrics = { ...figures, ...(valid ? { valid } : {}) };
    state = { ...state, history: [...state.history, metrics] };
    options.onStep(metrics);
    if (!valid || !validation) continue;
    state = { ...state, kept: [...state.kept, { step, parameters: average }].slice(-KEPT) };
    const better = state.best === null || valid.loss < state.best.loss;
    state = better
      ? { ...state, best: { step, loss: valid.loss, parameters: average }, sinceBest: 0 }
      : { ...state, sinceBest: state.sinceBest + 1 };
    if (state.sinceBest >= validation.patience) return result("early", state);
    if (step < steps.length) await options.onState?.(state, false);
  }
  return result("finished", state);
}

async function meanGradient(
  objective: Objective,
  parameters: Float32Array,
  batches: readonly (readonly TokenizedExample[])[],
): Promise<LossAndGradient> {
  let [loss, tokenAccuracy, total] = [0, 0, new Float32Array(parameters.length)];
  for (const batch of batches) {
    const one = await objective.gradient(parameters, batch);
    loss += one.loss / batches.length;
    tokenAccuracy += one.tokenAccuracy / batches.length;
    total = total.map((sum, i) => sum + (one.gradient[i] as number) / batches.length);
  }
  return { loss, tokenAccuracy, gradient: total };
}

function hasDiverged(history: readonly StepMetrics[]): boolean {
  if (history.length < 2 * WINDOW) return false;
  const mean = (rows: readonly StepMetrics[]) =>
    rows.reduce((sum, row) => sum + row.trainLoss, 0) / rows.length;
  return mean(history.slice(-WINDOW)) > DIVERGENCE * mean(history.slice(0, WINDOW));
}
