import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "./client.ts";
import { CliError, exitCodes } from "./exit-codes.ts";
import { createProgress } from "./progress.ts";
import { jobShape, type Job } from "./shapes.ts";

/** Often enough for a progress line, seldom enough for any rate limit. */
const PAUSE_MS = 1000;

/** Shows a job's progress on stderr until it ends. Throws CliError (failed) unless it succeeds. */
export async function watchJob(client: Client, id: string, pauseMs = PAUSE_MS): Promise<Job> {
  const progress = createProgress();
  for (;;) {
    const job = await client.call(`v1/fine_tuning/jobs/${encodeURIComponent(id)}`, jobShape);
    progress.show(progressText(job));
    if (job.status === "queued" || job.status === "running") {
      await sleep(pauseMs);
      continue;
    }
    progress.done();
    if (job.status === "succeeded") return job;
    const why = job.error ? `: ${job.error.message}` : "";
    throw new CliError(`Job "${id}" ended as "${job.status}"${why}`, exitCodes.failed, {
      code: job.error?.code ?? `job_${job.status}`,
    });
  }
}

function progressText({ id, status, foreword: { progress } }: Job): string {
  if (status !== "running" || !progress) return `${id} ${status}`;
  const loss = progress.train_loss === null ? "" : `, loss ${progress.train_loss.toFixed(3)}`;
  const left = progress.seconds_left == null ? "" : `, ${Math.round(progress.seconds_left)} s left`;
  return `${id} ${progress.phase}: step ${progress.step}/${progress.total_steps}${loss}${left}`;
}
