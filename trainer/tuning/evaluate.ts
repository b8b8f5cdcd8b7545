import type { Evaluation, Scores } from "../../shared/contracts/job.ts";
import type { TokenizedExample } from "../model/training-batch.ts";
import type { CompletionScore, Score } from "./objective.ts";

/** One held-out row of a label task: every label as an alternative completion, and which of them is right. */
export interface LabelledExample {
  /** Completions in the order of the labels, end token included as in training. */
  readonly example: TokenizedExample;
  readonly expected: number;
}

/**
 * Scores a label task. The predicted label is the one whose tokens have the largest sum of log-probabilities; the end
 * token is not counted. Loss and token accuracy are those of the right label's tokens, end token included.
 */
export async function scoreLabels(
  score: Score,
  rows: readonly LabelledExample[],
  signal?: AbortSignal,
): Promise<Scores & { predictions: number[] }> {
  const scores = await score(
    rows.map((row) => row.example),
    signal,
  );
  const predictions = scores.map((labels) => argmax(labels.map((label) => sum(label.logProbabilities.slice(0, -1)))));
  const hits = predictions.filter((label, i) => label === rows[i]?.expected).length;
  const right = scores.map((labels, i) => labels[rows[i]?.expected ?? 0] as CompletionScore);
  return { ...tokenScores(right), accuracy: hits / rows.length, predictions };
}

/** Scores free text: loss and token accuracy over the last completion's tokens. */
export async function scoreText(score: Score, rows: readonly TokenizedExample[], signal?: AbortSignal): Promise<Scores> {
  return { ...tokenScores((await score(rows, signal)).flat()), accuracy: null };
}

/** Share of the most frequent label: what answering always the same would reach. */
export function majorityShare(rows: readonly LabelledExample[]): number {
  const counts = new Map<number, number>();
  for (const { expected } of rows) counts.set(expected, (counts.get(expected) ?? 0) + 1);
  return Math.max(...counts.values()) / rows.length;
}

export type EvaluationSplit = Evaluation["split"];

function tokenScores(completions: readonly CompletionScore[]): Pick<Scores, "loss" | "token_accuracy"> {
  const tokens = sum(completions.map(({ logProbabilities }) => logProbabilities.length));
  return {
    loss: -sum(completions.map(({ logProbabilities }) => sum(logProbabilities))) / tokens,
    token_accuracy: sum(completions.map(({ correct }) => correct)) / tokens,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, x) => total + x, 0);
const argmax = (numbers: readonly number[]) => numbers.indexOf(Math.max(...numbers));
