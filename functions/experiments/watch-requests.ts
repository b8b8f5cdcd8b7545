import type { Context, MiddlewareHandler } from "hono";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "../http/app-env.ts";
import { afterAnswer } from "../http/background.ts";
import { answerEvent, type Encounter } from "./encounter.ts";
import { sendQuietly } from "./send-events.ts";
import { runShadow } from "./shadow.ts";

/** Hands a request to the app again, as if it had come from outside. */
export type Dispatch = (request: Request, c: Context<AppEnv>) => Promise<Response>;

/**
 * Sees requests that met an experiment to their end: reports the metrics that need no reporting, and lets the shadow of an
 * experiment answer too. Streams end when they have been read, everything else with its response.
 */
export function watchRequests(deps: Deps, dispatch: Dispatch): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const encounter = c.get("encounter");
    if (!encounter) return;
    if (c.res.status >= 500) encounter.end("failed");
    else if (!c.res.headers.get("content-type")?.startsWith("text/event-stream")) {
      // What is wrong with a request itself says nothing about the variant.
      encounter.end(c.res.ok ? "answered" : "abandoned");
    }
    afterAnswer(c, settle(c, deps, dispatch, encounter));
  };
}

async function settle(
  c: Context<AppEnv>,
  deps: Deps,
  dispatch: Dispatch,
  encounter: Encounter,
): Promise<void> {
  const how = await encounter.ended;
  const event = answerEvent(encounter, how, deps.now());
  if (!event) return;
  await sendQuietly(deps, [event]);
  const { definition } = encounter.assignment.experiment;
  if (how === "answered" && definition.policy.type === "shadow")
    await runShadow(c, deps, dispatch, encounter);
}
