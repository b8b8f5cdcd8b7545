import { bundleFiles } from "../../shared/contracts/model.ts";
import type { ExperimentDefinition, ExperimentInput } from "../../shared/contracts/experiment.ts";
import { ForewordError, InvalidRequestError, NotFoundError } from "../../shared/errors.ts";
import { newId } from "../../shared/ids.ts";
import type { Deps } from "../deps.ts";
import { inferenceOf } from "../inference/service.ts";
import type { ExperimentRecord } from "../records/experiments.ts";
import { allocate, type Allocation } from "./allocation.ts";
import { define } from "./define.ts";
import { canaryWeights } from "./policies/canary.ts";
import { experimentsOf } from "./service.ts";

const SALT_BYTES = 16;

/**
 * Creates an experiment, and starts it unless told not to. Throws InvalidRequestError, NotFoundError for a missing model,
 * and ConflictError when the name has an experiment that has not ended.
 *
 * @param actor for the history: a key's id, or "job"
 */
export async function createExperiment(
  deps: Deps,
  organization: string,
  input: ExperimentInput,
  actor: string,
  jobId: string | null = null,
): Promise<ExperimentRecord> {
  const { definition, weights } = define(input);
  await requireFreeName(deps, input.name);
  await requireCompatibleModels(deps, organization, definition);
  const { records, cache } = experimentsOf(deps);
  const now = deps.now();
  const { allocation, step } = firstAllocation(definition, weights);
  const record: ExperimentRecord = {
    id: newId("experiment", now),
    organization,
    name: input.name,
    status: input.start ? "running" : "draft",
    definition,
    salt: randomSalt(),
    serving: 0,
    // A draft has assigned nobody.
    phase: input.start ? 1 : 0,
    allocation,
    step,
    verdict: null,
    version: 1,
    jobId,
    createdAt: now,
    startedAt: input.start ? now : null,
    endedAt: null,
  };
  await records.create(record, {
    actor,
    action: input.start ? "start" : "create",
    detail: { definition, weights },
  });
  cache.forget(record);
  return record;
}

/** The buckets that an experiment begins with. */
export function firstAllocation(
  { policy, variants }: ExperimentDefinition,
  weights: readonly number[],
): { allocation: Allocation; step: number } {
  if (policy.type === "canary") return { allocation: allocate(canaryWeights(policy, 0)), step: 0 };
  // In the shadow both answer every unit.
  if (policy.type === "shadow") return { allocation: allocate(variants.map(() => 1)), step: -1 };
  return { allocation: allocate(weights), step: -1 };
}

async function requireFreeName(deps: Deps, name: string): Promise<void> {
  try {
    await deps.models.manifest(name);
  } catch (error) {
    if (error instanceof NotFoundError) return;
    throw error;
  }
  throw new InvalidRequestError(`"${name}" is a base model; give the experiment another name`, {
    code: "name_taken",
    param: "name",
  });
}

/** Every variant must exist and read text the same way: token counts, limits and labels are compared between them. */
export async function requireCompatibleModels(
  deps: Deps,
  organization: string,
  { variants }: Pick<ExperimentDefinition, "variants">,
): Promise<void> {
  const tokenizers = await Promise.all(
    variants.map(async ({ key, model }, i) => {
      try {
        const { manifest } = await inferenceOf(deps).resolver.resolve(organization, model);
        return { key, base: manifest.name, digest: manifest.files[bundleFiles.tokenizer]?.sha256 };
      } catch (error) {
        if (!(error instanceof ForewordError) || error.status !== 404) throw error;
        throw new NotFoundError(`Variant "${key}" names the model "${model}", which does not exist`, {
          code: "model_not_found",
          param: `variants.${i}.model`,
          cause: error,
        });
      }
    }),
  );
  const [first] = tokenizers;
  const other = tokenizers.find(({ digest }) => digest !== first?.digest);
  if (!first || !other) return;
  throw new InvalidRequestError(
    `Variant "${other.key}" is based on "${other.base}", whose tokenizer differs from that of "${first.base}" under "${first.key}"; compare models with one tokenizer`,
    { code: "tokenizer_mismatch", param: "variants" },
  );
}

function randomSalt(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(SALT_BYTES)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
