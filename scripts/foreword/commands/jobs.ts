import type { Command } from "commander";
import { connect, group, leaf, wholeNumber, type CommonOptions } from "../command.ts";
import { note, print, printJson, table, when } from "../output.ts";
import { jobText } from "../job-text.ts";
import { jobEventShape, jobShape } from "../shapes.ts";
import { watchJob } from "../watch-job.ts";

/** `foreword jobs`: look at tuning jobs. */
export function addJobs(program: Command): void {
  const jobs = group(program, "jobs", "List, watch and cancel tuning jobs", "jobs ls");

  leaf(jobs, "ls", "List tuning jobs, newest first", ["jobs ls", "jobs ls --limit 5 --json"])
    .option("--limit <n>", "how many", wholeNumber(), 20)
    .action(async ({ json, limit }: CommonOptions & { limit: number }) => {
      const data = await connect().list("v1/fine_tuning/jobs", jobShape, limit);
      if (json) {
        printJson({ object: "list", data });
        return;
      }
      const rows = data.map((job) => ({
        id: job.id,
        status: job.status,
        created: when(job.created_at),
        model: job.fine_tuned_model ?? job.model,
      }));
      print(table(rows, "No jobs"));
    });

  leaf(jobs, "show <job>", "Show a tuning job", ["jobs show ftjob_01J..."]).action(
    async (id: string, { json }: CommonOptions) => {
      const job = await connect().call(pathOf(id), jobShape);
      if (json) printJson(job);
      else print(jobText(job));
    },
  );

  leaf(jobs, "watch <job>", "Show a job's progress until it ends; Ctrl-C leaves the job alone", [
    "jobs watch ftjob_01J...",
  ]).action(async (id: string, { json }: CommonOptions) => {
    const job = await watchJob(connect(), id);
    if (json) printJson(job);
    else print(jobText(job));
  });

  leaf(jobs, "cancel <job>", "Call a job off", ["jobs cancel ftjob_01J..."]).action(
    async (id: string, { json }: CommonOptions) => {
      const job = await connect().call(`${pathOf(id)}/cancel`, jobShape, { method: "POST", body: {} });
      if (json) printJson(job);
      else
        note(`Job ${job.id}: ${job.status === "cancelled" ? "cancelled" : "its trainer was told to stop"}`);
    },
  );

  leaf(jobs, "logs <job>", "Print a job's events, oldest first", ["jobs logs ftjob_01J... | tail"])
    .option("--limit <n>", "how many of the newest", wholeNumber(), 1000)
    .action(async (id: string, { json, limit }: CommonOptions & { limit: number }) => {
      const events = (await connect().list(`${pathOf(id)}/events`, jobEventShape, limit)).toReversed();
      if (json) printJson({ object: "list", data: events });
      else
        for (const { created_at: created, level, message } of events)
          print(`${when(created)}  ${level.padEnd(5)}  ${message}`);
    });
}

function pathOf(id: string): string {
  return `v1/fine_tuning/jobs/${encodeURIComponent(id)}`;
}
