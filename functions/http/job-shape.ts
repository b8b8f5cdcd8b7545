import { z } from "@hono/zod-openapi";
import { jobStatuses } from "../../shared/contracts/job.ts";
import { USUAL_LEARNING_RATE } from "../events/create-job.ts";
import { resultFileId } from "../records/files.ts";
import type { JobEvent } from "../records/job-events.ts";
import type { JobRecord } from "../records/jobs.ts";
import type { PromptRecord } from "../records/prompts.ts";
import { toSeconds } from "./openapi.ts";

const hyperparametersSchema = z.object({
  n_epochs: z.union([z.literal("auto"), z.number()]),
  batch_size: z.union([z.literal("auto"), z.number()]),
  learning_rate_multiplier: z.union([z.literal("auto"), z.number()]),
});

export const jobSchema = z
  .object({
    object: z.literal("fine_tuning.job"),
    id: z.string(),
    created_at: z.int(),
    finished_at: z.int().nullable(),
    estimated_finish: z.int().nullable(),
    model: z.string(),
    fine_tuned_model: z.string().nullable(),
    organization_id: z.string(),
    status: z.enum(jobStatuses),
    training_file: z.string(),
    validation_file: z.string().nullable(),
    hyperparameters: hyperparametersSchema,
    result_files: z.array(z.string()),
    seed: z.int(),
    method: z.object({
      type: z.literal("supervised"),
      supervised: z.object({ hyperparameters: hyperparametersSchema }),
    }),
    metadata: z.record(z.string(), z.string()).nullable(),
    trained_tokens: z.int().nullable(),
    error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
    /** Ours: settings as given, progress as last reported, the evaluation when done. */
    foreword: z.object({
      attempt: z.int(),
      priority: z.int(),
      settings: z.record(z.string(), z.unknown()),
      progress: z.record(z.string(), z.unknown()).nullable(),
      evaluation: z.record(z.string(), z.unknown()).nullable(),
      tuning_seconds: z.number().nullable(),
      steps: z.int().nullable(),
    }),
  })
  .openapi("FineTuningJob");

export const eventSchema = z
  .object({
    object: z.literal("fine_tuning.job.event"),
    id: z.string(),
    created_at: z.int(),
    level: z.enum(["info", "warn", "error"]),
    message: z.string(),
    type: z.enum(["message", "metrics"]),
    data: z.unknown(),
  })
  .openapi("FineTuningJobEvent");

export const checkpointSchema = z
  .object({
    object: z.literal("fine_tuning.job.checkpoint"),
    id: z.string(),
    created_at: z.int(),
    fine_tuned_model_checkpoint: z.string(),
    fine_tuning_job_id: z.string(),
    step_number: z.int(),
    metrics: z.object({
      step: z.int(),
      train_loss: z.number().optional(),
      full_valid_loss: z.number().optional(),
      full_valid_mean_token_accuracy: z.number().optional(),
    }),
  })
  .openapi("FineTuningCheckpoint");

/** A tuning job as OpenAI's API shows it. `now` is in milliseconds since 1970. */
export function presentJob(
  job: JobRecord,
  tuned: PromptRecord | null,
  now: number,
): z.infer<typeof jobSchema> {
  const { progress, settings } = job;
  const hyperparameters = {
    n_epochs: settings.epochs,
    batch_size: settings.batch_size,
    learning_rate_multiplier:
      settings.learning_rate === "auto" ? ("auto" as const) : settings.learning_rate / USUAL_LEARNING_RATE,
  };
  const estimate = progress?.seconds_left ?? null;
  return {
    object: "fine_tuning.job",
    id: job.id,
    created_at: toSeconds(job.createdAt),
    finished_at: job.finishedAt === null ? null : toSeconds(job.finishedAt),
    estimated_finish: estimate === null || job.status !== "running" ? null : toSeconds(now + estimate * 1000),
    model: job.baseModel,
    fine_tuned_model: tuned?.model ?? null,
    organization_id: job.organization,
    status: job.status,
    training_file: job.datasetId,
    validation_file: job.validationDatasetId,
    hyperparameters,
    method: { type: "supervised", supervised: { hyperparameters } },
    metadata: job.metadata && { ...job.metadata },
    result_files: job.status === "succeeded" ? [resultFileId(job.id)] : [],
    seed: settings.seed,
    trained_tokens: tuned?.prompt.trained_tokens ?? null,
    error: job.error && { ...job.error, param: null },
    foreword: {
      attempt: job.attempt,
      priority: job.priority,
      settings,
      progress,
      evaluation: tuned?.prompt.evaluation ?? null,
      tuning_seconds: tuned?.prompt.tuning_seconds ?? null,
      steps: tuned?.prompt.steps ?? null,
    },
  };
}

/** An entry of a job's history. */
export function presentEvent(event: JobEvent): z.infer<typeof eventSchema> {
  return {
    object: "fine_tuning.job.event",
    id: event.id,
    created_at: toSeconds(event.createdAt),
    level: event.level,
    message: event.message,
    type: event.type,
    data: event.data,
  };
}

/** A soft prompt that a job brought: the one that it ended with, or that of an earlier step. */
export function presentCheckpoint(job: JobRecord, tuned: PromptRecord): z.infer<typeof checkpointSchema> {
  const { steps, evaluation, metrics, chosen } = tuned.prompt;
  const step = tuned.id === job.promptId ? (chosen?.best_step ?? steps) : steps;
  const figures = {
    train_loss: metrics?.train_loss ?? null,
    full_valid_loss: metrics?.valid_loss ?? evaluation?.tuned.loss ?? null,
    full_valid_mean_token_accuracy: metrics?.valid_token_accuracy ?? evaluation?.tuned.token_accuracy ?? null,
  };
  return {
    object: "fine_tuning.job.checkpoint",
    id: tuned.id,
    created_at: toSeconds(tuned.createdAt),
    fine_tuned_model_checkpoint: tuned.model,
    fine_tuning_job_id: job.id,
    step_number: step,
    // What was not measured is left out.
    metrics: { step, ...Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== null)) },
  };
}
