import type { Deps } from "../deps.ts";
import { createExperimentRecords, type ExperimentRecords } from "../records/experiments.ts";
import { createExperimentCache, type ExperimentCache } from "./experiment-cache.ts";

/** Everything about experiments that requests share in one isolate. */
export interface Experiments {
  readonly records: ExperimentRecords;
  readonly cache: ExperimentCache;
}

const services = new WeakMap<Deps, Experiments>();

/** The experiments of an app. */
export function experimentsOf(deps: Deps): Experiments {
  const known = services.get(deps);
  if (known) return known;
  const records = createExperimentRecords(deps.database, deps.now);
  const service = { records, cache: createExperimentCache(records, deps.now) };
  services.set(deps, service);
  return service;
}
