import type { ModelManifest } from "../../shared/contracts/model.ts";
import type { ModelCatalog } from "../deps.ts";
import type { PromptRecord, PromptRecords } from "../records/prompts.ts";
import { modelNotFound } from "./model-catalog.ts";

/** What a model name means: a base model, with a soft prompt in front or without. */
export interface ResolvedModel {
  /** As the caller named it. */
  readonly name: string;
  readonly manifest: ModelManifest;
  readonly prompt: PromptRecord | null;
}

export interface ModelResolver {
  /** Throws NotFoundError (code `model_not_found`), also for another organisation's model. */
  resolve(organization: string, name: string): Promise<ResolvedModel>;
}

/** Tuned models are called `ft:<base>:<organization>:<suffix>:<id>`; every other name is a base model's. */
const TUNED_PREFIX = "ft:";

export function createModelResolver(models: ModelCatalog, prompts: PromptRecords): ModelResolver {
  return {
    async resolve(organization, name) {
      if (!name.startsWith(TUNED_PREFIX))
        return { name, manifest: await models.manifest(name), prompt: null };
      const prompt = await prompts.findByModel(organization, name);
      if (!prompt) throw modelNotFound(name);
      return { name, manifest: await models.manifest(prompt.baseModel), prompt };
    },
  };
}
