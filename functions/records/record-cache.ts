/** Records as requests need them: without asking the database for each. */
export interface RecordCache<T> {
  /** What `load` gave lately. `later` is given a question to ask behind the answer; without it, the question is asked at once. */
  get(key: string, load: () => Promise<T | null>, later?: (work: Promise<void>) => void): Promise<T | null>;
  /** Forgets what was changed here; other isolates notice within seconds. */
  forget(key: string): void;
  forgetAll(): void;
}

interface Entry<T> {
  readonly record: T | null;
  readonly readAt: number;
}

/** Believed without a question: how late an isolate may be to hear of a roll-back, a deletion or a revoked key. */
const FRESH_MS = 2000;
/** Believed for one more request, while the answer to the question is under way. */
const STALE_MS = 10_000;
/** Names are chosen by callers: a flood of them must not fill the memory. */
const MAX_ENTRIES = 1000;

const ignore = () => {};

/**
 * @param now milliseconds since 1970
 * @param keepMissing whether it is also believed that there is no such record; otherwise a new one is found at once
 */
export function createRecordCache<T>(
  now: () => number,
  { keepMissing }: { keepMissing: boolean },
): RecordCache<T> {
  const entries = new Map<string, Entry<T>>();
  const read = async (key: string, load: () => Promise<T | null>) => {
    const record = await load();
    if (record === null && !keepMissing) entries.delete(key);
    else {
      if (entries.size >= MAX_ENTRIES) entries.clear();
      entries.set(key, { record, readAt: now() });
    }
    return record;
  };
  return {
    async get(key, load, later) {
      const entry = entries.get(key);
      const age = entry ? now() - entry.readAt : Infinity;
      if (entry && age <= FRESH_MS) return entry.record;
      if (!entry || !later || age > STALE_MS) return read(key, load);
      // Concurrent requests must not all ask.
      entries.set(key, { ...entry, readAt: now() - FRESH_MS });
      // Where this fails, the next request that may not wait any longer asks again, and gets the error.
      later(read(key, load).then(ignore, ignore));
      return entry.record;
    },
    forget: (key) => void entries.delete(key),
    forgetAll: () => entries.clear(),
  };
}
