import type { Architecture } from "../../shared/contracts/model.ts";
import { decodeNames } from "../../shared/inference/decode-graph.ts";
import { elementType, Graph, type Value } from "../onnx/graph.ts";
import { EMBEDDING_WEIGHT, layerWeights, rotaryTables, type Projection } from "./architecture.ts";
import { decoder, projectHeads, vocabularyLogits, type Lowering } from "./llama.ts";
import { createProducts, type ActivationScale, type Products } from "./products.ts";
import type { Weights } from "./weights.ts";

export interface DecodeGraphOptions {
  /** How the int8 input of a projection is scaled. Only matters for int8 weights. */
  readonly activationScale?: (projection: Projection) => ActivationScale;
}

/**
 * The input of `down_proj` has outliers hundreds of times the rest in single rows: under one scale for all rows the rest
 * vanishes. Everything else stands one scale well.
 */
export function defaultActivationScale({ weight }: Projection): ActivationScale {
  return weight.endsWith("down_proj.weight") ? "row" : "tensor";
}

/**
 * Builds the graph that serves a model: soft-prompt vectors and token ids in, keys and values in and out, logits at the
 * rows asked for. Inputs and outputs: shared/inference/decode-graph.ts. Weights lie inside the graph, in their own format.
 */
export function buildDecodeGraph(
  architecture: Architecture,
  weights: Weights,
  { activationScale = defaultActivationScale }: DecodeGraphOptions = {},
): Graph {
  const graph = new Graph();
  const { hiddenSize } = architecture;
  const prompt = graph.input(decodeNames.prompt, "float32", ["prompt_tokens", hiddenSize]);
  const ids = graph.input(decodeNames.ids, "int64", ["token_count"]);
  const rows = graph.input(decodeNames.rows, "int64", ["row_count"]);
  const attend = cachedAttention(graph, architecture);
  const products = createProducts(graph, weights);
  const multiply = (x: Value, projections: readonly Projection[]) =>
    products.multiply(x, projections, activationScale(projections[0] as Projection));
  const normWeight = (name: string) => {
    const values = weights.get(name)?.values as Float32Array;
    return graph.constant(values, [values.length], name);
  };

  const lowering: Lowering = {
    linear(x, projections) {
      const together = multiply(x, projections);
      if (projections.length === 1) return [together];
      const widths = projections.map(({ weight }) => weights.get(weight)?.shape[0] as number);
      return graph.ops("Split", [together, graph.ints(widths)], { axis: -1 });
    },
    norm: (x, weight) =>
      graph.op("SimplifiedLayerNormalization", [x, normWeight(weight)], {
        axis: -1,
        epsilon: { float: architecture.normEpsilon },
      }),
    addNorm(x, branch, weight) {
      const outputs = graph.ops("SkipSimplifiedLayerNormalization", [x, branch, normWeight(weight)], {
        epsilon: { float: architecture.normEpsilon },
      });
      return { normed: outputs[0] as Value, sum: outputs[3] as Value };
    },
    attention(layer, hidden) {
      const attended = attend(layer, headsOf(layer, hidden));
      // Behind the last layer's keys and values only the rows asked for matter.
      return layer === architecture.layers - 1 ? graph.op("Gather", [attended, rows]) : attended;
    },
    outputRows: (residual) => graph.op("Gather", [residual, rows]),
  };
  const headsOf = (layer: number, hidden: Value): Heads => {
    if (architecture.queryKeyNorm) return projectHeads(graph, architecture, lowering, layer, hidden);
    const { query, key, value } = layerWeights(architecture, layer);
    return multiply(hidden, [query, key, value]);
  };

  const x = graph.op("Concat", [prompt, embed(graph, products, ids)], { axis: 0 });
  const hidden = decoder(graph, architecture, lowering, x);
  graph.output(decodeNames.logits, vocabularyLogits(architecture, lowering, hidden));
  return graph;
}

/** Rows of the embedding matrix, `[ids, hidden]`, read from the columns that the head multiplies with when it is tied. */
function embed(graph: Graph, products: Products, ids: Value): Value {
  const { values, scales } = products.matrix([{ weight: EMBEDDING_WEIGHT }]);
  const columns = graph.op("Gather", [values, ids], { axis: 1 });
  const perm = [1, 0];
  if (!scales) return graph.op("Transpose", [columns], { perm });
  const levels = graph.op("Transpose", [graph.op("Cast", [columns], { to: elementType.float32 })], { perm });
  return graph.op("Mul", [levels, graph.op("Unsqueeze", [graph.op("Gather", [scales, ids]), graph.ints([-1])])]);
}

/** Queries, keys and values of a layer: side by side, or apart. */
type Heads = Value | { readonly query: Value; readonly key: Value; readonly value: Value };

/** Attention over the cache and the new rows, which it rotates by their position; declares the cache's inputs and outputs. */
function cachedAttention(graph: Graph, architecture: Architecture): (layer: number, heads: Heads) => Value {
  const { heads: queryHeads, kvHeads, headSize, contextLength } = architecture;
  const cached = graph.input(decodeNames.cached, "int32", [1, 1]);
  const total = graph.input(decodeNames.total, "int32", [1]);
  const tables = rotaryTables(architecture, contextLength);
  const cos = graph.constant(tables.cos, [contextLength, headSize / 2], "rotary.cos");
  const sin = graph.constant(tables.sin, [contextLength, headSize / 2], "rotary.sin");
  const batch = graph.ints([0]);

  return (layer, heads) => {
    const pastShape = [1, kvHeads, "past", headSize];
    const pastKey = graph.input(decodeNames.pastKey(layer), "float32", pastShape);
    const pastValue = graph.input(decodeNames.pastValue(layer), "float32", pastShape);
    const one = (x: Value) => graph.op("Unsqueeze", [x, batch]);
    const inputs = "query" in heads ? [one(heads.query), one(heads.key), one(heads.value)] : [one(heads), null, null];
    const [attended, presentKey, presentValue] = graph.ops(
      "GroupQueryAttention",
      [...inputs, pastKey, pastValue, cached, total, cos, sin],
      { num_heads: queryHeads, kv_num_heads: kvHeads, do_rotary: 1 },
    ) as [Value, Value, Value];
    graph.output(decodeNames.presentKey(layer), presentKey);
    graph.output(decodeNames.presentValue(layer), presentValue);
    return graph.op("Reshape", [attended, graph.ints([-1, queryHeads * headSize])]);
  };
}
