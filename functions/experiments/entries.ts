import {
  experimentInputSchema,
  policySchema,
  type ExperimentInput,
  type Policy,
} from "../../shared/contracts/experiment.ts";
import { ConflictError, ForewordError } from "../../shared/errors.ts";
import { SLUG } from "../../shared/ids.ts";
import type { Deps } from "../deps.ts";
import {
  listCandidates,
  recordEntry,
  type Candidate,
  type EntryRecord,
} from "../records/experiment-entries.ts";
import type { ExperimentRecord } from "../records/experiments.ts";
import { insertJobEvent } from "../records/job-events.ts";
import { actOnExperiment } from "./change-experiment.ts";
import { createExperiment } from "./create-experiment.ts";
import { checkGate } from "./gate.ts";
import { experimentsOf } from "./service.ts";

const ACTOR = "job";
/** Characters of a prompt's id that tell candidates apart. */
const KEY_LENGTH = 8;

/**
 * Lets tuned models that asked for it enter their experiments: those that pass the gate start a canary against the model
 * that serves, others are reported, and traffic stays as it is. Run after each completed job and at every scheduled look:
 * doing it twice does nothing twice.
 */
export async function enterFinishedJobs(deps: Deps): Promise<void> {
  try {
    for (const candidate of await listCandidates(deps.database)) await tryToEnter(deps, candidate);
  } catch (error) {
    deps.log({ level: "error", message: "Entries could not be read", error: String(error) });
  }
}

/** One that fails holds up no other, and is tried again at the next look. */
async function tryToEnter(deps: Deps, candidate: Candidate): Promise<void> {
  try {
    await enter(deps, candidate);
  } catch (error) {
    deps.log({ level: "error", message: "Entry failed", job: candidate.jobId, error: String(error) });
  }
}

async function enter(deps: Deps, candidate: Candidate): Promise<void> {
  const { entry, organization } = candidate;
  const before = await experimentsOf(deps).records.findByName(organization, entry.name);
  if (!before)
    return settle(deps, candidate, "refused", `There is no experiment "${entry.name}"; create it first`);
  if (isComparing(before)) {
    return settle(
      deps,
      candidate,
      "waiting",
      `Experiment "${before.id}" is "${before.status}"; waits for its end`,
    );
  }
  const { key, model } = before.definition.variants[before.serving] as { key: string; model: string };
  const result = checkGate(entry, candidate.prompt.evaluation, {
    model,
    isOwnBase: model === candidate.baseModel,
  });
  if (!result.passed) return settle(deps, candidate, "refused", `Gate not passed: ${result.reason}`);
  try {
    // A name with a single variant only serves it; the comparison takes its place.
    if (before.endedAt === null) await actOnExperiment(deps, before, "stop", ACTOR);
    const created = await createExperiment(
      deps,
      organization,
      nextExperiment(before, candidate, { key, model }),
      ACTOR,
      candidate.jobId,
    );
    await settle(deps, candidate, "entered", `Gate passed: ${result.reason}`, created.id);
  } catch (error) {
    // Somebody was faster: the next look sees what they did.
    if (error instanceof ConflictError) return settle(deps, candidate, "waiting", error.message);
    if (error instanceof ForewordError && error.status < 500)
      return settle(deps, candidate, "refused", error.message);
    throw error;
  }
}

function isComparing({ status, definition }: ExperimentRecord): boolean {
  return (
    definition.variants.length > 1 && (status === "draft" || status === "running" || status === "paused")
  );
}

/** The candidate against what serves, measured as before. */
function nextExperiment(
  { name, definition }: ExperimentRecord,
  { model, entry }: Candidate,
  current: { key: string; model: string },
): ExperimentInput {
  const { unit, metrics, analysis, policy } = definition;
  const inherited: Policy = policy.type === "canary" ? policy : policySchema.parse("canary");
  const given = Object.fromEntries(
    Object.entries(entry.canary ?? {}).filter(([, value]) => value !== undefined),
  );
  return experimentInputSchema.parse({
    name,
    variants: [current, { key: candidateKey(model, current.key), model }],
    unit,
    metrics,
    analysis,
    policy: { ...inherited, ...given },
  });
}

function candidateKey(model: string, taken: string): string {
  const key = model.slice(-KEY_LENGTH).toLowerCase();
  return SLUG.test(key) && key !== taken ? key : "candidate";
}

async function settle(
  deps: Deps,
  candidate: Candidate,
  status: EntryRecord["status"],
  reason: string,
  experimentId: string | null = null,
): Promise<void> {
  if (status === "waiting" && candidate.waiting === reason) return;
  const { jobId, entry } = candidate;
  const now = deps.now();
  const message = `Experiment "${entry.name}": ${status}. ${reason}`;
  await deps.database.transaction([
    recordEntry(candidate, status, reason, experimentId, now),
    insertJobEvent(jobId, now, { level: status === "refused" ? "warn" : "info", message }),
  ]);
  deps.log({ level: "info", message: `Experiment entry ${status}`, job: jobId, experiment: experimentId });
}
