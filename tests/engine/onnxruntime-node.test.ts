import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleFiles, modelManifestSchema, type ModelManifest } from "../../shared/contracts/model.ts";
import { causalMask, decodeInputNames, decodeOutputNames } from "../../shared/inference/decode-graph.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import { createTokenizer } from "../../shared/text/tokenizer.ts";
import { loadNodeEngine, OnnxRuntimeNodeError } from "../../trainer/adapters/onnxruntime-node-engine.ts";
import { baseModelFolder } from "../support/model-cache.ts";
import { describeEngine } from "./contract.ts";
import { askAboutFrance } from "./france.ts";

const read = (file: string) => readFile(join(baseModelFolder, file), "utf8");
const manifestOf = async (): Promise<ModelManifest> =>
  modelManifestSchema.parse(JSON.parse(await read(bundleFiles.manifest)));
const load = async (): Promise<InferenceEngine> =>
  loadNodeEngine(join(baseModelFolder, bundleFiles.decodeGraph), (await manifestOf()).architecture, {
    threads: 1,
  });

describeEngine("onnxruntime-node", { load, tolerance: 0.02 });

describe("the default base model in onnxruntime-node", () => {
  let engine: InferenceEngine;
  beforeAll(async () => {
    engine = await load();
  });
  afterAll(() => engine.close());

  it("knows the capital of France", async () => {
    const manifest = await manifestOf();
    const tokenizer = createTokenizer(
      await read(bundleFiles.tokenizer),
      await read(bundleFiles.tokenizerConfig),
      manifest.specialTokens,
    );
    expect(await askAboutFrance(engine, tokenizer)).toBe("The capital of France is Paris.");
  });

  it("takes keys and values in the layout in which the graph gives them", async () => {
    const ids = [1, 85, 736, 201, 59];
    const session = await InferenceSession.create(join(baseModelFolder, bundleFiles.decodeGraph));
    const { layers, kvHeads, headSize, hiddenSize } = engine.architecture;
    const nothing = new Tensor("float32", new Float32Array(0), [1, kvHeads, 0, headSize]);
    const given = [
      new Tensor("float32", new Float32Array(0), [0, hiddenSize]),
      new Tensor("int64", BigInt64Array.from(ids, BigInt), [ids.length]),
      new Tensor("int64", BigInt64Array.of(0n), [1]),
      new Tensor("int64", BigInt64Array.of(0n), [1]),
      new Tensor("float32", causalMask(0, ids.length), [ids.length, ids.length]),
    ];
    const feeds = decodeInputNames(layers).map((name, i) => [name, given[i] ?? nothing] as const);
    const results = await session.run(Object.fromEntries(feeds));
    const [, ...present] = decodeOutputNames(layers);
    const data = present.flatMap((name) => Array.from(results[name]?.data as Float32Array));
    await session.release();

    const loaded = engine.start(
      await engine.loadPrefix({ tokens: ids.length, data: Float32Array.from(data) }),
    );
    const plain = engine.start();
    await plain.append(ids);
    const [found, wanted] = [await loaded.append([292]), await plain.append([292])];
    found.forEach((value, i) => expect(value).toBeCloseTo(wanted[i] ?? NaN, 3));
  });

  it("names a file that it cannot load", async () => {
    const loading = loadNodeEngine("/nowhere/decode.ort", engine.architecture);
    await expect(loading).rejects.toThrow(OnnxRuntimeNodeError);
    await expect(loading).rejects.toThrow('"/nowhere/decode.ort"');
  });
});
