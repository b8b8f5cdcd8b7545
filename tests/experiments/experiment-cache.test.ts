import { describe, expect, it } from "vitest";
import { createExperimentCache } from "../../functions/experiments/experiment-cache.ts";
import type { ExperimentRecord, ExperimentRecords } from "../../functions/records/experiments.ts";

function setUp() {
  let [now, reads, version] = [0, 0, 1];
  const records = {
    findByName: async () => {
      reads++;
      return { id: "exp_1", organization: "acme", name: "x", version } as ExperimentRecord;
    },
  } as unknown as ExperimentRecords;
  const cache = createExperimentCache(records, () => now);
  const behind: Promise<void>[] = [];
  return {
    cache,
    read: async () => (await cache.byName("acme", "x", (work) => behind.push(work)))?.version,
    pass: (milliseconds: number) => (now += milliseconds),
    change: () => (version = 2),
    settle: () => Promise.all(behind),
    reads: () => reads,
  };
}

describe("experiment cache", () => {
  it("tells an id that was asked for as a name from the experiment that has it", async () => {
    const records = {
      findByName: async () => null,
      find: async () => ({ id: "exp_1", version: 1 }) as ExperimentRecord,
    } as unknown as ExperimentRecords;
    const cache = createExperimentCache(records, () => 0);
    expect(await cache.byName("acme", "exp_1", () => {})).toBeNull();
    expect((await cache.byId("acme", "exp_1"))?.id).toBe("exp_1");
  });

  it("asks once while what it knows is fresh", async () => {
    const { read, reads, pass } = setUp();
    for (let i = 0; i < 100; i++) {
      await read();
      pass(15);
    }
    expect(reads()).toBe(1);
  });

  it("answers from what it knows while it asks again, once, behind the answer", async () => {
    const { read, reads, pass, change, settle } = setUp();
    await read();
    change();
    pass(3000);
    expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
    await settle();
    expect(reads()).toBe(2);
    expect(await read()).toBe(2);
  });

  it("waits for the answer when what it knows is too old", async () => {
    const { read, pass, change } = setUp();
    await read();
    change();
    pass(60_000);
    expect(await read()).toBe(2);
  });

  it("forgets what was changed here", async () => {
    const { cache, read, change } = setUp();
    await read();
    change();
    cache.forget({ id: "exp_1", organization: "acme", name: "x" });
    expect(await read()).toBe(2);
  });
});
