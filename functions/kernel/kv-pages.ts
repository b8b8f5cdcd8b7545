import type { Architecture } from "../../shared/contracts/model.ts";
import type { KvCache } from "../../shared/inference/decode-session.ts";
import type { Arena } from "./arena.ts";
import type { Address } from "./kernel.ts";

/** Tokens in a page; the kernel's attention counts on it. */
export const PAGE_TOKENS = 16;

/** Keys and values in pages of the kernel's memory. Caches with a common beginning share its pages. */
export interface PagedKvCache extends KvCache {
  readonly pages: readonly Address[];
}

/** All pages of one engine. Each holds the keys and values of every layer; see `assembly/kv.ts`. */
export interface KvPages {
  /** Bytes from a page's beginning to a layer's part. */
  layerOffset(layer: number): number;
  /**
   * A cache with `tokens` more positions than `past`, yet to be written, which is the caller's to release. Of `past`, at
   * most its last, unfinished page is copied, and that only when another cache has already written there. Throws
   * KernelMemoryError, with nothing taken.
   */
  extend(past: PagedKvCache | null, tokens: number): PagedKvCache;
}

export function createKvPages(arena: Arena, { layers, kvHeads, headSize }: Architecture): KvPages {
  const headBytes = headSize * Int16Array.BYTES_PER_ELEMENT + Float32Array.BYTES_PER_ELEMENT;
  const layerBytes = 2 * kvHeads * PAGE_TOKENS * headBytes;
  const pageBytes = layers * layerBytes;
  const free: Address[] = [];
  const holders = new Map<Address, number>();
  /** Positions that some cache has written to a page. */
  const written = new Map<Address, number>();

  const take = (): Address => {
    const page = free.pop() ?? arena.take(pageBytes);
    holders.set(page, 1);
    written.set(page, 0);
    return page;
  };
  const retain = (page: Address): Address => {
    holders.set(page, (holders.get(page) ?? 0) + 1);
    return page;
  };
  const release = (page: Address): void => {
    const left = (holders.get(page) ?? 0) - 1;
    holders.set(page, left);
    if (left === 0) free.push(page);
  };
  const releaseAll = (pages: readonly Address[]): void => pages.forEach(release);
  // workerd drops a request's continuations, `finally` included, when its client goes away.
  const abandoned = new FinalizationRegistry<readonly Address[]>(releaseAll);

  const copyOf = (page: Address): Address => {
    const copy = take();
    arena.bytes(0, arena.memory.buffer.byteLength).copyWithin(copy, page, page + pageBytes);
    return copy;
  };
  const makeCache = (tokens: number, pages: readonly Address[]): PagedKvCache => {
    let held = true;
    const cache: PagedKvCache = {
      tokens,
      bytes: pages.length * pageBytes,
      pages,
      release() {
        if (!held) return;
        held = false;
        abandoned.unregister(cache);
        releaseAll(pages);
      },
    };
    abandoned.register(cache, pages, cache);
    return cache;
  };

  const extend = (past: PagedKvCache | null, tokens: number): PagedKvCache => {
    const total = (past?.tokens ?? 0) + tokens;
    const pages = (past?.pages ?? []).map(retain);
    try {
      const used = (past?.tokens ?? 0) % PAGE_TOKENS;
      const last = pages.at(-1);
      if (tokens > 0 && used > 0 && last !== undefined && written.get(last) !== used) {
        pages[pages.length - 1] = copyOf(last);
        release(last);
      }
      while (pages.length * PAGE_TOKENS < total) pages.push(take());
    } catch (error) {
      releaseAll(pages);
      throw error;
    }
    pages.forEach((page, i) => {
      const filled = Math.min(PAGE_TOKENS, total - i * PAGE_TOKENS);
      written.set(page, Math.max(written.get(page) ?? 0, filled));
    });
    return makeCache(total, pages);
  };

  return { layerOffset: (layer) => layer * layerBytes, extend };
}
