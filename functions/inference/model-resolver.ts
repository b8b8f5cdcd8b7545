import type { ModelManifest } from "../../shared/contracts/model.ts";
import type { ModelCatalog } from "../deps.ts";
import type { PromptRecord, PromptRecords } from "../records/prompts.ts";
import { createRecordCache } from "../records/record-cache.ts";
import { modelNotFound } from "./model-catalog.ts";

/** What a model name means: a base model, with a soft prompt in front or without. */
export interface ResolvedModel {
  /** As the caller named it. */
  readonly name: string;
  readonly manifest: ModelManifest;
  readonly prompt: PromptRecord | null;
}

export interface ModelResolver {
  /**
   * Throws NotFoundError (code `model_not_found`), also for another organisation's model. `later` is given work to do behind
   * the answer.
   */
  resolve(organization: string, name: string, later?: (work: Promise<void>) => void): Promise<ResolvedModel>;
  /** To be called where a tuned model is deleted; other isolates notice within seconds. */
  forget(organization: string, name: string): void;
}

/** Tuned models are called `ft:<base>:<organization>:<suffix>:<id>`; every other name is a base model's. */
const TUNED_PREFIX = "ft:";

/** @param now milliseconds since 1970 */
export function createModelResolver(
  models: ModelCatalog,
  prompts: PromptRecords,
  now: () => number,
): ModelResolver {
  const cache = createRecordCache<PromptRecord>(now, { keepMissing: false });
  const keyOf = (organization: string, name: string) => `${organization}/${name}`;
  return {
    async resolve(organization, name, later) {
      if (!name.startsWith(TUNED_PREFIX))
        return { name, manifest: await models.manifest(name), prompt: null };
      const read = () => prompts.findByModel(organization, name);
      const prompt = await cache.get(keyOf(organization, name), read, later);
      if (!prompt) throw modelNotFound(name);
      return { name, manifest: await models.manifest(prompt.baseModel), prompt };
    },
    forget: (organization, name) => cache.forget(keyOf(organization, name)),
  };
}
