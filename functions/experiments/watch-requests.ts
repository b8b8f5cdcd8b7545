import type { Context, MiddlewareHandler } from "hono";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "../http/app-env.ts";
import { afterAnswer } from "../http/background.ts";
import type { Encounter } from "./encounter.ts";
import { runShadow } from "./shadow.ts";

/** Hands a request to the app again, as if it had come from outside. */
export type Dispatch = (request: Request, c: Context<AppEnv>) => Promise<Response>;

/**
 * Sees requests that met an experiment to their end, and lets the shadow of an experiment answer too. Streams end when they
 * have been read, everything else with its response.
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
    const { policy } = encounter.assignment.experiment.definition;
    if (policy.type === "shadow" && encounter.assignment.exposure)
      afterAnswer(c, shadow(c, deps, dispatch, encounter));
  };
}

async function shadow(
  c: Context<AppEnv>,
  deps: Deps,
  dispatch: Dispatch,
  encounter: Encounter,
): Promise<void> {
  if ((await encounter.ended) === "answered") await runShadow(c, deps, dispatch, encounter);
}
