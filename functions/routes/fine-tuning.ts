import { createRoute, z } from "@hono/zod-openapi";
import { jobStatuses } from "../../shared/contracts/job.ts";
import { NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer, pageQuerySchema, pageSchema, toPage, toSeconds } from "../http/openapi.ts";
import { listJobEvents, type JobEvent } from "../records/job-events.ts";
import { createJobRecords, type JobRecord } from "../records/jobs.ts";
import { createPromptRecords, type PromptRecord } from "../records/prompts.ts";

const jobSchema = z
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
    hyperparameters: z.object({
      n_epochs: z.union([z.literal("auto"), z.number()]),
      batch_size: z.union([z.literal("auto"), z.number()]),
      learning_rate_multiplier: z.union([z.literal("auto"), z.number()]),
    }),
    result_files: z.array(z.string()),
    seed: z.int(),
    trained_tokens: z.int().nullable(),
    error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
    /** Ours: settings as given, progress as last reported, the evaluation when done. */
    foreword: z.object({
      attempt: z.int(),
      settings: z.record(z.string(), z.unknown()),
      progress: z.record(z.string(), z.unknown()).nullable(),
      evaluation: z.record(z.string(), z.unknown()).nullable(),
      tuning_seconds: z.number().nullable(),
      steps: z.int().nullable(),
    }),
  })
  .openapi("FineTuningJob");

const eventSchema = z
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

const params = z.object({ id: z.string() });

/** `/v1/fine_tuning/jobs`: tuning jobs in the shape of OpenAI's API. */
export function fineTuningRoutes(deps: Deps) {
  const jobs = createJobRecords(deps.database);
  const prompts = createPromptRecords(deps.database);
  const router = createRouter();
  router.use("/v1/fine_tuning/*", requireScope("datasets"));

  const findJob = async (organization: string, id: string) => {
    const job = await jobs.find(organization, id);
    if (!job) throw new NotFoundError(`No such job: "${id}"`, { code: "job_not_found", param: "id" });
    return job;
  };
  const withPrompt = async (job: JobRecord) => {
    const done = job.status === "succeeded" && job.promptId !== null;
    return present(job, done ? await prompts.find(job.organization, job.promptId) : null);
  };

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/fine_tuning/jobs",
      summary: "List the organization's tuning jobs, newest first",
      request: { query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(jobSchema)),
    }),
    async (c) => {
      const { after, limit } = c.req.valid("query");
      const records = await jobs.list(c.get("caller").organization, { after, limit: limit + 1 });
      return c.json(toPage(await Promise.all(records.map(withPrompt)), limit), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/fine_tuning/jobs/{id}",
      summary: "Get a tuning job",
      request: { params },
      responses: jsonAnswer(jobSchema),
    }),
    async (c) =>
      c.json(await withPrompt(await findJob(c.get("caller").organization, c.req.valid("param").id)), 200),
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/fine_tuning/jobs/{id}/events",
      summary: "List a tuning job's events, newest first",
      request: { params, query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(eventSchema)),
    }),
    async (c) => {
      const job = await findJob(c.get("caller").organization, c.req.valid("param").id);
      const { after, limit } = c.req.valid("query");
      const events = await listJobEvents(deps.database, job.id, { after, limit: limit + 1 });
      return c.json(toPage(events.map(presentEvent), limit), 200);
    },
  );

  return router;
}

function present(job: JobRecord, tuned: PromptRecord | null): z.infer<typeof jobSchema> {
  const { progress, settings } = job;
  const estimate = progress?.seconds_left ?? null;
  return {
    object: "fine_tuning.job",
    id: job.id,
    created_at: toSeconds(job.createdAt),
    finished_at: job.finishedAt === null ? null : toSeconds(job.finishedAt),
    estimated_finish:
      estimate === null || job.status !== "running" ? null : toSeconds(Date.now() + estimate * 1000),
    model: job.baseModel,
    fine_tuned_model: tuned?.model ?? null,
    organization_id: job.organization,
    status: job.status,
    training_file: job.datasetId,
    validation_file: null,
    hyperparameters: {
      n_epochs: settings.epochs,
      batch_size: settings.batch_size,
      learning_rate_multiplier: "auto",
    },
    result_files: [],
    seed: settings.seed,
    trained_tokens: tuned?.prompt.trained_tokens ?? null,
    error: job.error && { ...job.error, param: null },
    foreword: {
      attempt: job.attempt,
      settings,
      progress,
      evaluation: tuned?.prompt.evaluation ?? null,
      tuning_seconds: tuned?.prompt.tuning_seconds ?? null,
      steps: tuned?.prompt.steps ?? null,
    },
  };
}

function presentEvent(event: JobEvent): z.infer<typeof eventSchema> {
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
