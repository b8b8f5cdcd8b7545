import { shortId, shortModel } from "../format.ts";
import type { Dataset, Job } from "./types.ts";

/** What people call a job: its suffix, or the dataset that it tunes on. */
export function jobName(job: Job, datasets: readonly Dataset[] = []): string {
  const dataset = datasets.find(({ id }) => id === job.training_file);
  return (
    job.foreword.settings.suffix ??
    (job.fine_tuned_model === null ? undefined : shortModel(job.fine_tuned_model)) ??
    dataset?.name ??
    shortId(job.id)
  );
}
