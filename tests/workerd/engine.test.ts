import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadEngine } from "../../functions/inference/engine.ts";
import { CorruptObjectError } from "../../functions/inference/verified-object.ts";
import { bundleFiles, modelKey } from "../../shared/contracts/model.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import { createTokenizer } from "../../shared/text/tokenizer.ts";
import { describeEngine } from "../engine/contract.ts";
import { askAboutFrance } from "../engine/france.ts";
import { seedBaseModel, type SeededModel } from "./base-model.ts";

let model: SeededModel;
beforeAll(async () => {
  model = await seedBaseModel();
});

describeEngine("onnxruntime-web in workerd", {
  load: () => loadEngine(model.bucket, model.manifest),
  tolerance: 0.02,
});

describe("the default base model in workerd", () => {
  let engine: InferenceEngine;
  beforeAll(async () => {
    engine = await loadEngine(model.bucket, model.manifest);
  });
  afterAll(() => engine.close());

  it("knows the capital of France", async () => {
    const read = async (file: string) => {
      const object = await model.bucket.get(modelKey(model.manifest.name, file));
      return new TextDecoder().decode(await object?.bytesBody());
    };
    const tokenizer = createTokenizer(
      await read(bundleFiles.tokenizer),
      await read(bundleFiles.tokenizerConfig),
      model.manifest.specialTokens,
    );
    expect(await askAboutFrance(engine, tokenizer)).toBe("The capital of France is Paris.");
  });

  it("takes half the isolate's memory at most", async () => {
    const sequence = engine.start();
    await sequence.append(Array.from({ length: 64 }, (_, i) => 300 + i));
    expect(engine.memoryBytes()).toBeLessThan(64e6);
    sequence.close();
  });

  it("loads beside another engine", async () => {
    const other = await loadEngine(model.bucket, model.manifest);
    const [a, b] = [engine.start(), other.start()];
    expect(await b.append([1, 85, 736])).toEqual(await a.append([1, 85, 736]));
    a.close();
    other.close();
  });

  it("refuses a decode graph that is not what the manifest says", async () => {
    const key = modelKey("minimind2-small", bundleFiles.decodeGraph);
    const bytes = await (await env.BUCKET.get(key))?.bytes();
    if (!bytes) throw new Error("The bucket has no decode graph");
    const load = () => loadEngine(model.bucket, model.manifest);
    await env.BUCKET.put(key, bytes.subarray(1));
    await expect(load()).rejects.toThrow(CorruptObjectError);
    const changed = bytes.slice();
    changed[1_000_000] = (changed[1_000_000] ?? 0) ^ 1;
    await env.BUCKET.put(key, changed);
    await expect(load()).rejects.toThrow("sha256");
    await env.BUCKET.delete(key);
    await expect(load()).rejects.toThrow("missing");
  });
});
