import type { KvCache } from "./decode-session.ts";

/** A KV cache that lives until the last of its holders lets go. Whoever makes one holds it once. */
export interface SharedCache {
  readonly cache: KvCache;
  retain(): void;
  release(): void;
}

/** Counts the holders of `cache` and releases it with the last one. */
export function shareCache(cache: KvCache): SharedCache {
  let holders = 1;
  return {
    cache,
    retain() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders === 0) cache.release();
    },
  };
}
