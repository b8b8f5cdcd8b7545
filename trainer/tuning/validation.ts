import { createRandom, shuffled } from "../../shared/random.ts";
import type { HeldOut, TrainingData } from "../dataset.ts";
import type { CompletionScore } from "./objective.ts";
import type { Validation } from "./tune.ts";

/** A split smaller than this says too little to stop by, and a dataset with fewer than ten times it cannot spare one. */
const MIN_ROWS = 20;
const SHARE = 0.1;

/**
 * Cuts rows to stop by from `rows`, at most `most` and a tenth of them, where the dataset brought none. Rows are indices of
 * the training rows.
 */
export function splitValidation(
  data: TrainingData,
  rows: readonly number[],
  most: number,
  seed: number,
): { valid: HeldOut | null; train: readonly number[] } {
  if (most === 0) return { valid: null, train: rows };
  if (data.valid) return { valid: data.valid, train: rows };
  const count = Math.min(most, Math.floor(rows.length * SHARE));
  if (count < MIN_ROWS) return { valid: null, train: rows };
  const order = shuffled(rows, createRandom(seed ^ 0x2545f491));
  const chosen = order.slice(0, count);
  const train = order.slice(count).toSorted((a, b) => a - b);
  const { answers, labelTokens } = data;
  const examples = chosen.map((i) => data.train.at(i) ?? { context: [], completions: [] });
  if (!answers || !labelTokens) return { valid: { split: "valid", text: examples }, train };
  const labelled = examples.map((example, k) => ({
    example: { ...example, completions: labelTokens },
    expected: answers[chosen[k] as number] as number,
  }));
  return { valid: { split: "valid", labelled }, train };
}

/**
 * Loss by which tuning stops: for labels the cross-entropy among them, which is what label scoring decides by; for text
 * the tokens' own, in nats per token.
 */
export function validationOf(heldOut: HeldOut, scores: readonly CompletionScore[][]): Validation {
  const rows = "labelled" in heldOut ? heldOut.labelled : undefined;
  const right = scores.map((completions, i) => completions[rows?.[i]?.expected ?? 0] as CompletionScore);
  const tokens = right.reduce((sum, { logProbabilities }) => sum + logProbabilities.length, 0);
  const tokenAccuracy = right.reduce((sum, { correct }) => sum + correct, 0) / tokens;
  if (!rows) {
    return {
      loss: -right.reduce((sum, { logProbabilities }) => sum + total(logProbabilities), 0) / tokens,
      tokenAccuracy,
    };
  }
  const losses = scores.map((completions, i) => {
    const labels = completions.map(({ logProbabilities }) => total(logProbabilities.slice(0, -1)));
    const most = Math.max(...labels);
    const normaliser = most + Math.log(labels.reduce((sum, label) => sum + Math.exp(label - most), 0));
    return normaliser - (labels[rows[i]?.expected ?? 0] as number);
  });
  return { loss: total(losses) / losses.length, tokenAccuracy };
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0);
