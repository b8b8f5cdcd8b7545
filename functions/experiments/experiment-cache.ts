import type { ExperimentRecord, ExperimentRecords } from "../records/experiments.ts";

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

interface Entry {
  readonly record: ExperimentRecord | null;
  readonly readAt: number;
}

/** Believed without a question: how late an isolate may be to hear of a roll-back. */
const FRESH_MS = 2000;
/** Believed for one more request, while the answer to the question is under way. */
const STALE_MS = 10_000;
/** Names are chosen by callers: a flood of wrong ones must not fill the memory. */
const MAX_ENTRIES = 1000;

const ignore = () => {};

export function createExperimentCache(records: ExperimentRecords, now: () => number): ExperimentCache {
  const entries = new Map<string, Entry>();
  const read = async (key: string, load: () => Promise<ExperimentRecord | null>) => {
    const record = await load();
    if (entries.size >= MAX_ENTRIES) entries.clear();
    entries.set(key, { record, readAt: now() });
    return record;
  };
  return {
    async byName(organization, name, later) {
      const key = `${organization}/${name}`;
      const load = () => records.findByName(organization, name);
      const entry = entries.get(key);
      const age = entry ? now() - entry.readAt : Infinity;
      if (entry && age <= FRESH_MS) return entry.record;
      if (!entry || age > STALE_MS) return read(key, load);
      // Concurrent requests must not all ask.
      entries.set(key, { ...entry, readAt: now() - FRESH_MS });
      // Where this fails, the next request that may not wait any longer asks again, and gets the error.
      later(read(key, load).then(ignore, ignore));
      return entry.record;
    },
    async byId(organization, id) {
      const key = `${organization}/${id}`;
      const entry = entries.get(key);
      if (entry && now() - entry.readAt <= FRESH_MS) return entry.record;
      return read(key, () => records.find(organization, id));
    },
    forget({ organization, name, id }) {
      entries.delete(`${organization}/${name}`);
      entries.delete(`${organization}/${id}`);
    },
  };
}
