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
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer, jsonBody } from "../http/openapi.ts";
import { createDatasetRecords } from "../records/datasets.ts";
import type { JobRecord } from "../records/jobs.ts";
import { createLeases } from "../records/leases.ts";

const params = z.object({ id: z.string() });
const emptyAnswer = jsonAnswer(z.object({}));

/** `/v1/trainer/*`: how a trainer takes jobs and reports on them. Only trainer keys pass. */
export function trainerRoutes(deps: Deps) {
  const leases = createLeases(deps.database, deps.now);
  const datasets = createDatasetRecords(deps.database);
  const router = createRouter();
  router.use("/v1/trainer/*", requireScope("trainer"));

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/trainer/leases",
      summary: "Lease the next job",
      responses: { ...jsonAnswer(leaseAnswerSchema), 204: { description: "No job waits" } },
    }),
    async (c) => {
      const job = await leases.claim();
      if (!job) return c.body(null, 204);
      const dataset = await datasets.find(job.organization, job.datasetId);
      if (!dataset)
        throw new InternalError(`Job "${job.id}" names dataset "${job.datasetId}", which has no record`);
      const lease = { token: job.leaseToken, expires_at: job.leaseExpiresAt as number };
      return c.json({ job: present(job, dataset), lease }, 200);
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
      return c.json(await leases.complete(c.req.valid("param").id, token, prompt), 200);
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
      await leases.fail(c.req.valid("param").id, token, error, retry);
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
  };
}
