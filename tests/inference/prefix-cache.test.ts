import { describe, expect, it } from "vitest";
import { createPrefixCache } from "../../functions/inference/prefix-cache.ts";
import { createFakeEngine } from "./support/fake-engine.ts";

/** Bytes of one token of the fake engine's keys and values. */
const TOKEN_BYTES = 32;

function setup(maxTokens: number) {
  const engine = createFakeEngine();
  const cache = createPrefixCache(maxTokens * TOKEN_BYTES, Date.now);
  const loads: string[] = [];
  const use = (id: string, tokens = 10) =>
    cache.use(id, async () => {
      loads.push(id);
      await Promise.resolve();
      return engine.computePrefix({ tokens, data: new Float32Array(0) });
    });
  return { engine, cache, loads, use };
}

describe("prefix cache", () => {
  it("loads once, also for concurrent first uses", async () => {
    const { use, loads } = setup(100);
    const leases = await Promise.all([use("a"), use("a"), use("a")]);
    for (const lease of leases) lease.release();
    (await use("a")).release();
    expect(loads).toEqual(["a"]);
  });

  it("drops what was used least recently once the bound is passed", async () => {
    const { use, loads, cache, engine } = setup(25);
    for (const id of ["a", "b", "a", "c", "a", "b"]) (await use(id)).release();
    // c pushed out b, b pushed out c; a was always used in between.
    expect(loads).toEqual(["a", "b", "c", "b"]);
    expect(cache.bytes).toBe(20 * TOKEN_BYTES);
    expect(engine.open.prefixes).toBe(cache.count);
  });

  it("keeps what is in use, and is small again afterwards", async () => {
    const { use, cache, engine } = setup(25);
    const leases = await Promise.all(["a", "b", "c", "d"].map((id) => use(id)));
    expect(cache.count).toBe(4);
    for (const lease of leases) {
      expect(() => engine.start(lease.prefix).close()).not.toThrow();
      lease.release();
      lease.release();
    }
    expect(cache.count).toBe(2);
    expect(engine.open.prefixes).toBe(2);
  });

  it("keeps what one user still needs when another releases twice", async () => {
    const { use, engine } = setup(5);
    const [first, second] = await Promise.all([use("a"), use("a")]);
    first.release();
    first.release();
    expect(() => engine.start(second.prefix).close()).not.toThrow();
    second.release();
    expect(engine.open.prefixes).toBe(0);
  });

  it("holds nothing that is larger than the whole cache for longer than it is used", async () => {
    const { use, cache } = setup(5);
    const lease = await use("a");
    expect(cache.count).toBe(1);
    lease.release();
    expect(cache.count).toBe(0);
    expect(cache.bytes).toBe(0);
  });

  it("forgets a failed load, and all who waited for it hear of it", async () => {
    const { cache, engine } = setup(100);
    const fail = () => Promise.reject(new Error("no bucket"));
    const results = await Promise.allSettled([cache.use("a", fail), cache.use("a", fail)]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const lease = await cache.use("a", () => engine.computePrefix({ tokens: 1, data: new Float32Array(0) }));
    expect(lease.prefix.tokens).toBe(1);
  });

  it("loads again for a late waiter when the prefix is gone already", async () => {
    const { use, engine } = setup(5);
    // Too large to stay, so the first user's release drops it while the others are still on their way.
    const work = async () => {
      const lease = await use("a");
      engine.start(lease.prefix).close();
      lease.release();
    };
    await Promise.all([work(), work(), work()]);
    expect(engine.open).toEqual({ sequences: 0, prefixes: 0 });
  });
});
