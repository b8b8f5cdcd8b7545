import type { TokenizedRow } from "../../shared/text/render.ts";

/** How well one row's target tokens are predicted. */
export interface RowScore {
  /** Log-probability of each target token, in nats. */
  readonly logProbabilities: readonly number[];
  /** Target tokens that are also the most probable ones. */
  readonly correct: number;
}

/**
 * What is to be minimised: the mean negative log-likelihood of the target tokens of a batch, as a function of the
 * trainable parameters (`[virtual tokens, hidden]` for prompt tuning, flat).
 */
export interface Objective {
  /** Loss and gradient over a batch; `tokens` counts all tokens run, the prompt once. */
  gradient(
    parameters: Float32Array,
    batch: readonly TokenizedRow[],
  ): Promise<{ loss: number; gradient: Float32Array; tokens: number }>;
  /** Scores rows behind the soft prompt, or behind nothing where `parameters` is null. In the order given. */
  score(parameters: Float32Array | null, rows: readonly TokenizedRow[], signal?: AbortSignal): Promise<RowScore[]>;
}
