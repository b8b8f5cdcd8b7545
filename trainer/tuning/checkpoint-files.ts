import { checkpointKey, jobPrefix } from "../../shared/contracts/job.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { TuneState } from "./tune.ts";

/** The states of a run that lie in the bucket. */
export interface CheckpointFiles {
  /** The newest one that is whole and of this run, or null. */
  read(): Promise<TuneState | null>;
  write(state: TuneState): Promise<void>;
}

/** Two, so that one that was damaged leaves the one before it. */
const KEPT = 2;
const NAME = /\/checkpoint-\d+-([0-9a-f]{64})\.safetensors$/;

/**
 * A job's checkpoints. Each lies under the token of the lease that it was written under, and the newest lease's come first:
 * what a trainer writes that has lost its lease without knowing is never taken for its successor's.
 *
 * @param fingerprint of the run: states of other rows, settings or base models are passed over
 */
export function createCheckpointFiles(
  store: ObjectStore,
  job: string,
  leaseToken: number,
  fingerprint: string,
): CheckpointFiles {
  const newestFirst = async () => {
    const found: { key: string; sha256: string }[] = [];
    for await (const { key } of store.list(jobPrefix(job))) {
      const sha256 = NAME.exec(key)?.[1];
      if (sha256 !== undefined) found.push({ key, sha256 });
    }
    return found.toReversed();
  };
  return {
    async read() {
      for (const { key, sha256 } of await newestFirst()) {
        const bytes = await (await store.get(key))?.bytesBody();
        const state = bytes && (await sha256Hex(bytes)) === sha256 && readCheckpoint(bytes, fingerprint);
        if (state) return state;
      }
      return null;
    },
    async write(state) {
      const bytes = writeCheckpoint(state, fingerprint);
      await store.put(checkpointKey(job, leaseToken, state.step, await sha256Hex(bytes)), bytes);
      for (const { key } of (await newestFirst()).slice(KEPT)) await store.delete(key);
    },
  };
}
