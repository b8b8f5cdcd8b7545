import type { Architecture } from "../../shared/contracts/model.ts";
import { decodeNames } from "../../shared/inference/decode-graph.ts";
import { elementType, Graph, type Value } from "../onnx/graph.ts";
import type { Dim } from "../onnx/value.ts";
import { EMBEDDING_WEIGHT } from "./architecture.ts";
import { cachedAttention } from "./cached-attention.ts";
import { decoder, projectHeads, vocabularyLogits, type Lowering } from "./llama.ts";
import { createProducts, type ActivationDigits, type Products } from "./products.ts";
import type { Weights } from "./weights.ts";

export interface DecodeGraphOptions {
  /**
   * Only matters for int8 weights. Two digits answer as float32 does: on MiniMind2-Small the divergence from it is below
   * 0.0001 nats a token (0.035 with one digit) and differences between labels' scores move by 0.002 (0.4).
   */
  readonly activationDigits?: ActivationDigits;
}

/**
 * Builds the graph that serves a model: soft-prompt vectors and token ids in, keys and values in and out, logits at the
 * rows asked for. Inputs and outputs: shared/inference/decode-graph.ts. Weights lie inside the graph, in their own format.
 */
export function buildDecodeGraph(
  architecture: Architecture,
  weights: Weights,
  { activationDigits = 2 }: DecodeGraphOptions = {},
): Graph {
  const graph = new Graph();
  const { hiddenSize } = architecture;
  const prompt = graph.input(decodeNames.prompt, "float32", ["prompt_tokens", hiddenSize]);
  const ids = graph.input(decodeNames.ids, "int64", ["token_count"]);
  const rows = graph.input(decodeNames.rows, "int64", ["row_count"]);
  const products = createProducts(graph, weights, activationDigits);
  const embedded = graph.op("Concat", [prompt, embed(graph, products, ids)], { axis: 0 });
  const attend = cachedAttention(graph, architecture, embedded.shape[0] as Dim);
  const normWeight = (name: string) => {
    const values = weights.get(name)?.values as Float32Array;
    return graph.constant(values, [values.length], name);
  };

  const lowering: Lowering = {
    linear(x, projections) {
      const together = products.multiply(x, projections);
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
    silu: (x) => graph.op("Mul", [x, graph.op("Sigmoid", [x])]),
    attention(layer, hidden) {
      const attended = attend(layer, projectHeads(graph, architecture, lowering, layer, hidden));
      // Behind the last layer's keys and values only the rows asked for matter.
      return layer === architecture.layers - 1 ? graph.op("Gather", [attended, rows]) : attended;
    },
    outputRows: (residual) => graph.op("Gather", [residual, rows]),
  };
  const hidden = decoder(graph, architecture, lowering, embedded);
  graph.output(decodeNames.logits, vocabularyLogits(architecture, lowering, hidden));
  return graph;
}

/** Rows of the embedding matrix, `[ids, hidden]`, read from the columns that the head multiplies with when it is tied. */
function embed(graph: Graph, products: Products, ids: Value): Value {
  const { values, scales, middle } = products.matrix([{ weight: EMBEDDING_WEIGHT }]);
  const rows = graph.op("Transpose", [graph.op("Gather", [values, ids], { axis: 1 })], { perm: [1, 0] });
  if (!scales || !middle) return rows;
  const float = (x: Value) => graph.op("Cast", [x], { to: elementType.float32 });
  const levels = graph.op("Sub", [float(rows), float(middle)]);
  return graph.op("Mul", [
    levels,
    graph.op("Unsqueeze", [graph.op("Gather", [scales, ids]), graph.ints([-1])]),
  ]);
}
