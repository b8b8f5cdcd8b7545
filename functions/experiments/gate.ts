import type { ExperimentEntry } from "../../shared/contracts/experiment.ts";
import type { Evaluation, Scores } from "../../shared/contracts/job.ts";

/** The model that serves an experiment now. */
export interface CurrentModel {
  readonly model: string;
  /** It is the base model that the candidate was tuned on. */
  readonly isOwnBase: boolean;
}

export interface GateResult {
  readonly passed: boolean;
  readonly reason: string;
}

/**
 * Whether a tuned model is better than the one that serves, on the same held-out rows. The rows are the same where the
 * trainer evaluated both in one job; numbers from different datasets are never compared.
 */
export function checkGate(
  { gate }: ExperimentEntry,
  evaluation: Evaluation | null,
  current: CurrentModel,
): GateResult {
  if (!evaluation) return refused("It was not evaluated: the dataset has no held-out rows");
  if (evaluation.split === "train")
    return refused("It was evaluated on its training rows only; add test.jsonl or valid.jsonl");
  const scores = current.isOwnBase ? evaluation.base : scoresOf(evaluation, current.model);
  if (!scores) {
    return refused(
      `It was not evaluated beside "${current.model}", which serves now; tune again to compare the two`,
    );
  }
  const metric = gate.metric ?? (evaluation.tuned.accuracy === null ? "loss" : "accuracy");
  const [before, after] = [scores[metric], evaluation.tuned[metric]];
  if (before === null || after === null)
    return refused(`The task has no "${metric}"; name another metric in the gate`);
  const gain = metric === "loss" ? before - after : after - before;
  const numbers = `${metric} ${after.toFixed(4)} against ${before.toFixed(4)} on ${evaluation.rows} held-out rows`;
  if (gain > 0 && gain >= gate.min_gain) return { passed: true, reason: numbers };
  return refused(
    `${numbers}; the gate wants a gain${gate.min_gain > 0 ? ` of at least ${gate.min_gain}` : ""}`,
  );
}

function scoresOf({ current }: Evaluation, model: string): Scores | null {
  return current?.model === model ? current.scores : null;
}

function refused(reason: string): GateResult {
  return { passed: false, reason };
}
