import { packBatch, type TokenizedExample } from "../../trainer/model/training-batch.ts";
import { trainingGraph, type BatchLayout } from "../../trainer/model/training-graph.ts";
import type { Graph } from "../../trainer/onnx/graph.ts";
import { createSession, type SessionOptions } from "../../trainer/onnx/session.ts";
import { seededRandom, uniform } from "./random.ts";
import { randomModel, tinyArchitecture } from "./tiny-model.ts";

export interface TinyStep {
  readonly loss: number;
  readonly gradient: Float32Array;
}

/**
 * One step of a tiny model, to be computed in several ways: `change` may rewrite the graph before its session is made.
 */
export async function tinyStep(
  method: "prompt" | "prefix",
  layout: BatchLayout,
  rows: readonly TokenizedExample[],
) {
  const { architecture, weights, remove } = await randomModel(tinyArchitecture);
  const { layers, kvHeads, headSize, hiddenSize } = architecture;
  const tokens = 3;
  const size = method === "prompt" ? hiddenSize : layers * 2 * kvHeads * headSize;
  const { feeds } = packBatch(rows, layout, method === "prompt" ? tokens : 0);
  const soft_prompt = uniform(seededRandom(4), tokens * size);
  return {
    remove,
    async compute(options: SessionOptions = {}, change?: (graph: Graph) => void): Promise<TinyStep> {
      const graph = trainingGraph(architecture, weights, layout, { method, tokens });
      change?.(graph);
      const session = await createSession(graph, { folder: weights.folder, threads: 1, ...options });
      const { loss, gradient } = await session.run({ ...feeds, soft_prompt }, ["loss", "gradient"]);
      await session.close();
      return { loss: Number(loss?.[0]), gradient: gradient as Float32Array };
    },
  };
}
