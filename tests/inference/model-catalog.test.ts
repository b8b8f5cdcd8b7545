import { describe, expect, it, vi } from "vitest";
import type { ModelCatalog } from "../../functions/deps.ts";
import { createModelCatalog, type EngineFactory } from "../../functions/inference/model-catalog.ts";
import { bundleFiles, modelKey } from "../../shared/contracts/model.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { createFakeEngine } from "./support/fake-engine.ts";
import { tinyModel, writeTinyBundle } from "./support/tiny-app.ts";

interface Setup {
  readonly store: ObjectStore;
  readonly catalog: ModelCatalog;
  readonly reads: string[];
  readonly time: { now: number };
}

async function setup(createEngine: EngineFactory = async () => createFakeEngine()): Promise<Setup> {
  const store = createMemoryStore();
  await writeTinyBundle(store);
  const reads: string[] = [];
  const counting: ObjectStore = {
    ...store,
    get: (key) => {
      reads.push(key);
      return store.get(key);
    },
  };
  const time = { now: 0 };
  return {
    store,
    reads,
    time,
    catalog: createModelCatalog({ store: counting, createEngine, now: () => time.now }),
  };
}

describe("model catalog", () => {
  it("loads a model once, also for concurrent first uses", async () => {
    const createEngine = vi.fn<EngineFactory>(async () => createFakeEngine());
    const { catalog } = await setup(createEngine);
    const models = await Promise.all([catalog.load(tinyModel), catalog.load(tinyModel)]);
    expect(models[0]).toBe(models[1]);
    expect(await catalog.load(tinyModel)).toBe(models[0]);
    expect(await catalog.tokenizer(tinyModel)).toBe(models[0]?.tokenizer);
    expect(createEngine).toHaveBeenCalledOnce();
  });

  it("tries a failed load again, and says whose fault it was", async () => {
    const createEngine = vi
      .fn<EngineFactory>(async () => createFakeEngine())
      .mockRejectedValueOnce(new Error("bad graph"));
    const { catalog } = await setup(createEngine);
    await expect(catalog.load(tinyModel)).rejects.toMatchObject({ status: 500, code: "model_load_failed" });
    expect((await catalog.load(tinyModel)).manifest.name).toBe(tinyModel);
  });

  it("believes a manifest for half a minute, and loads a bundle written anew", async () => {
    const { catalog, store, reads, time } = await setup();
    const first = await catalog.load(tinyModel);
    await writeTinyBundle(store, tinyModel, 2);
    time.now = 29_999;
    expect(await catalog.load(tinyModel)).toBe(first);
    time.now = 30_000;
    const second = await catalog.load(tinyModel);
    expect(second.manifest.createdAt).toBe(2);
    expect(second.engine).not.toBe(first.engine);
    expect(reads.filter((key) => key.endsWith("manifest.json"))).toHaveLength(2);
  });

  it("lists the models of the bucket and nothing else", async () => {
    const { catalog, store } = await setup();
    await writeTinyBundle(store, "other");
    await store.put("models/UPPER/manifest.json", "{}");
    await store.put("models/tiny/extra/manifest.json", "{}");
    expect((await catalog.list()).map(({ name }) => name).toSorted()).toEqual(["other", tinyModel]);
  });

  it("never looks for names that could leave the models' folder", async () => {
    const { catalog, reads } = await setup();
    for (const name of ["../tiny", "a/b", "", ".", "..", "Tiny", "a".repeat(65), "tiny\0"]) {
      await expect(catalog.manifest(name)).rejects.toMatchObject({
        status: 404,
        code: "model_not_found",
        param: "model",
      });
    }
    expect(reads).toEqual([]);
  });

  it("refuses bundles that are not what they say", async () => {
    const { catalog, store } = await setup();
    const key = modelKey("broken", bundleFiles.manifest);
    await store.put(key, "{");
    await expect(catalog.manifest("broken")).rejects.toMatchObject({ status: 500, code: "corrupt_object" });
    await store.put(key, '{"name":"broken"}');
    await expect(catalog.manifest("broken")).rejects.toMatchObject({ code: "corrupt_object" });
    const other = await store.get(modelKey(tinyModel, bundleFiles.manifest));
    await store.put(key, (await other?.bytesBody()) ?? "");
    await expect(catalog.manifest("broken")).rejects.toThrow('that of "tiny"');
    const tokenizer = await (await store.get(modelKey(tinyModel, bundleFiles.tokenizer)))?.bytesBody();
    // A blank for a character: still JSON perhaps, and of the same size.
    await store.put(modelKey(tinyModel, bundleFiles.tokenizer), tokenizer?.with(20, 32) ?? "");
    await expect(catalog.tokenizer(tinyModel)).rejects.toMatchObject({ code: "corrupt_object" });
  });

  it("says that the bucket is down when it is", async () => {
    const down = () => Promise.reject(new Error("network"));
    const store: ObjectStore = { ...createMemoryStore(), get: down };
    const catalog = createModelCatalog({
      store,
      createEngine: async () => createFakeEngine(),
      now: Date.now,
    });
    await expect(catalog.load(tinyModel)).rejects.toMatchObject({
      status: 503,
      code: "storage_unavailable",
      retryAfter: 5,
    });
  });
});
