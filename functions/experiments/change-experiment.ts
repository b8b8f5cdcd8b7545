import type { ExperimentChange, ExperimentStatus } from "../../shared/contracts/experiment.ts";
import { ConflictError, InvalidRequestError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import type { ExperimentRecord, ExperimentUpdate } from "../records/experiments.ts";
import { reallocate } from "./allocation.ts";
import { firstAllocation, requireCompatibleModels } from "./create-experiment.ts";
import { define, weightsOf } from "./define.ts";
import { experimentsOf } from "./service.ts";

/** What may be done by hand to an experiment. */
export const experimentActions = ["start", "pause", "resume", "stop", "promote", "roll_back"] as const;
export type ExperimentAction = (typeof experimentActions)[number];

/** The states in which each makes sense. A promotion can still be rolled back; every other end is final. */
const ALLOWED: Record<ExperimentAction, readonly ExperimentStatus[]> = {
  start: ["draft"],
  pause: ["running"],
  resume: ["paused"],
  stop: ["draft", "running", "paused"],
  promote: ["running", "paused", "stopped", "rolled_back"],
  roll_back: ["running", "paused", "promoted"],
};

/**
 * Starts, pauses (everybody gets the control, nothing is counted), resumes, stops, promotes (the name serves the variant)
 * or rolls back (the name serves the control). Throws ConflictError where the state does not allow it.
 *
 * @param variant for `promote`: the key of the variant; needed where there are several treatments
 */
export async function actOnExperiment(
  deps: Deps,
  record: ExperimentRecord,
  action: ExperimentAction,
  actor: string,
  variant?: string,
): Promise<ExperimentRecord> {
  if (!ALLOWED[action].includes(record.status)) {
    const wanted = ALLOWED[action].map((status) => `"${status}"`).join(", ");
    throw new ConflictError(
      `Experiment "${record.name}" is "${record.status}"; "${action}" needs one of ${wanted}`,
      { code: "wrong_status" },
    );
  }
  const { records, cache } = experimentsOf(deps);
  const change = changeOf(record, action, deps.now(), variant);
  const served = record.definition.variants[change.serving ?? record.serving]?.key;
  const updated = await records.update(record, change, { actor, action, detail: { serving: served } });
  cache.forget(record);
  return updated;
}

function changeOf(
  record: ExperimentRecord,
  action: ExperimentAction,
  now: number,
  variant?: string,
): ExperimentUpdate {
  const ended = { endedAt: record.endedAt ?? now };
  const changes: Record<ExperimentAction, () => ExperimentUpdate> = {
    start: () => ({ status: "running", startedAt: now, allocation: record.allocation }),
    pause: () => ({ status: "paused" }),
    // A new phase: what changed in the world meanwhile must not look like an effect.
    resume: () => ({ status: "running", allocation: record.allocation }),
    stop: () => ({ status: "stopped", serving: 0, ...ended }),
    promote: () => ({ status: "promoted", serving: promoted(record, variant), ...ended }),
    roll_back: () => ({ status: "rolled_back", serving: 0, ...ended }),
  };
  return changes[action]();
}

function promoted({ definition }: ExperimentRecord, key: string | undefined): number {
  const { variants } = definition;
  const keys = variants.map((variant) => `"${variant.key}"`).join(", ");
  if (key === undefined && variants.length <= 2) return variants.length - 1;
  const index = variants.findIndex((variant) => variant.key === key);
  if (index >= 0) return index;
  const found = key === undefined ? "none was named" : `"${key}" is none of them`;
  throw new InvalidRequestError(`Which variant is to be promoted? There are ${keys}; ${found}`, {
    code: "variant_not_found",
    param: "variant",
  });
}

/**
 * Changes a definition: anything in a draft, the weights of a fixed experiment that runs or is paused. Throws
 * ConflictError for changes that would break what was measured so far, and what creating an experiment throws.
 */
export async function changeExperiment(
  deps: Deps,
  record: ExperimentRecord,
  change: ExperimentChange,
  actor: string,
): Promise<ExperimentRecord> {
  const update = record.status === "draft" ? await redefine(deps, record, change) : reweigh(record, change);
  const { records, cache } = experimentsOf(deps);
  const updated = await records.update(record, update, { actor, action: "change", detail: { ...change } });
  cache.forget(record);
  return updated;
}

async function redefine(
  deps: Deps,
  record: ExperimentRecord,
  change: ExperimentChange,
): Promise<ExperimentUpdate> {
  const { definition } = record;
  const { weights: _, ...fields } = change;
  const { definition: next, weights } = define({
    ...definition,
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    name: record.name,
    start: false,
  });
  await requireCompatibleModels(deps, record.organization, next);
  const wanted = change.weights ? namedWeights(next.variants, change.weights) : weights;
  const { allocation, step } = firstAllocation(next, wanted);
  return { definition: next, allocation, step };
}

function reweigh(record: ExperimentRecord, change: ExperimentChange): ExperimentUpdate {
  const { status, definition, allocation, name } = record;
  if (status !== "running" && status !== "paused") {
    throw new ConflictError(`Experiment "${name}" is "${status}" and cannot be changed; create a new one`, {
      code: "wrong_status",
    });
  }
  const { weights, ...others } = change;
  const breaking = Object.keys(others).filter((field) => others[field as keyof typeof others] !== undefined);
  if (breaking.length > 0) {
    const fields = breaking.map((field) => `"${field}"`).join(", ");
    throw new ConflictError(
      `Changing ${fields} of a running experiment would break what it measured so far; stop it and create a new one`,
      { code: "breaking_change", ...(breaking[0] === undefined ? {} : { param: breaking[0] }) },
    );
  }
  if (!weights) return {};
  if (definition.policy.type !== "fixed") {
    throw new ConflictError(
      `The policy "${definition.policy.type}" sets the weights itself; pause or stop the experiment, or use the policy "fixed"`,
      { code: "breaking_change", param: "weights" },
    );
  }
  return { allocation: reallocate(allocation, namedWeights(definition.variants, weights)) };
}

function namedWeights(
  variants: readonly { key: string }[],
  weights: Readonly<Record<string, number>>,
): number[] {
  const unknown = Object.keys(weights).find((key) => !variants.some((variant) => variant.key === key));
  if (unknown !== undefined) {
    throw new InvalidRequestError(`"${unknown}" is no variant of this experiment`, {
      code: "variant_not_found",
      param: "weights",
    });
  }
  return weightsOf(variants.map(({ key }) => ({ key, weight: weights[key] })));
}
