import type { KvCache } from "../../../shared/inference/decode-session.ts";
import type { HeapTensor } from "./tensor.ts";

/** Keys and values as tensors in the wasm heap: key and value of layer 0, of layer 1 and so on. */
export interface HeapKvCache extends KvCache {
  readonly tensors: readonly HeapTensor[];
}

/**
 * Frees caches that nobody released. workerd drops a request's continuations, `finally` included, when its client goes
 * away; without this what it held would stay in the heap for good.
 */
const abandoned = new FinalizationRegistry<readonly HeapTensor[]>(releaseAll);

/** Makes a cache of `tokens` positions that owns `tensors`. */
export function makeKvCache(tokens: number, tensors: readonly HeapTensor[]): HeapKvCache {
  const cache: HeapKvCache = {
    tokens,
    bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    tensors,
    release() {
      abandoned.unregister(cache);
      releaseAll(tensors);
    },
  };
  abandoned.register(cache, tensors, cache);
  return cache;
}

export function releaseAll(tensors: readonly HeapTensor[]): void {
  for (const tensor of tensors) tensor.release();
}
