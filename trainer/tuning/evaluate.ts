import type { Evaluation, Scores } from "../../shared/contracts/job.ts";
import type { HeldOut } from "../dataset.ts";
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
  const predictions = scores.map((labels) =>
    argmax(labels.map((label) => sum(label.logProbabilities.slice(0, -1)))),
  );
  const hits = predictions.filter((label, i) => label === rows[i]?.expected).length;
  const right = scores.map((labels, i) => labels[rows[i]?.expected ?? 0] as CompletionScore);
  const labels = rows[0]?.example.completions.length ?? 0;
  const confusion = confusionMatrix(
    labels,
    rows.map(({ expected }) => expected),
    predictions,
  );
  return {
    ...tokenScores(right),
    accuracy: hits / rows.length,
    macro_f1: macroF1(confusion),
    confusion,
    predictions,
  };
}

/** Scores free text: loss and token accuracy over the last completion's tokens. */
export async function scoreText(
  score: Score,
  rows: readonly TokenizedExample[],
  signal?: AbortSignal,
): Promise<Scores> {
  return { ...tokenScores((await score(rows, signal)).flat()), accuracy: null };
}

/** Counts of rows by right label (first index) and predicted label. */
export function confusionMatrix(
  labels: number,
  expected: readonly number[],
  predicted: readonly number[],
): number[][] {
  const matrix = Array.from({ length: labels }, () => Array<number>(labels).fill(0));
  for (const [i, label] of expected.entries()) {
    const row = matrix[label] as number[];
    const column = predicted[i] as number;
    row[column] = (row[column] as number) + 1;
  }
  return matrix;
}

/** Mean F1 over the labels that occur among the rows or the predictions, as scikit-learn's `f1_score(average="macro")`. */
export function macroF1(confusion: readonly (readonly number[])[]): number {
  const scores = confusion.flatMap((row, label) => {
    const hits = row[label] as number;
    const involved = sum(row) + sum(confusion.map((other) => other[label] as number));
    return involved === 0 ? [] : [(2 * hits) / involved];
  });
  return sum(scores) / scores.length;
}

/** Share of the most frequent label: what answering always the same would reach. */
export function majorityShare(rows: readonly LabelledExample[]): number {
  const counts = new Map<number, number>();
  for (const { expected } of rows) counts.set(expected, (counts.get(expected) ?? 0) + 1);
  return Math.max(...counts.values()) / rows.length;
}

export type EvaluationSplit = Evaluation["split"];

function tokenScores(
  completions: readonly CompletionScore[],
): Pick<Scores, "loss" | "token_accuracy" | "exact_match"> {
  const tokens = sum(completions.map(({ logProbabilities }) => logProbabilities.length));
  return {
    loss: -sum(completions.map(({ logProbabilities }) => sum(logProbabilities))) / tokens,
    token_accuracy: sum(completions.map(({ correct }) => correct)) / tokens,
    // Every token likeliest behind the right ones before it: greedy decoding would write exactly this.
    exact_match:
      completions.filter(({ correct, logProbabilities }) => correct === logProbabilities.length).length /
      completions.length,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, x) => total + x, 0);
const argmax = (numbers: readonly number[]) => numbers.indexOf(Math.max(...numbers));

/** What held-out rows are scored by. */
export interface Scored {
  readonly base: Score;
  readonly tuned: Score;
  /** The soft prompt that serves now, to be compared with. */
  readonly current: { readonly model: string; readonly score: Score } | null;
}

/** Quality on held-out rows of the base model alone, behind the soft prompt, and behind the one that serves now. */
export async function evaluateHeldOut(
  heldOut: HeldOut,
  { base, tuned, current }: Scored,
  signal: AbortSignal,
): Promise<Evaluation> {
  const measure = async (score: Score): Promise<Scores> => {
    if ("text" in heldOut) return scoreText(score, heldOut.text, signal);
    const { predictions: _, ...scores } = await scoreLabels(score, heldOut.labelled, signal);
    return scores;
  };
  return {
    split: heldOut.split,
    rows: "text" in heldOut ? heldOut.text.length : heldOut.labelled.length,
    majority_share: "text" in heldOut ? null : majorityShare(heldOut.labelled),
    base: await measure(base),
    tuned: await measure(tuned),
    ...(current ? { current: { model: current.model, scores: await measure(current.score) } } : {}),
  };
}
