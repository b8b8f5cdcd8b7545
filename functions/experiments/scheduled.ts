import { experimentLimits } from "../../shared/contracts/experiment.ts";
import type { Deps } from "../deps.ts";
import { forgetBefore } from "../records/outcomes.ts";
import { enterFinishedJobs } from "./entries.ts";
import { evaluateExperiment } from "./evaluate.ts";
import { experimentsOf } from "./service.ts";

const MS_PER_DAY = 86_400_000;
/** Beyond the age at which outcomes are refused, so that no key is forgotten that may come again. */
const KEEP_DAYS = experimentLimits.outcomeAgeDays + 5;

/** The regular look at everything: policies, verdicts, tuned models that want to enter. One that fails holds up no other. */
export async function runExperiments(deps: Deps): Promise<void> {
  await enterFinishedJobs(deps);
  for (const record of await experimentsOf(deps).records.running()) {
    try {
      await evaluateExperiment(deps, record);
    } catch (error) {
      deps.log({ level: "error", message: "Evaluation failed", experiment: record.id, error: String(error) });
    }
  }
  await forgetBefore(deps.database, deps.now() - KEEP_DAYS * MS_PER_DAY);
}
