import type { LeasedJob } from "../../shared/contracts/job.ts";
import type { Deps } from "../deps.ts";
import type { JobRecord } from "../records/jobs.ts";
import { createPromptRecords } from "../records/prompts.ts";
import { experimentsOf } from "./service.ts";

/**
 * The tuned model that serves the experiment which a job wants to enter: its trainer evaluates it beside the new one, on the
 * same rows. Null where the job enters none, or a base model serves, which every evaluation has anyway.
 */
export async function currentModelFor(
  deps: Deps,
  job: JobRecord,
): Promise<NonNullable<LeasedJob["current"]> | null> {
  const { organization, settings } = job;
  if (!settings.experiment) return null;
  const experiment = await experimentsOf(deps).records.findByName(organization, settings.experiment.name);
  const model = experiment?.definition.variants[experiment.serving]?.model;
  if (model === undefined) return null;
  const prompt = await createPromptRecords(deps.database).findByModel(organization, model);
  return prompt && { model, prompt_id: prompt.id };
}
