import { createRoute, z } from "@hono/zod-openapi";
import { InvalidRequestError, NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { createJob, jobRequestSchema } from "../events/create-job.ts";
import {
  checkpointSchema,
  eventSchema,
  jobSchema,
  presentCheckpoint,
  presentEvent,
  presentJob,
} from "../http/job-shape.ts";
import { jsonAnswer, jsonBody, pageQuerySchema, pageSchema, toPage } from "../http/openapi.ts";
import { insertJobEvent, listJobEvents } from "../records/job-events.ts";
import { createJobRecords, type JobRecord } from "../records/jobs.ts";
import { createPromptRecords } from "../records/prompts.ts";

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
    return presentJob(job, done ? await prompts.find(job.organization, job.promptId) : null, deps.now());
  };

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/fine_tuning/jobs",
      summary: "Create a tuning job from an uploaded dataset",
      request: jsonBody(jobRequestSchema),
      responses: jsonAnswer(jobSchema),
    }),
    async (c) => {
      const { organization } = c.get("caller");
      const id = await createJob(deps, organization, c.req.valid("json"), c.get("requestId"));
      return c.json(await withPrompt(await findJob(organization, id)), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/fine_tuning/jobs/{id}/cancel",
      summary: "Call a job off; one that runs ends with its trainer's next heartbeat",
      request: { params },
      responses: jsonAnswer(jobSchema),
    }),
    async (c) => {
      const { organization } = c.get("caller");
      const { id } = c.req.valid("param");
      const job = await findJob(organization, id);
      if (await jobs.cancel(organization, id, deps.now())) {
        const message = "Cancellation was requested";
        await deps.database.transaction([insertJobEvent(id, deps.now(), { message })]);
      } else if (job.status !== "cancelled") {
        throw new InvalidRequestError(
          `Job "${id}" has ended as "${job.status}"; only one that waits or runs can be cancelled`,
          {
            code: "job_ended",
          },
        );
      }
      return c.json(await withPrompt(await findJob(organization, id)), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/fine_tuning/jobs/{id}/checkpoints",
      summary:
        "List the soft prompts that a job has brought: what it ended with, and what it had come to before",
      request: { params, query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(checkpointSchema)),
    }),
    async (c) => {
      const job = await findJob(c.get("caller").organization, c.req.valid("param").id);
      const { after, limit } = c.req.valid("query");
      const done = job.status === "succeeded" && job.promptId !== null;
      const tuned = done ? await prompts.find(job.organization, job.promptId) : null;
      const all = tuned ? [tuned, ...(await prompts.checkpoints(job.organization, tuned.id))] : [];
      // A handful: there is nothing to gain by letting the database cut the page.
      const rest = all.slice(all.findIndex(({ id }) => id === after) + 1);
      return c.json(
        toPage(
          rest.map((one) => presentCheckpoint(job, one)),
          limit,
        ),
        200,
      );
    },
  );

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
      const metadata = metadataFilter(c.req.query());
      const records = await jobs.list(c.get("caller").organization, { after, limit: limit + 1, metadata });
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

/** `metadata[key]=value`, as OpenAI's API filters jobs. */
function metadataFilter(query: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(pairs);
}
