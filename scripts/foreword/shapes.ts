/** What the tool reads of the API's answers; whatever else is in them passes through to `--json`. */
import { z } from "zod";
import { rowErrorSchema, tokenStatisticsSchema } from "../../shared/contracts/dataset.ts";
import { jobStatuses } from "../../shared/contracts/job.ts";

export const datasetShape = z.looseObject({
  id: z.string(),
  name: z.string(),
  /** The etag of its train.jsonl. */
  version: z.string(),
  status: z.enum(["accepted", "refused"]),
  format: z.string().nullable(),
  rows: z.int(),
  bytes: z.int(),
  labels: z.record(z.string(), z.int()).nullable(),
  tokens: tokenStatisticsSchema.nullable(),
  error_count: z.int(),
  errors: z.array(rowErrorSchema),
  created_at: z.int(),
});
export type Dataset = z.infer<typeof datasetShape>;

const scores = z.looseObject({ accuracy: z.number().nullable(), loss: z.number() });
const evaluation = z
  .looseObject({ split: z.string(), rows: z.int(), base: scores, tuned: scores })
  .nullable();

export const jobShape = z.looseObject({
  id: z.string(),
  status: z.enum(jobStatuses),
  model: z.string(),
  fine_tuned_model: z.string().nullable(),
  training_file: z.string(),
  created_at: z.int(),
  finished_at: z.int().nullable(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  foreword: z.looseObject({
    progress: z
      .looseObject({
        phase: z.string(),
        step: z.int(),
        total_steps: z.int(),
        train_loss: z.number().nullable(),
        seconds_left: z.number().nullish(),
      })
      .nullable(),
    evaluation,
  }),
});
export type Job = z.infer<typeof jobShape>;

export const jobEventShape = z.looseObject({
  id: z.string(),
  created_at: z.int(),
  level: z.string(),
  message: z.string(),
});

export const modelShape = z.looseObject({
  id: z.string(),
  created: z.int(),
  owned_by: z.string(),
  base_model: z.string().optional(),
  labels: z.array(z.string()).nullish(),
  evaluation: evaluation.optional(),
});
export const modelListShape = z.looseObject({ data: z.array(modelShape) });

export const promptShape = z.looseObject({
  id: z.string(),
  model: z.string(),
  base_model: z.string(),
  method: z.string(),
  virtual_tokens: z.int(),
  files: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
  created_at: z.int(),
});

export const experimentShape = z.looseObject({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  variants: z.array(z.looseObject({ key: z.string(), model: z.string(), weight: z.number() })),
  serving: z.string(),
  verdict: z.string().nullable(),
  created_at: z.int(),
});

export const keyShape = z.looseObject({
  id: z.string(),
  name: z.string(),
  organization: z.string(),
  hint: z.string(),
  scopes: z.array(z.string()),
  created_at: z.int(),
  last_used_at: z.int().nullable(),
});

export const classificationShape = z.looseObject({
  data: z.array(
    z.looseObject({
      label: z.string(),
      scores: z.array(z.looseObject({ label: z.string(), probability: z.number() })),
    }),
  ),
});

export const deletedShape = z.looseObject({ id: z.string(), deleted: z.literal(true) });
