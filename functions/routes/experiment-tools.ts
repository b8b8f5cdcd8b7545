import { createRoute, z } from "@hono/zod-openapi";
import { experimentLimits } from "../../shared/contracts/experiment.ts";
import { ConflictError, NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { assign, exposureEvent } from "../experiments/assign.ts";
import { sendEvents } from "../experiments/send-events.ts";
import { experimentsOf } from "../experiments/service.ts";
import { fixedSampleSize, sequentialSampleSize } from "../experiments/statistics/sample-size.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { afterAnswer } from "../http/background.ts";
import { jsonAnswer, jsonBody } from "../http/openapi.ts";

const unitSchema = z.string().min(1).max(experimentLimits.idLength);

const assignmentsRoute = createRoute({
  method: "post",
  path: "/v1/assignments",
  summary: "Assign units to an experiment's variants, and count them as exposed",
  middleware: [requireScope("inference")],
  request: jsonBody(
    z.strictObject({
      /** Name or id. */
      experiment: z.string(),
      units: z.array(unitSchema).min(1).max(experimentLimits.batch),
    }),
  ),
  responses: jsonAnswer(
    z.object({
      object: z.literal("list"),
      data: z.array(
        z.object({
          unit: z.string(),
          variant: z.string(),
          model: z.string(),
          exposure: z.string().nullable(),
        }),
      ),
    }),
  ),
});

const sampleSizeRoute = createRoute({
  method: "post",
  path: "/v1/sample_size",
  summary: "How many units an experiment takes to find an effect",
  middleware: [requireScope("experiments")],
  request: jsonBody(
    z.strictObject({
      /** Mean of the control; for a binary metric its rate. */
      baseline: z.number(),
      min_effect: z.number().refine((effect) => effect !== 0, "Expected a difference other than 0"),
      /** Of one unit's value; left out for a binary metric. */
      variance: z.number().positive().optional(),
      alpha: z.number().min(0.0001).max(0.5).default(0.05),
      power: z.number().min(0.05).max(0.999).default(0.8),
      variants: z.int().min(2).max(experimentLimits.variants).default(2),
    }),
  ),
  responses: jsonAnswer(
    z.object({
      object: z.literal("sample_size"),
      /** Looked at whenever one likes. */
      sequential: z.object({ per_variant: z.int(), total: z.int() }),
      /** Looked at once. */
      fixed: z.object({ per_variant: z.int(), total: z.int() }),
    }),
  ),
});

/** Assigning units without a request to a model, and planning an experiment. */
export function experimentToolRoutes(deps: Deps) {
  const router = createRouter();
  const { records, cache } = experimentsOf(deps);

  router.openapi(assignmentsRoute, async (c) => {
    const { experiment: name, units } = c.req.valid("json");
    const { organization } = c.get("caller");
    const record =
      (await cache.byName(organization, name, (work) => afterAnswer(c, work))) ??
      (await records.find(organization, name));
    if (!record) {
      throw new NotFoundError(`No such experiment: "${name}"`, {
        code: "experiment_not_found",
        param: "experiment",
      });
    }
    if (record.definition.unit === "request") {
      throw new ConflictError(
        `Experiment "${record.name}" assigns each request by itself; name it as the model instead`,
        {
          code: "unit_is_request",
          param: "experiment",
        },
      );
    }
    const now = deps.now();
    const assigned = units.map((unit) => {
      const source = { requestId: "", user: unit, session: unit, forced: undefined, mayForce: false };
      return { unit, assignment: assign(record, source, now) };
    });
    const requestId = c.get("requestId");
    const events = assigned.map(({ assignment }, i) => exposureEvent(assignment, `${requestId}:${i}`));
    await sendEvents(
      deps,
      events.filter((event) => event !== null),
    );
    const data = assigned.map(({ unit, assignment: { key, model, exposure } }) => ({
      unit,
      variant: key,
      model,
      exposure: exposure?.id ?? null,
    }));
    return c.json({ object: "list" as const, data }, 200);
  });

  router.openapi(sampleSizeRoute, (c) => {
    const { min_effect: effect, variants, ...rest } = c.req.valid("json");
    const sized = (perVariant: number) => ({ per_variant: perVariant, total: perVariant * variants });
    const question = { ...rest, effect };
    const sequential = sized(sequentialSampleSize(question));
    const fixed = sized(fixedSampleSize(question));
    return c.json({ object: "sample_size" as const, sequential, fixed }, 200);
  });

  return router;
}
