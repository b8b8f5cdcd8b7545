import type { ExperimentRecord, ExperimentRecords } from "../records/experiments.ts";
import { createRecordCache } from "../records/record-cache.ts";

/** Experiments as requests need them: without asking the database for each. */
export interface ExperimentCache {
  /** The newest experiment of a name. `later` is given work to do behind the answer. */
  byName(
    organization: string,
    name: string,
    later: (work: Promise<void>) => void,
  ): Promise<ExperimentRecord | null>;
  byId(organization: string, id: string): Promise<ExperimentRecord | null>;
  /** Forgets an experiment that was changed here; other isolates notice within seconds. */
  forget(experiment: Pick<ExperimentRecord, "organization" | "name" | "id">): void;
}

export function createExperimentCache(records: ExperimentRecords, now: () => number): ExperimentCache {
  // Most requests name no experiment: that there is none has to be known too.
  const cache = createRecordCache<ExperimentRecord>(now, { keepMissing: true });
  // Callers may give an id where a name is asked for: that no experiment has it for a name says nothing of ids.
  const nameKey = (organization: string, name: string) => `name/${organization}/${name}`;
  const idKey = (organization: string, id: string) => `id/${organization}/${id}`;
  return {
    byName: (organization, name, later) =>
      cache.get(nameKey(organization, name), () => records.findByName(organization, name), later),
    byId: (organization, id) => cache.get(idKey(organization, id), () => records.find(organization, id)),
    forget({ organization, name, id }) {
      cache.forget(nameKey(organization, name));
      cache.forget(idKey(organization, id));
    },
  };
}
