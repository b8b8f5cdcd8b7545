import { expect, test } from "vitest";
import { packBatch } from "../../trainer/model/training-batch.ts";
import { trainingGraph, type BatchLayout } from "../../trainer/model/training-graph.ts";
import { createSession, type Precision } from "../../trainer/onnx/session.ts";
import { relativeError } from "./finite-differences.ts";
import { seededRandom, uniform } from "./random.ts";
import { randomModel, tinyArchitecture } from "./tiny-model.ts";

const layout: BatchLayout = {
  batch: 1,
  length: 16,
  labels: 5,
  candidates: { examples: 1, count: 2, share: 0.5, smoothing: 0 },
};
const rows = [
  {
    context: [4, 9, 31],
    completions: [
      [12, 40, 2],
      [7, 5],
    ],
    answer: 0,
  },
];

test.each(["prompt", "prefix"] as const)(
  "float16 products give loss and gradient of a %s to its precision",
  async (method) => {
    const { architecture, weights, remove } = await randomModel(tinyArchitecture);
    const { layers, kvHeads, headSize, hiddenSize } = architecture;
    const tokens = 3;
    const size = method === "prompt" ? hiddenSize : layers * 2 * kvHeads * headSize;
    const { feeds } = packBatch(rows, layout, method === "prompt" ? tokens : 0);
    const soft_prompt = uniform(seededRandom(4), tokens * size);
    const compute = async (precision: Precision) => {
      const graph = trainingGraph(architecture, weights, layout, { method, tokens });
      const session = await createSession(graph, { folder: weights.folder, threads: 1, precision });
      const { loss, gradient } = await session.run({ ...feeds, soft_prompt }, ["loss", "gradient"]);
      await session.close();
      return { loss: Number(loss?.[0]), gradient: gradient as Float32Array };
    };
    const single = await compute("float32");
    const half = await compute("float16");
    const off = relativeError([...half.gradient], [...single.gradient]);
    // float16 has 11 bits: less would mean that nothing was rounded.
    expect(off).toBeGreaterThan(1e-5);
    expect(off).toBeLessThan(1e-2);
    expect(Math.abs(half.loss - single.loss)).toBeLessThan(2e-3 * single.loss);
    await remove();
  },
);
