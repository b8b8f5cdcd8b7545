import type { Deps } from "../deps.ts";
import { assign, type Assignment, type UnitSource } from "./assign.ts";
import { experimentsOf } from "./service.ts";

/** Tuned models' names begin with this; experiments' cannot. */
const TUNED_PREFIX = "ft:";

/**
 * The variant of an experiment that a request gets, or null where no experiment has that name. Throws what `assign` does.
 *
 * @param later is given work to do behind the answer
 */
export async function resolveExperiment(
  deps: Deps,
  organization: string,
  name: string,
  source: UnitSource,
  later: (work: Promise<void>) => void,
): Promise<Assignment | null> {
  if (name.startsWith(TUNED_PREFIX)) return null;
  const experiment = await experimentsOf(deps).cache.byName(organization, name, later);
  return experiment && assign(experiment, source, deps.now());
}
