import { createRoute, z } from "@hono/zod-openapi";
import {
  completionSchema,
  failureSchema,
  heartbeatAnswerSchema,
  heartbeatSchema,
  leaseAnswerSchema,
  releaseSchema,
  type LeasedJob,
} from "../../shared/contracts/job.ts";
import { InternalError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { currentModelFor } from "../experiments/current-model.ts";
import { enterFinishedJobs } from "../experiments/entries.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { afterAnswer } from "../http/background.ts";
import { jsonAnswer, jsonBody } from "../http/openapi.ts";
import { createDatasetRecords } from "../records/datasets.ts";
import type { JobRecord } from "../records/jobs.ts";
import { createLeases } from "../records/leases.ts";
import { deliverWebhooks } from "../webhooks/deliver.ts";

const params = z.object({ id: z.string() });
const emptyAnswer = jsonAnswer(z.object({}));

/** `/v1/trainer/*`: how a trainer takes jobs and reports on them. Only trainer keys pass. */
export function trainerRoutes(deps: Deps) {
  const leases = createLeases(deps.database, deps.now, deps.config.leaseMs);
  const datasets = createDatasetRecords(deps.database);
  const router = createRouter();
  router.use("/v1/trainer/*", requireScope("trainer"));

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/trainer/leases",
      summary: "Lease the next job",
      request: {
        body: {
          content: {
            // The trainer's name for this call: repeated because its answer was lost, it gets the same job.
            "application/json": { schema: z.object({ request: z.string().min(1).max(64).optional() }) },
          },
        },
      },
      responses: { ...jsonAnswer(leaseAnswerSchema), 204: { description: "No job waits" } },
    }),
    async (c) => {
      const job = await leases.claim(c.req.valid("json").request);
      if (!job) return c.body(null, 204);
      const dataset = await datasets.find(job.organization, job.datasetId);
      if (!dataset)
        throw new InternalError(`Job "${job.id}" names dataset "${job.datasetId}", which has no record`);
      deps.log({
        level: "info",
        message: "Job leased",
        job: job.id,
        attempt: job.attempt,
        requestId: job.requestId,
        trainer: c.get("caller").keyId,
      });
      const lease = { token: job.leaseToken, expires_at: job.leaseExpiresAt as number };
      const current = await currentModelFor(deps, job);
      return c.json({ job: { ...present(job, dataset), current }, lease }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/trainer/jobs/{id}/heartbeat",
      summary: "Extend a lease and report progress",
      request: { params, ...jsonBody(heartbeatSchema) },
      responses: jsonAnswer(heartbeatAnswerSchema),
    }),
    async (c) => {
      const { token, progress } = c.req.valid("json");
      const { cancel, leaseExpiresAt } = await leases.heartbeat(c.req.valid("param").id, token, progress);
      return c.json({ cancel, lease_expires_at: leaseExpiresAt }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/trainer/jobs/{id}/complete",
      summary: "End a job with its soft prompt",
      request: { params, ...jsonBody(completionSchema) },
      responses: jsonAnswer(z.object({ model: z.string() })),
    }),
    async (c) => {
      const { token, prompt } = c.req.valid("json");
      const { id } = c.req.valid("param");
      const answer = await leases.complete(id, token, prompt);
      deps.log({ level: "info", message: "Job succeeded", job: id, model: answer.model });
      afterAnswer(c, deliverWebhooks(deps));
      afterAnswer(c, enterFinishedJobs(deps));
      return c.json(answer, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/trainer/jobs/{id}/fail",
      summary: "End an attempt without a soft prompt",
      request: { params, ...jsonBody(failureSchema) },
      responses: emptyAnswer,
    }),
    async (c) => {
      const { token, error, retry } = c.req.valid("json");
      const { id } = c.req.valid("param");
      await leases.fail(id, token, error, retry);
      deps.log({ level: "warn", message: "Attempt failed", job: id, code: error.code, retry });
      afterAnswer(c, deliverWebhooks(deps));
      return c.json({}, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/trainer/jobs/{id}/release",
      summary: "Give a job back for another trainer to go on with",
      request: { params, ...jsonBody(releaseSchema) },
      responses: emptyAnswer,
    }),
    async (c) => {
      await leases.release(c.req.valid("param").id, c.req.valid("json").token);
      return c.json({}, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/trainer/backlog",
      summary: "Get how many jobs wait and run, for autoscalers",
      responses: jsonAnswer(
        z.object({ queued: z.int(), running: z.int(), oldest_queued_seconds: z.number(), backlog: z.int() }),
      ),
    }),
    async (c) => {
      const row = await deps.database.first(
        `SELECT (SELECT COUNT(*) FROM jobs WHERE status = 'queued') AS queued,
                (SELECT COUNT(*) FROM jobs WHERE status = 'running') AS running,
                (SELECT MIN(created_at) FROM jobs WHERE status = 'queued') AS oldest`,
      );
      const [queued, running] = [Number(row?.["queued"]), Number(row?.["running"])];
      const oldest = row?.["oldest"] as number | null;
      const oldestSeconds = oldest === null ? 0 : (deps.now() - oldest) / 1000;
      return c.json(
        { queued, running, backlog: queued + running, oldest_queued_seconds: oldestSeconds },
        200,
      );
    },
  );

  return router;
}

type JobDataset = NonNullable<Awaited<ReturnType<ReturnType<typeof createDatasetRecords>["find"]>>>;

function present(job: JobRecord, { id, name, etag, report }: JobDataset): LeasedJob {
  return {
    id: job.id,
    organization: job.organization,
    base_model: job.baseModel,
    dataset: { id, name, etag, format: report.format as LeasedJob["dataset"]["format"], rows: report.rows },
    settings: job.settings,
    attempt: job.attempt,
    prompt_id: job.promptId as string,
    request_id: job.requestId,
  };
}
