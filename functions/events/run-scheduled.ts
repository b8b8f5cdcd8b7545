import type { Deps } from "../deps.ts";
import { runExperiments } from "../experiments/scheduled.ts";
import { KEEP_MS } from "../http/idempotency.ts";
import { createLeases } from "../records/leases.ts";
import { deliverWebhooks } from "../webhooks/deliver.ts";
import { reconcileDatasets } from "./reconcile.ts";

/** What the clock sets off: healing dead leases and lost events, sending webhooks, forgetting old answers. */
export async function runScheduled(deps: Deps): Promise<void> {
  const forget = "DELETE FROM idempotent_calls WHERE created_at < ?1";
  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["healing leases", () => createLeases(deps.database, deps.now, deps.config.leaseMs).heal()],
    ["reconciling datasets", () => reconcileDatasets(deps)],
    ["evaluating experiments", () => runExperiments(deps)],
    ["delivering webhooks", () => deliverWebhooks(deps)],
    ["forgetting answers", () => deps.database.run(forget, deps.now() - KEEP_MS)],
  ];
  for (const [name, step] of steps) {
    try {
      await step();
    } catch (error) {
      // The other steps do not depend on this one, and the next run comes within a minute.
      deps.log({ level: "error", message: `Scheduled run: ${name} failed`, error: String(error) });
    }
  }
}
