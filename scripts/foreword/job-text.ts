import { fields, percent, when } from "./output.ts";
import type { Job } from "./shapes.ts";

/** A tuning job for people. */
export function jobText(job: Job): string {
  const { progress, evaluation } = job.foreword;
  return fields({
    id: job.id,
    status: job.status,
    "base model": job.model,
    model: job.fine_tuned_model,
    dataset: job.training_file,
    created: when(job.created_at),
    finished: job.finished_at === null ? null : when(job.finished_at),
    progress: progress && `${progress.phase}, step ${progress.step} of ${progress.total_steps}`,
    accuracy:
      evaluation && evaluation.tuned.accuracy !== null
        ? `${percent(evaluation.tuned.accuracy)} on ${evaluation.rows} ${evaluation.split} rows, base model ${percent(evaluation.base.accuracy)}`
        : null,
    error: job.error && `${job.error.code}: ${job.error.message}`,
  });
}
