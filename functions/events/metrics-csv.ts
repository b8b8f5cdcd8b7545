import type { JobProgress } from "../../shared/contracts/job.ts";

const COLUMNS = ["step", "train_loss", "valid_loss", "tokens_per_second"] as const;

/** A job's progress as CSV, one line a step: the result file where the trainer left none of its own. */
export function metricsCsv(rows: readonly JobProgress[]): string {
  const byStep = new Map(rows.map((row) => [row.step, row]));
  const lines = [...byStep.values()].map((row) => COLUMNS.map((column) => row[column] ?? "").join(","));
  return [COLUMNS.join(","), ...lines, ""].join("\n");
}
