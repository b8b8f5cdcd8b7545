import type { Evaluation, Scores } from "../../shared/contracts/job.ts";
import type { TokenizedRow } from "../../shared/text/render.ts";
import type { Objective, RowScore } from "./objective.ts";

/** One held-out row of a label task: its prompt with each label in turn, and which one is right. */
export interface LabelledRow {
  /** One rendering per label, in the order of the labels, end token included as in training. */
  readonly candidates: readonly TokenizedRow[];
  readonly expected: number;
}

/**
 * Scores a label task. The predicted label is the one whose tokens have the largest sum of log-probabilities; the end
 * token is not counted. Loss and token accuracy are those of the right label's tokens, end token included.
 */
export async function scoreLabels(
  objective: Objective,
  parameters: Float32Array | null,
  rows: readonly LabelledRow[],
  signal?: AbortSignal,
): Promise<Scores & { predictions: number[] }> {
  const scores = await objective.score(parameters, rows.flatMap((row) => row.candidates), signal);
  let offset = 0;
  const right: RowScore[] = [];
  const predictions = rows.map(({ candidates, expected }) => {
    const own = scores.slice(offset, (offset += candidates.length));
    right.push(own[expected] as RowScore);
    return argmax(own.map(({ logProbabilities }) => sum(logProbabilities.slice(0, -1))));
  });
  const hits = predictions.filter((label, i) => label === rows[i]?.expected).length;
  return { ...tokenScores(right), accuracy: hits / rows.length, predictions };
}

/** Scores free text: loss and token accuracy over the target tokens. */
export async function scoreText(
  objective: Objective,
  parameters: Float32Array | null,
  rows: readonly TokenizedRow[],
  signal?: AbortSignal,
): Promise<Scores> {
  return { ...tokenScores(await objective.score(parameters, rows, signal)), accuracy: null };
}

/** Share of the most frequent label: what answering always the same would reach. */
export function majorityShare(rows: readonly LabelledRow[]): number {
  const counts = new Map<number, number>();
  for (const { expected } of rows) counts.set(expected, (counts.get(expected) ?? 0) + 1);
  return Math.max(...counts.values()) / rows.length;
}

export type EvaluationSplit = Evaluation["split"];

function tokenScores(rows: readonly RowScore[]): Pick<Scores, "loss" | "token_accuracy"> {
  const tokens = sum(rows.map((row) => row.logProbabilities.length));
  return {
    loss: -sum(rows.map((row) => sum(row.logProbabilities))) / tokens,
    token_accuracy: sum(rows.map((row) => row.correct)) / tokens,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, x) => total + x, 0);
const argmax = (numbers: readonly number[]) => numbers.indexOf(Math.max(...numbers));
