import { z } from "zod";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { ConflictError, InvalidRequestError, NotFoundError } from "../../shared/errors.ts";
import { newId, SLUG } from "../../shared/ids.ts";
import type { Deps } from "../deps.ts";
import type { DatasetRecord } from "../records/datasets.ts";
import { createFileRecords } from "../records/files.ts";
import { insertJobEvent } from "../records/job-events.ts";
import { insertJob } from "../records/jobs.ts";
import { createQuotaRecords } from "../records/quotas.ts";
import { datasetOfFile } from "./store-dataset.ts";

/** What a learning rate multiplier of OpenAI's API multiplies: the rate that suits soft prompts. */
export const USUAL_LEARNING_RATE = 0.1;
/** Validation rows are copied in memory; more of them would only slow evaluation down. */
const MAX_VALIDATION_BYTES = 16 * 1024 * 1024;

const auto = z.literal("auto");
const hyperparametersSchema = z.strictObject({
  n_epochs: z.union([auto, z.number().positive().max(1000)]).optional(),
  batch_size: z.union([auto, z.int().min(1).max(256)]).optional(),
  learning_rate_multiplier: z.union([auto, z.number().positive().max(100)]).optional(),
});

/** OpenAI's request for a tuning job; what it has no words for is said under `foreword`. */
export const jobRequestSchema = z.strictObject({
  model: z.string().min(1).max(64),
  training_file: z.string(),
  validation_file: z.string().nullish(),
  suffix: z.string().regex(SLUG, "Expected lower-case letters, digits and -, at most 63").nullish(),
  seed: z
    .int()
    .nonnegative()
    .max(2 ** 31 - 1)
    .nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  method: z
    .strictObject({
      type: z.literal("supervised"),
      supervised: z.strictObject({ hyperparameters: hyperparametersSchema.optional() }).optional(),
    })
    .optional(),
  /** The older place of the same. */
  hyperparameters: hyperparametersSchema.optional(),
  foreword: tuneSettingsSchema
    .omit({ base_model: true, suffix: true, seed: true })
    .partial()
    .extend({ priority: z.int().min(-100).max(100).optional() })
    .optional(),
});
export type JobRequest = z.infer<typeof jobRequestSchema>;

/**
 * Queues a job and gives its id. Throws InvalidRequestError where a file is none of the organisation's or holds bad rows,
 * NotFoundError for an unknown base model, RateLimitError (`quota_exceeded`).
 */
export async function createJob(
  deps: Deps,
  organization: string,
  request: JobRequest,
  requestId: string,
): Promise<string> {
  await createQuotaRecords(deps.database, deps.now).require(organization, ["jobs"]);
  await deps.models.manifest(request.model);
  const dataset = await acceptedFile(deps, organization, request.training_file, "training_file", requestId);
  const validation =
    request.validation_file == null
      ? null
      : await acceptedFile(deps, organization, request.validation_file, "validation_file", requestId);
  if (validation) await copyValidation(deps, dataset, validation);

  const time = deps.now();
  const id = newId("job", time);
  const { priority = 0 } = request.foreword ?? {};
  const settings = toSettings(request);
  await deps.database.transaction([
    insertJob({
      id,
      organization,
      datasetId: dataset.id,
      eventKey: null,
      baseModel: request.model,
      suffix: request.suffix ?? dataset.name,
      settings,
      createdAt: time,
      priority,
      validationDatasetId: validation?.id ?? null,
      metadata: request.metadata ?? null,
      requestId,
    }),
    insertJobEvent(id, time, { message: `Created fine-tuning job: ${id}` }),
  ]);
  deps.log({ level: "info", message: "Job created", job: id, dataset: dataset.id, requestId });
  return id;
}

function toSettings({ foreword, hyperparameters, method, model, seed }: JobRequest) {
  const { priority: _priority, ...ours } = foreword ?? {};
  const theirs = { ...hyperparameters, ...method?.supervised?.hyperparameters };
  const {
    n_epochs: epochs = "auto",
    batch_size: batch = "auto",
    learning_rate_multiplier: rate = "auto",
  } = theirs;
  return tuneSettingsSchema.parse({
    ...ours,
    base_model: model,
    // Whatever `foreword` leaves out has its default by now, so what OpenAI's fields say comes after it.
    ...(epochs === "auto" ? {} : { epochs }),
    ...(batch === "auto" ? {} : { batch_size: batch }),
    ...(rate === "auto" ? {} : { learning_rate: rate * USUAL_LEARNING_RATE }),
    seed: seed ?? 0,
  });
}

async function acceptedFile(
  deps: Deps,
  organization: string,
  id: string,
  param: "training_file" | "validation_file",
  requestId: string,
): Promise<DatasetRecord> {
  const file = await createFileRecords(deps.database, deps.now).find(organization, id);
  const dataset = await datasetOfFile(deps, organization, file, requestId);
  if (!dataset) throw new NotFoundError(`No such file: "${id}"`, { code: "file_not_found", param });
  if (dataset.status === "accepted") return dataset;
  const [first] = dataset.report.errors;
  throw new InvalidRequestError(
    `File "${id}" has ${dataset.report.errorCount} bad rows, the first in line ${first?.line}: ${first?.message}`,
    { code: `invalid_${param}`, param },
  );
}

/** Trainers look for validation rows beside the training rows, so that is where they are put. */
async function copyValidation(deps: Deps, { organization, name }: DatasetRecord, from: DatasetRecord) {
  if (from.bytes > MAX_VALIDATION_BYTES) {
    throw new InvalidRequestError(
      `File "${from.id}" has ${from.bytes} bytes, at most ${MAX_VALIDATION_BYTES} are allowed for validation`,
      { code: "invalid_validation_file", param: "validation_file" },
    );
  }
  const object = await deps.bucket.get(datasetKey(organization, from.name, datasetFiles.train));
  if (!object || object.etag !== from.etag)
    throw new ConflictError(`File "${from.id}" is not in the bucket any more`, { code: "dataset_gone" });
  await deps.bucket.put(datasetKey(organization, name, datasetFiles.valid), await object.bytesBody());
}
