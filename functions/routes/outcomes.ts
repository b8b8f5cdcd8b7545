import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { experimentLimits, outcomeInputSchema } from "../../shared/contracts/experiment.ts";
import { errorBody, PermissionError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { acceptOutcomes } from "../experiments/accept-outcomes.ts";
import { sendEvents } from "../experiments/send-events.ts";
import { createRouter, type AppEnv } from "../http/app-env.ts";
import { jsonAnswer, jsonBody } from "../http/openapi.ts";

const answerSchema = z.object({
  object: z.literal("outcomes"),
  accepted: z.int(),
  /** Those of a batch that are not counted, by their index. */
  rejected: z.array(
    z.object({
      index: z.int(),
      error: z.object({
        message: z.string(),
        type: z.string(),
        param: z.string().nullable(),
        code: z.string().nullable(),
      }),
    }),
  ),
});

const route = createRoute({
  method: "post",
  path: "/v1/outcomes",
  summary: "Report outcomes of experiments, one or many",
  description:
    "One outcome, or `{outcomes: [...]}`. Accepted outcomes are counted within seconds, each once, also when they arrive twice, late or before their exposure. Of a batch, wrong outcomes are reported and the others counted.",
  request: jsonBody(
    z.union([
      z.strictObject({ outcomes: z.array(outcomeInputSchema).min(1).max(experimentLimits.batch) }),
      outcomeInputSchema.transform((outcome) => ({ outcome })),
    ]),
  ),
  responses: jsonAnswer(answerSchema),
});

/** `POST /v1/outcomes`: taken from whoever may run experiments or call models, since that is who sees how it ended. */
export function outcomeRoutes(deps: Deps) {
  const router = createRouter();
  router.use("/v1/outcomes", requireReporter);
  router.openapi(route, async (c) => {
    const body = c.req.valid("json");
    const outcomes = "outcomes" in body ? body.outcomes : [body.outcome];
    const { organization } = c.get("caller");
    const { events, errors } = await acceptOutcomes(deps, organization, outcomes, c.get("requestId"));
    const [first] = errors;
    if (first && "outcome" in body) throw first.error;
    if (events.length > 0) await sendEvents(deps, events);
    const rejected = errors.map(({ index, error }) => ({ index, error: errorBody(error).error }));
    return c.json({ object: "outcomes" as const, accepted: outcomes.length - errors.length, rejected }, 200);
  });
  return router;
}

const requireReporter: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { scopes } = c.get("caller");
  if (!["experiments", "inference", "admin"].some((scope) => scopes.some((own) => own === scope))) {
    throw new PermissionError('Reporting outcomes needs a key with the scope "inference" or "experiments"', {
      code: "insufficient_scope",
    });
  }
  await next();
};
