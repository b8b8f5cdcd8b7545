import type { TokenizedExample } from "../model/training-batch.ts";

/** How well one completion is predicted. */
export interface CompletionScore {
  /** Log-probability of each token, in nats. */
  readonly logProbabilities: readonly number[];
  /** Tokens that are also the most probable ones. */
  readonly correct: number;
}

/**
 * What is to be minimised over batches: the mean negative log-likelihood of their targets, as a function of the
 * trainable parameters, flat.
 */
export interface Objective {
  gradient(parameters: Float32Array, batch: readonly TokenizedExample[]): Promise<LossAndGradient>;
  /** Tokens that one `gradient` runs through the model, padding and the prompt included. */
  readonly tokensPerStep: number;
}

export interface LossAndGradient {
  readonly loss: number;
  readonly gradient: Float32Array;
  /** Share of the learned tokens that are also the most probable ones. */
  readonly tokenAccuracy: number;
}

/** Scores every completion of every example, in the order given. */
export type Score = (
  examples: readonly TokenizedExample[],
  signal?: AbortSignal,
) => Promise<CompletionScore[][]>;
