import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Architecture } from "../../shared/contracts/model.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import { createRandom } from "../../shared/random.ts";
import { loadNodeEngine } from "../../trainer/adapters/onnxruntime-node-engine.ts";
import { buildDecodeGraph } from "../../trainer/model/decode-graph.ts";
import { dequantise, type FloatWeight } from "../../trainer/model/quantisation.ts";
import { quantiseWeights, type WeightFormat } from "../../trainer/model/weight-format.ts";
import { serializeGraph } from "../../trainer/onnx/serialize.ts";
import { randomWeights } from "./random-weights.ts";
import { embeddingRows, referenceLogits } from "./reference-llama.ts";

const llama: Architecture = {
  family: "llama",
  hiddenSize: 32,
  layers: 3,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  intermediateSize: 48,
  vocabularySize: 40,
  contextLength: 64,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
};
const variants: readonly (readonly [string, Architecture])[] = [
  ["grouped queries, tied head", llama],
  ["one key head for each query head, untied head", { ...llama, kvHeads: 4, tiedEmbeddings: false }],
  ["one key head for all, heads of 8", { ...llama, kvHeads: 1, headSize: 8 }],
  ["biases (Qwen2)", { ...llama, attentionBias: true }],
  ["query and key norms (Qwen3)", { ...llama, queryKeyNorm: true, ropeTheta: 1e6 }],
];
const formats: readonly (readonly [WeightFormat, number])[] = [
  ["float32", 2e-4],
  // Two int8 digits keep about fifteen bits of an activation.
  ["int8", 0.002],
];
const IDS = [3, 17, 0, 39, 8, 8, 21, 30, 2, 11, 5];

describe.each(variants)("decode graph: %s", (_variant, architecture) => {
  describe.each(formats)("%s", (format, tolerance) => {
    let folder: string;
    let engine: InferenceEngine;
    const weights = quantiseWeights(randomWeights(architecture), format);
    // What the int8 weights stand for, so that only the activations' rounding is left.
    const reference = new Map([...weights].map(([name, weight]) => [name, dequantise(weight)]));
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "foreword-test-"));
      const path = join(folder, "decode.onnx");
      await writeFile(path, serializeGraph(buildDecodeGraph(architecture, weights)));
      engine = await loadNodeEngine(path, architecture, { threads: 1, chunkTokens: 4 });
    });
    afterAll(async () => {
      engine.close();
      await rm(folder, { recursive: true });
    });

    const expectClose = (found: Float32Array, wanted: readonly Float64Array[]) => {
      const flat = wanted.flatMap((row) => Array.from(row));
      expect(found.length).toBe(flat.length);
      expect(
        flat.reduce((max, value, i) => Math.max(max, Math.abs(value - (found[i] ?? NaN))), 0),
      ).toBeLessThan(tolerance);
    };

    it("gives the reference's logits at every position", async () => {
      const wanted = referenceLogits(architecture, reference, embeddingRows(architecture, reference, IDS));
      expectClose(await engine.start().append(IDS, [...IDS.keys()]), wanted);
    });

    it("puts soft-prompt vectors in front", async () => {
      const random = createRandom(7);
      const data = Float32Array.from({ length: 6 * architecture.hiddenSize }, () => random.normal());
      const rows = Array.from({ length: 6 }, (_, i) =>
        data.subarray(i * architecture.hiddenSize, (i + 1) * architecture.hiddenSize),
      );
      const all = [...rows, ...embeddingRows(architecture, reference, IDS)];
      const wanted = referenceLogits(architecture, reference, all).slice(6);
      const sequence = engine.start(await engine.computePrefix({ tokens: 6, data }, IDS.slice(0, 3)));
      expectClose(await sequence.append(IDS.slice(3), [...IDS.slice(3).keys()]), wanted.slice(3));
    });
  });
});

it("stands a row of zeros, which has no scale", async () => {
  const weights = quantiseWeights(
    new Map(
      [...randomWeights(llama)].map(([name, weight]) => [
        name,
        name.includes("up_proj") ? zeros(weight) : weight,
      ]),
    ),
    "int8",
  );
  const folder = await mkdtemp(join(tmpdir(), "foreword-test-"));
  const path = join(folder, "decode.onnx");
  await writeFile(path, serializeGraph(buildDecodeGraph(llama, weights)));
  const engine = await loadNodeEngine(path, llama, { threads: 1 });
  const logits = await engine.start().append(IDS);
  expect(logits.every(Number.isFinite)).toBe(true);
  engine.close();
  await rm(folder, { recursive: true });
});

const zeros = ({ shape, values }: FloatWeight): FloatWeight => ({
  shape,
  values: new Float32Array(values.length),
});
