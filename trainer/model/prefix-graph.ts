import type { Architecture } from "../../shared/contracts/model.ts";
import { Graph, type Value } from "../onnx/graph.ts";
import { decoder, projectHeads, type Lowering } from "./llama.ts";
import { rotaryEmbedding } from "./rotary-embedding.ts";
import { MASKED, SharedPrefixAttention } from "./shared-attention.ts";
import { floatLowering, type WeightSource } from "./training-graph.ts";

/**
 * Keys and values that soft-prompt vectors leave in the cache: what serving starts after. Input `soft_prompt`
 * `[tokens, hidden]`, output `kv` `[layers, 2, kvHeads, tokens, headSize]`, keys rotated, both float32.
 */
export function prefixGraph(architecture: Architecture, weights: WeightSource, tokens: number): Graph {
  const { layers, kvHeads, headSize, hiddenSize } = architecture;
  const graph = new Graph();
  const x = graph.input("soft_prompt", "float32", [tokens, hiddenSize]);
  const causal = new Float32Array(tokens * tokens).map((_, i) =>
    i % tokens > Math.floor(i / tokens) ? MASKED : 0,
  );
  const mask = graph.constant(causal, [1, tokens, tokens]);
  const sizes = { prefix: 0, shared: 0, batch: 1, length: tokens };
  const attention = new SharedPrefixAttention(graph, architecture, sizes, mask);
  const positions = graph.ints([...Array(tokens).keys()]);
  const rotate = rotaryEmbedding(graph, architecture, { first: 0, shared: 0, length: tokens }, positions);
  const headsFirst = (rows: Value) => {
    const split = graph.op("Reshape", [rows, graph.ints([tokens, kvHeads, headSize])]);
    return graph.op("Transpose", [split], { perm: [1, 0, 2] });
  };
  const cached: Value[] = [];
  const lowering: Lowering = {
    ...floatLowering(graph, architecture, weights),
    attention(layer, hidden) {
      const { query, key, value } = projectHeads(graph, architecture, lowering, layer, hidden);
      const rotated = rotate(key);
      cached.push(headsFirst(rotated), headsFirst(value));
      return attention.attend(rotate(query), rotated, value);
    },
  };
  decoder(graph, architecture, lowering, x);
  const stacked = graph.op("Concat", cached, { axis: 0 });
  graph.output("kv", graph.op("Reshape", [stacked, graph.ints([layers, 2, kvHeads, tokens, headSize])]));
  // What follows the last layer's keys and values is not needed.
  graph.prune();
  return graph;
}
