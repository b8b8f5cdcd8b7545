import { createRoute, z } from "@hono/zod-openapi";
import {
  experimentChangeSchema,
  experimentInputSchema,
  experimentStatuses,
  metricSchema,
  analysisSchema,
  unitKindSchema,
} from "../../shared/contracts/experiment.ts";
import { NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { shares } from "../experiments/allocation.ts";
import { actOnExperiment, changeExperiment, experimentActions } from "../experiments/change-experiment.ts";
import { createExperiment } from "../experiments/create-experiment.ts";
import { reportOf } from "../experiments/report.ts";
import { experimentsOf } from "../experiments/service.ts";
import { timelineOf } from "../experiments/timeline.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer, jsonBody, pageQuerySchema, pageSchema, toPage, toSeconds } from "../http/openapi.ts";
import { listHistory } from "../records/experiment-history.ts";
import type { ExperimentRecord } from "../records/experiments.ts";
import { resultsSchema, timelineSchema } from "./experiment-results-schema.ts";

const experimentSchema = z
  .object({
    id: z.string(),
    object: z.literal("experiment"),
    name: z.string(),
    status: z.enum(experimentStatuses),
    unit: unitKindSchema,
    /** The first is the control. */
    variants: z.array(z.object({ key: z.string(), model: z.string(), weight: z.number() })),
    metrics: z.array(metricSchema),
    policy: z.record(z.string(), z.unknown()),
    analysis: analysisSchema,
    /** Key of the variant that everybody gets while units are not assigned. */
    serving: z.string(),
    phase: z.int(),
    step: z.int().nullable(),
    verdict: z.string().nullable(),
    job_id: z.string().nullable(),
    created_at: z.int(),
    started_at: z.int().nullable(),
    ended_at: z.int().nullable(),
  })
  .openapi("Experiment");

const historySchema = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      id: z.string(),
      object: z.literal("experiment.change"),
      actor: z.string(),
      action: z.string(),
      detail: z.record(z.string(), z.unknown()),
      created_at: z.int(),
    }),
  ),
});

const params = z.object({ experiment: z.string() });

/** `/v1/experiments`: A/B tests of models under one name. `{experiment}` is an id, or a name for its newest experiment. */
export function experimentRoutes(deps: Deps) {
  const { records } = experimentsOf(deps);
  const router = createRouter();
  router.use("/v1/experiments", requireScope("experiments"));
  router.use("/v1/experiments/*", requireScope("experiments"));

  const find = async (organization: string, experiment: string) => {
    const record =
      (await records.find(organization, experiment)) ?? (await records.findByName(organization, experiment));
    if (record) return record;
    throw new NotFoundError(`No such experiment: "${experiment}"`, {
      code: "experiment_not_found",
      param: "experiment",
    });
  };

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/experiments",
      summary: "Create an experiment and start it",
      request: jsonBody(experimentInputSchema),
      responses: jsonAnswer(experimentSchema),
    }),
    async (c) => {
      const { organization, keyId } = c.get("caller");
      return c.json(present(await createExperiment(deps, organization, c.req.valid("json"), keyId)), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/experiments",
      summary: "List the organization's experiments, newest first",
      request: { query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(experimentSchema)),
    }),
    async (c) => {
      const { after, limit } = c.req.valid("query");
      const found = await records.list(c.get("caller").organization, { after, limit: limit + 1 });
      return c.json(toPage(found.map(present), limit), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/experiments/{experiment}",
      summary: "Get an experiment by id, or the newest one of a name",
      request: { params },
      responses: jsonAnswer(experimentSchema),
    }),
    async (c) =>
      c.json(present(await find(c.get("caller").organization, c.req.valid("param").experiment)), 200),
  );

  router.openapi(
    createRoute({
      method: "patch",
      path: "/v1/experiments/{experiment}",
      summary: "Change a draft, or the weights of a running experiment",
      request: { params, ...jsonBody(experimentChangeSchema) },
      responses: jsonAnswer(experimentSchema),
    }),
    async (c) => {
      const { organization, keyId } = c.get("caller");
      const record = await find(organization, c.req.valid("param").experiment);
      return c.json(present(await changeExperiment(deps, record, c.req.valid("json"), keyId)), 200);
    },
  );

  for (const action of experimentActions) {
    router.openapi(
      createRoute({
        method: "post",
        path: `/v1/experiments/{experiment}/${action}`,
        summary: summaries[action],
        request: {
          params,
          body: {
            content: { "application/json": { schema: z.strictObject({ variant: z.string().optional() }) } },
          },
        },
        responses: jsonAnswer(experimentSchema),
      }),
      async (c) => {
        const { organization, keyId } = c.get("caller");
        const record = await find(organization, c.req.valid("param").experiment);
        const { variant } = c.req.valid("json");
        return c.json(present(await actOnExperiment(deps, record, action, keyId, variant)), 200);
      },
    );
  }

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/experiments/{experiment}/results",
      summary: "What the numbers say: verdict, effects with intervals, probabilities, sample ratio",
      request: { params },
      responses: jsonAnswer(resultsSchema),
    }),
    async (c) => {
      const record = await find(c.get("caller").organization, c.req.valid("param").experiment);
      return c.json(await reportOf(deps, record), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/experiments/{experiment}/timeline",
      summary: "How the effects became what they are, day by day, oldest first",
      request: { params },
      responses: jsonAnswer(timelineSchema),
    }),
    async (c) => {
      const record = await find(c.get("caller").organization, c.req.valid("param").experiment);
      return c.json({ object: "list" as const, data: await timelineOf(deps, record) }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/experiments/{experiment}/history",
      summary: "Who changed what and why, oldest first",
      request: { params },
      responses: jsonAnswer(historySchema),
    }),
    async (c) => {
      const record = await find(c.get("caller").organization, c.req.valid("param").experiment);
      const data = (await listHistory(deps.database, record.id)).map(({ createdAt, ...entry }) => ({
        ...entry,
        object: "experiment.change" as const,
        created_at: toSeconds(createdAt),
      }));
      return c.json({ object: "list" as const, data }, 200);
    },
  );

  return router;
}

const summaries = {
  start: "Start a draft",
  pause: "Give everybody the control and count nothing, until resumed",
  resume: "Go on with a paused experiment",
  stop: "End an experiment without a decision: the name serves the control",
  promote: "End an experiment: the name serves the variant from now on",
  roll_back: "End an experiment, or take a promotion back: the name serves the control",
} as const;

function present(record: ExperimentRecord): z.infer<typeof experimentSchema> {
  const { definition, allocation } = record;
  const weights = shares(allocation, definition.variants.length);
  return {
    id: record.id,
    object: "experiment",
    name: record.name,
    status: record.status,
    unit: definition.unit,
    variants: definition.variants.map(({ key, model }, i) => ({ key, model, weight: weights[i] ?? 0 })),
    metrics: definition.metrics,
    policy: definition.policy,
    analysis: definition.analysis,
    serving: definition.variants[record.serving]?.key ?? "",
    phase: record.phase,
    step: record.step < 0 ? null : record.step,
    verdict: record.verdict,
    job_id: record.jobId,
    created_at: toSeconds(record.createdAt),
    started_at: record.startedAt === null ? null : toSeconds(record.startedAt),
    ended_at: record.endedAt === null ? null : toSeconds(record.endedAt),
  };
}
