import type { Deps } from "../deps.ts";
import { createKeyRecords, type KeyRecord } from "../records/keys.ts";
import { createRecordCache } from "../records/record-cache.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import type { Caller } from "./app-env.ts";

/** Who the caller is when the deployment's own admin key was used. */
export const DEPLOYMENT_KEY = "key_deployment";

const DEPLOYMENT: Caller = {
  organization: "admin",
  keyId: DEPLOYMENT_KEY,
  scopes: ["admin", "events"],
  requestsPerMinute: null,
};

/** The keys that an isolate has seen lately. */
export interface Callers {
  /** Null for a key that is unknown, revoked or over. `later` is given work to do behind the answer. */
  authenticate(key: string, later: (work: Promise<void>) => void): Promise<Caller | null>;
  /** To be called where keys change; other isolates notice within seconds. */
  forget(): void;
}

/** `last_used_at` is exact to this; writing it with every request would be the busiest write of all. */
const LAST_USED_PRECISION_MS = 60_000;
const known = new WeakMap<Deps, Callers>();

/** The callers of an app. */
export function callersOf(deps: Deps): Callers {
  const callers = known.get(deps) ?? createCallers(deps);
  known.set(deps, callers);
  return callers;
}

function createCallers({ config, database, now, log }: Deps): Callers {
  const keys = createKeyRecords({ database, now });
  const cache = createRecordCache<KeyRecord>(now, { keepMissing: false });
  const lastUsed = new Map<string, number>();
  let deploymentKey: Promise<string> | undefined;

  async function noteUse({ id, lastUsedAt }: KeyRecord): Promise<void> {
    const time = now();
    if (time - Math.max(lastUsedAt ?? 0, lastUsed.get(id) ?? 0) < LAST_USED_PRECISION_MS) return;
    lastUsed.set(id, time);
    try {
      await keys.noteUse(id);
    } catch (error) {
      log({ level: "error", message: "A key's last use could not be written", error: String(error) });
    }
  }

  return {
    async authenticate(key, later) {
      // Equal digests mean equal keys, and comparing digests tells an attacker nothing about the key by its timing.
      const sha256 = await sha256Hex(key);
      if (config.adminKey !== "" && sha256 === (await (deploymentKey ??= sha256Hex(config.adminKey))))
        return DEPLOYMENT;
      const record = await cache.get(sha256, () => keys.findLive(sha256), later);
      if (!record || (record.expiresAt ?? Infinity) <= now()) return null;
      later(noteUse(record));
      const { organization, id: keyId, scopes, requestsPerMinute } = record;
      return { organization, keyId, scopes, requestsPerMinute };
    },
    forget: () => cache.forgetAll(),
  };
}
