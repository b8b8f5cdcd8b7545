import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import { evaluationSchema, jobProgressSchema, type Evaluation } from "../../shared/contracts/job.ts";
import { InternalError } from "../../shared/errors.ts";
import { callApi } from "./api.ts";
import type { Output } from "./output.ts";
import { root } from "./paths.ts";
import { LOCAL_ORGANIZATION, type Stack } from "./stack.ts";

const DATASET = "spam";
const folder = join(root, "scripts/example");
/** The event has to pass the queue first; it takes a second or two. */
const JOB_TIMEOUT_MS = 60_000;
const POLL_MS = 500;

const jobSchema = z.object({
  id: z.string(),
  status: z.string(),
  fine_tuned_model: z.string().nullable(),
  training_file: z.string(),
  error: z.object({ message: z.string() }).nullable(),
  foreword: z.object({
    progress: jobProgressSchema.nullable(),
    evaluation: evaluationSchema.nullable(),
    tuning_seconds: z.number().nullable(),
    steps: z.int().nullable(),
  }),
});
type Job = z.infer<typeof jobSchema>;
const jobListSchema = z.object({ data: z.array(jobSchema) });
const datasetListSchema = z.object({
  data: z.array(
    z.object({ id: z.string(), status: z.string(), errors: z.array(z.object({ message: z.string() })) }),
  ),
});

export interface TunedExample {
  readonly model: string;
  readonly evaluation: Evaluation;
  readonly tuningSeconds: number;
  readonly steps: number;
}

/** Uploads the example to the bucket, and follows what the upload sets off until a tuned model is there. */
export async function tuneExample(stack: Stack, output: Output): Promise<TunedExample> {
  await upload(stack, output);
  const job = await finishedJob(stack, output);
  const { evaluation, tuning_seconds: tuningSeconds, steps } = job.foreword;
  if (job.status !== "succeeded" || !job.fine_tuned_model || !evaluation || !tuningSeconds || !steps) {
    throw new InternalError(
      `Tuning the example ended as "${job.status}": ${job.error?.message ?? "no reason given"}`,
    );
  }
  return { model: job.fine_tuned_model, evaluation, tuningSeconds, steps };
}

/** `train.jsonl` goes last: it is what triggers tuning. Files that are there already stay. */
async function upload({ bucket }: Stack, output: Output): Promise<void> {
  for (const file of [datasetFiles.settings, datasetFiles.test, datasetFiles.train]) {
    const key = datasetKey(LOCAL_ORGANIZATION, DATASET, file);
    const content = readFileSync(join(folder, file));
    const head = await bucket.head(key);
    if (head?.bytes === content.length) continue;
    await bucket.put(key, content, { contentType: "application/jsonl" });
    output.line(`Uploaded s3://foreword/${key} (${content.length} bytes)`);
  }
}

async function finishedJob(stack: Stack, output: Output): Promise<Job> {
  const began = Date.now();
  for (;;) {
    const job = await newestJob(stack);
    if (job && !["queued", "running"].includes(job.status)) return job;
    if (job) output.progress(describe(job));
    else if (Date.now() - began > JOB_TIMEOUT_MS) {
      throw new InternalError(`No tuning job came of the upload within ${JOB_TIMEOUT_MS / 1000} seconds`);
    }
    await sleep(POLL_MS);
  }
}

async function newestJob({ url, credentials }: Stack): Promise<Job | undefined> {
  const datasets = await callApi(url, credentials.apiKey, `/v1/datasets?name=${DATASET}`, datasetListSchema);
  const [dataset] = datasets.data.data;
  if (dataset?.status === "refused")
    throw new InternalError(`Dataset was refused: ${dataset.errors[0]?.message}`);
  const jobs = await callApi(url, credentials.apiKey, "/v1/fine_tuning/jobs?limit=100", jobListSchema);
  return jobs.data.data.find((job) => job.training_file === dataset?.id);
}

function describe({ status, foreword: { progress } }: Job): string {
  if (!progress) return status === "queued" ? "Tuning: waiting for the trainer" : "Tuning: preparing";
  if (progress.phase !== "tuning") return `Tuning: ${progress.phase}`;
  const { step, total_steps, train_loss, seconds_left } = progress;
  const loss = train_loss === null ? "" : `, loss ${train_loss.toFixed(3)}`;
  const left = seconds_left === null ? "" : `, ${Math.ceil(seconds_left)} s left`;
  return `Tuning: step ${step}/${total_steps}${loss}${left}`;
}
