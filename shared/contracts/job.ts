import { z } from "zod";
import { rowFormatSchema } from "./dataset.ts";
import { experimentEntrySchema } from "./experiment.ts";
import { SLUG } from "../ids.ts";

/** Half of the smallest context that we serve: a prompt must leave room for its input. */
const MAX_VIRTUAL_TOKENS = 512;
const auto = z.literal("auto");
const PROMPT_ID = /^sp_[0-9A-Z]{1,40}$/;

/** How a soft prompt is trained; all end as keys and values in front of the input. */
export const tuningMethods = ["prompt_tuning", "p_tuning", "prefix_tuning"] as const;
export type TuningMethod = (typeof tuningMethods)[number];
/** What tuning starts from; see trainer/tuning/README.md. `prompt:<id>` is another tuned prompt of the same base model. */
export const initialisations = ["text", "labels", "examples", "sample_vocab", "random"] as const;
export const optimizers = ["adamw", "muon", "adafactor"] as const;
export type Optimizer = (typeof optimizers)[number];
/** Where the prompt stands: before everything, or behind the model's first token. */
export const placements = ["front", "after_first"] as const;
export type Placement = (typeof placements)[number];

/** `tune.json`, and the settings of a job made over the API. Whatever is left out, the trainer chooses. */
export const tuneSettingsSchema = z.strictObject({
  base_model: z.string().max(64).optional(),
  suffix: z.string().regex(SLUG).optional(),
  method: z.enum(["auto", ...tuningMethods]).default("auto"),
  virtual_tokens: z.union([auto, z.int().min(1).max(MAX_VIRTUAL_TOKENS)]).default("auto"),
  learning_rate: z.union([auto, z.number().positive().max(10)]).default("auto"),
  epochs: z.union([auto, z.number().positive().max(1000)]).default("auto"),
  batch_size: z.union([auto, z.int().min(1).max(256)]).default("auto"),
  /** The text whose token embeddings the virtual tokens start from. */
  initial_text: z.string().max(4096).optional(),
  init: z
    .union([
      z.enum(["auto", ...initialisations]),
      z.templateLiteral(["prompt:", z.string().regex(PROMPT_ID)]),
    ])
    .optional(),
  placement: z.enum(["auto", ...placements]).optional(),
  optimizer: z.enum(optimizers).optional(),
  weight_decay: z.number().nonnegative().max(10).optional(),
  /** Batches whose gradients are averaged in one step. */
  gradient_accumulation: z.int().min(1).max(256).optional(),
  early_stopping: z.boolean().optional(),
  /** Lets the tuned model enter an experiment by itself. */
  experiment: experimentEntrySchema.optional(),
  seed: z
    .int()
    .nonnegative()
    .max(2 ** 31 - 1)
    .default(0),
});
export type TuneSettings = z.infer<typeof tuneSettingsSchema>;

export const jobStatuses = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** What the trainer reports with each heartbeat. */
export const jobProgressSchema = z.object({
  phase: z.enum(["preparing", "tuning", "evaluating", "uploading"]),
  step: z.int().nonnegative(),
  total_steps: z.int().nonnegative(),
  train_loss: z.number().nullable(),
  valid_loss: z.number().nullable().default(null),
  tokens_per_second: z.number().nullable().default(null),
  seconds_left: z.number().nullable().default(null),
});
export type JobProgress = z.infer<typeof jobProgressSchema>;

/** Quality on one set of rows: nats per trained token, and for label tasks the share of rows whose label wins. */
export const scoresSchema = z.object({
  loss: z.number(),
  token_accuracy: z.number(),
  accuracy: z.number().nullable(),
  /** Share of rows whose whole answer is the most likely one, token by token. */
  exact_match: z.number().nullish(),
  /** Mean over labels of the harmonic mean of precision and recall. */
  macro_f1: z.number().nullish(),
  /** Rows by right label (first index) and predicted label, in the order of the labels. */
  confusion: z.array(z.array(z.int())).nullish(),
});
export type Scores = z.infer<typeof scoresSchema>;

export const evaluationSchema = z.object({
  split: z.enum(["test", "valid", "train"]),
  rows: z.int(),
  /** Share of the most frequent label: what a constant answer would reach. */
  majority_share: z.number().nullable(),
  base: scoresSchema,
  tuned: scoresSchema,
  /** The model that serves the experiment which the job wants to enter, on the same rows. */
  current: z.object({ model: z.string(), scores: scoresSchema }).nullish(),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

/** What the trainer made of settings left to it. */
export const chosenSchema = z.object({
  method: z.enum(tuningMethods),
  init: z.string(),
  virtual_tokens: z.int(),
  learning_rate: z.number(),
  epochs: z.number(),
  batch_size: z.int(),
  optimizer: z.enum(optimizers).optional(),
  reason: z.string(),
  stopped: z.enum(["finished", "early", "diverged"]),
  best_step: z.int(),
});

const filesSchema = z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() }));

/** Figures of one step, over all rows held out for validation; null where they were not measured. Losses in nats. */
export const stepMetricsSchema = z.object({
  train_loss: z.number().nullable(),
  valid_loss: z.number().nullable(),
  valid_token_accuracy: z.number().nullable(),
});
export type StepMetrics = z.infer<typeof stepMetricsSchema>;

/** Soft prompts of earlier steps that are kept of one run. */
export const MAX_CHECKPOINTS = 3;
const checkpointSchema = z.object({
  step: z.int().positive(),
  metrics: stepMetricsSchema,
  files: filesSchema,
});

/** What a finished attempt hands in: everything the registry keeps of a soft prompt. */
export const tunedPromptSchema = z.object({
  base_digest: z.string(),
  method: z.enum(tuningMethods),
  /** Positions that its keys and values take up. */
  virtual_tokens: z.int(),
  /** With `after_first` the keys and values begin with the model's first token, and inputs go without it. */
  placement: z.enum(placements).optional(),
  /** The settings tuned with and why, and how the run ended. */
  chosen: chosenSchema.optional(),
  row_format: rowFormatSchema,
  /** The completions of a label task, as trained. */
  labels: z.array(z.string()).nullable(),
  files: filesSchema,
  evaluation: evaluationSchema.nullable(),
  steps: z.int(),
  trained_tokens: z.int(),
  tuning_seconds: z.number(),
  /** Of the step that the prompt is from. */
  metrics: stepMetricsSchema.optional(),
  /** What the same run had come to at earlier validations; each can be called like the prompt itself. */
  checkpoints: z.array(checkpointSchema).max(MAX_CHECKPOINTS).optional(),
});
export type TunedPrompt = z.infer<typeof tunedPromptSchema>;

/** A leased job: all that a trainer needs to know, bucket keys included. */
export const leasedJobSchema = z.object({
  id: z.string(),
  organization: z.string(),
  base_model: z.string(),
  dataset: z.object({
    id: z.string(),
    name: z.string(),
    format: rowFormatSchema,
    rows: z.int(),
    etag: z.string(),
  }),
  settings: tuneSettingsSchema,
  attempt: z.int(),
  /** Where this attempt's soft prompt goes; another attempt has another id, so nothing is ever overwritten. */
  prompt_id: z.string(),
  /** The call or event that made the job, for following it through the logs. */
  request_id: z.string().nullish(),
  /** To be evaluated beside the new prompt: see `evaluationSchema`. */
  current: z.object({ model: z.string(), prompt_id: z.string() }).nullish(),
});
export type LeasedJob = z.infer<typeof leasedJobSchema>;

export const leaseSchema = z.object({ token: z.int(), expires_at: z.int() });
export const leaseAnswerSchema = z.object({ job: leasedJobSchema, lease: leaseSchema });
export type LeaseAnswer = z.infer<typeof leaseAnswerSchema>;

export const heartbeatSchema = z.object({ token: z.int(), progress: jobProgressSchema.optional() });
export const heartbeatAnswerSchema = z.object({ cancel: z.boolean(), lease_expires_at: z.int() });
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>;
export const completionSchema = z.object({ token: z.int(), prompt: tunedPromptSchema });
export const failureSchema = z.object({
  token: z.int(),
  error: z.object({ code: z.string().max(64), message: z.string().max(4096) }),
  /** Another attempt may succeed: a lost connection, not a bad dataset. */
  retry: z.boolean().default(false),
});
export const releaseSchema = z.object({ token: z.int() });

/** Files of a soft prompt, under `prompts/<organization>/<prompt>/`. */
export const promptFiles = {
  adapterConfig: "adapter_config.json",
  adapterModel: "adapter_model.safetensors",
  /** Keys and values as the edge caches them: tensor `kv`, `[layers, 2, kvHeads, tokens, headSize]`. */
  prefix: "prefix.safetensors",
  evaluation: "evaluation.json",
} as const;

/** Bucket key of a soft prompt's file. */
export function promptKey(organization: string, prompt: string, file: string): string {
  return `prompts/${organization}/${prompt}/${file}`;
}

/** Begins the keys of all that a job leaves behind. */
export function jobPrefix(job: string): string {
  return `jobs/${job}/`;
}

/** So that keys sort as tokens and steps do. */
const sortable = (number: number) => String(number).padStart(8, "0");

/**
 * Bucket key of a file that a job leaves behind. It lies under the lease's token: whoever lost the lease may not know it
 * yet, and must not write over what its successor has written.
 */
export function jobKey(job: string, leaseToken: number, file: string): string {
  return `${jobPrefix(job)}${sortable(leaseToken)}/${file}`;
}
export const METRICS_FILE = "metrics.csv";

/** Bucket key of a run's state after a step. It holds the state's digest, by which a damaged one is known. */
export function checkpointKey(job: string, leaseToken: number, step: number, sha256: string): string {
  return jobKey(job, leaseToken, `checkpoint-${sortable(step)}-${sha256}.safetensors`);
}

/** Id of the soft prompt of an earlier step of the run that ended with `prompt`. */
export function checkpointPromptId(prompt: string, step: number): string {
  return `${prompt}S${step}`;
}

/** The name under which a tuned model is called: `ft:<base>:<organization>:<suffix>:<prompt id>`. */
export function tunedModelName(base: string, organization: string, suffix: string, prompt: string): string {
  return `ft:${base}:${organization}:${suffix}:${prompt}`;
}
