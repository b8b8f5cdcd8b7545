import type { Context } from "hono";
import { experimentHeaders } from "../../shared/contracts/experiment.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "../http/app-env.ts";
import type { ResolvedModel } from "../inference/model-resolver.ts";
import { inferenceOf } from "../inference/service.ts";
import type { Assignment } from "./assign.ts";
import { afterAnswer } from "../http/background.ts";
import { createEncounter } from "./encounter.ts";
import { reportEncounter } from "./report-encounter.ts";
import { resolveExperiment } from "./resolve-experiment.ts";

/**
 * What a request's `model` means: a base model, a tuned one, or an experiment's name, which stands for the model of the
 * variant that the request's unit belongs to. For an experiment it sets the answer's headers and has the exposure recorded.
 * Throws NotFoundError (code `model_not_found`), and what a forced variant may bring.
 */
export async function requestedModel(
  c: Context<AppEnv>,
  deps: Deps,
  body: { readonly model: string; readonly user?: string | null | undefined },
): Promise<ResolvedModel> {
  const { organization, scopes } = c.get("caller");
  const header = (name: string) => c.req.header(name) || undefined;
  const source = {
    requestId: c.get("requestId"),
    user: header(experimentHeaders.user) ?? body.user ?? undefined,
    session: header(experimentHeaders.session),
    forced: header(experimentHeaders.forcedVariant),
    mayForce: scopes.includes("experiments") || scopes.includes("admin"),
  };
  const later = (work: Promise<void>) => afterAnswer(c, work);
  const assignment = await resolveExperiment(deps, organization, body.model, source, later);
  if (assignment) meet(c, deps, assignment);
  return inferenceOf(deps).resolver.resolve(organization, assignment?.model ?? body.model, later);
}

function meet(c: Context<AppEnv>, deps: Deps, assignment: Assignment): void {
  const requestId = c.get("requestId");
  c.header(experimentHeaders.variant, assignment.key);
  if (assignment.exposure) c.header(experimentHeaders.exposure, assignment.exposure.id);
  const encounter = createEncounter(assignment, requestId, deps.now());
  c.set("encounter", encounter);
  afterAnswer(c, reportEncounter(deps, encounter));
}
