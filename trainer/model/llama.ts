import type { Architecture } from "../../shared/contracts/model.ts";
import type { Graph, Value } from "../onnx/graph.ts";
import { FINAL_NORM_WEIGHT, headProjection, layerWeights, type Projection } from "./architecture.ts";

/**
 * The parts of the decoder that a graph is free to realise in its own way: float32 or quantised products, fused or plain
 * norms, attention over a cache or over a batch. All values are `[rows, width]`, one row per token.
 */
export interface Lowering {
  /** `x W^T + b` for each of `projections`; they share their input, so one product may serve them all. */
  linear(x: Value, projections: readonly Projection[]): Value[];
  /** Root-mean-square norm over the last axis, scaled by `weight`. */
  norm(x: Value, weight: string): Value;
  /** `x + branch`, and the norm of that sum. */
  addNorm(x: Value, branch: Value, weight: string): { sum: Value; normed: Value };
  /** `x sigmoid(x)`. */
  silu(x: Value): Value;
  /**
   * What every query row gathers, `[rows, heads * headSize]`, before the output projection. Projects the normed `hidden`
   * itself (see `projectHeads`), rotates queries and keys, and knows what each row may see.
   */
  attention(layer: number, hidden: Value): Value;
  /** Called on the residual stream in the last layer, where `attention` may give fewer rows than it got. */
  outputRows?(residual: Value): Value;
}

/**
 * A Llama-family decoder without embedding and head: `x` is `[rows, hidden]`, the result the normed last hidden states.
 * Pre-norm residual blocks of attention and SwiGLU (arXiv 2302.13971, section 2.2).
 */
export function decoder(graph: Graph, architecture: Architecture, lowering: Lowering, x: Value): Value {
  let residual = x;
  let hidden = lowering.norm(x, layerWeights(architecture, 0).inputNorm);
  for (let layer = 0; layer < architecture.layers; layer++) {
    const names = layerWeights(architecture, layer);
    const isLast = layer === architecture.layers - 1;
    const attended = linear(lowering, lowering.attention(layer, hidden), names.output);
    if (isLast && lowering.outputRows) residual = lowering.outputRows(residual);
    const middle = lowering.addNorm(residual, attended, names.postAttentionNorm);
    const [gate, up] = lowering.linear(middle.normed, [names.gate, names.up]) as [Value, Value];
    const branch = linear(lowering, graph.op("Mul", [lowering.silu(gate), up]), names.down);
    const nextNorm = isLast ? FINAL_NORM_WEIGHT : layerWeights(architecture, layer + 1).inputNorm;
    const next = lowering.addNorm(middle.sum, branch, nextNorm);
    residual = next.sum;
    hidden = next.normed;
  }
  return hidden;
}

/** Logits `[rows, vocabulary]` of normed last hidden states. */
export function vocabularyLogits(architecture: Architecture, lowering: Lowering, hidden: Value): Value {
  return linear(lowering, hidden, headProjection(architecture));
}

/** Queries, keys and values of one layer, `[rows, heads * headSize]` each, normed per head where the model does so. */
export function projectHeads(
  graph: Graph,
  architecture: Architecture,
  lowering: Lowering,
  layer: number,
  hidden: Value,
): { query: Value; key: Value; value: Value } {
  const names = layerWeights(architecture, layer);
  const projected = lowering.linear(hidden, [names.query, names.key, names.value]);
  const [query, key, value] = projected as [Value, Value, Value];
  if (!architecture.queryKeyNorm) return { query, key, value };
  const normPerHead = (x: Value, heads: number, weight: string) => {
    const { headSize } = architecture;
    const split = graph.op("Reshape", [x, graph.ints([-1, heads, headSize])]);
    return graph.op("Reshape", [lowering.norm(split, weight), graph.ints([-1, heads * headSize])]);
  };
  return {
    query: normPerHead(query, architecture.heads, names.queryNorm),
    key: normPerHead(key, architecture.kvHeads, names.keyNorm),
    value,
  };
}

const linear = (lowering: Lowering, x: Value, projection: Projection) =>
  lowering.linear(x, [projection])[0] as Value;
