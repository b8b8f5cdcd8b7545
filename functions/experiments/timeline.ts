import type { Deps } from "../deps.ts";
import { readPhaseSumsByDay } from "../records/experiment-aggregates.ts";
import type { ExperimentRecord } from "../records/experiments.ts";
import { assess } from "./assess.ts";
import { countedIn } from "./evaluate.ts";
import { presentComparisons } from "./report.ts";
import { experimentsOf } from "./service.ts";

/** Days shown, the newest ones: each is a look of its own, and a request has to do them all. */
const MAX_DAYS = 60;

/**
 * How an experiment's effects became what they are: for each day the comparisons of all units that had come by its end, with
 * what is known of them now. Intervals hold at every look, so all of them hold together. Oldest day first.
 */
export async function timelineOf(deps: Deps, { id, definition }: ExperimentRecord) {
  const [days, phases] = await Promise.all([
    readPhaseSumsByDay(deps.database, id, definition),
    experimentsOf(deps).records.phases(id),
  ]);
  return days.slice(-MAX_DAYS).map(({ day, phases: sums }) => {
    const assessment = assess(definition, countedIn(definition, phases, sums));
    const metrics = definition.metrics.map((metric) => ({
      key: metric.key,
      comparisons: presentComparisons(definition, assessment, metric),
    }));
    return { day, units: [...assessment.units], metrics };
  });
}
