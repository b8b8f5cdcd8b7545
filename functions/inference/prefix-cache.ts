import type { Prefix } from "../../shared/ports/inference-engine.ts";
import { createSingleFlight } from "./single-flight.ts";

/** A prefix in use: it stays until released. */
export interface PrefixLease {
  readonly prefix: Prefix;
  /** Once; the prefix may be dropped from then on. */
  release(): void;
}

/** Keys and values of soft prompts that are ready to start after. */
export interface PrefixCache {
  /** The prefix of this id, loaded when it is not there. Concurrent first uses load once. */
  use(id: string, load: () => Promise<Prefix>): Promise<PrefixLease>;
  readonly bytes: number;
  readonly count: number;
}

interface Entry {
  readonly prefix: Prefix;
  users: number;
}

/** How long to wait for another request's load: reading a few megabytes takes far less. */
const LOAD_PATIENCE_MS = 10_000;

/**
 * Keeps at most `maxBytes` of engine memory, dropping what was used least recently. Prefixes in use are never dropped, so
 * with many in use at once the bound can be passed by what they need, and is kept again once they are released.
 *
 * @param now milliseconds since 1970
 */
export function createPrefixCache(maxBytes: number, now: () => number): PrefixCache {
  /** In order of last use, oldest first, as Map keeps insertion order. */
  const entries = new Map<string, Entry>();
  const flights = createSingleFlight<void>(LOAD_PATIENCE_MS, now);
  let bytes = 0;

  const shrink = () => {
    for (const [id, entry] of entries) {
      if (bytes <= maxBytes) return;
      if (entry.users > 0) continue;
      entries.delete(id);
      bytes -= entry.prefix.bytes;
      entry.prefix.release();
    }
  };
  const lease = (id: string, entry: Entry): PrefixLease => {
    entries.delete(id);
    entries.set(id, entry);
    entry.users++;
    let released = false;
    return {
      prefix: entry.prefix,
      release() {
        if (released) return;
        released = true;
        entry.users--;
        shrink();
      },
    };
  };
  const insert = (id: string, prefix: Prefix) => {
    if (entries.has(id)) {
      // A request that gave up waiting for this load was faster.
      prefix.release();
      return;
    }
    entries.set(id, { prefix, users: 0 });
    bytes += prefix.bytes;
  };

  return {
    get bytes() {
      return bytes;
    },
    get count() {
      return entries.size;
    },
    async use(id, load) {
      for (;;) {
        const entry = entries.get(id);
        if (entry) {
          const taken = lease(id, entry);
          shrink();
          return taken;
        }
        // Another user of the same load may have come and gone before this one runs again: then it loads anew.
        await flights.run(id, async () => insert(id, await load()));
      }
    },
  };
}
