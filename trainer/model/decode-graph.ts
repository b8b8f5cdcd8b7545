import type { Architecture } from "../../shared/contracts/model.ts";
import { decodeNames } from "../../shared/inference/decode-graph.ts";
import { elementType, Graph, type Value } from "../onnx/graph.ts";
import type { Dim } from "../onnx/value.ts";
import { EMBEDDING_WEIGHT, type Projection } from "./architecture.ts";
import { cachedAttention } from "./cached-attention.ts";
import { decoder, projectHeads, vocabularyLogits, type Lowering } from "./llama.ts";
import { createProducts, type ActivationDigits, type Products } from "./products.ts";
import type { Weights } from "./weights.ts";

export interface DecodeGraphOptions {
  /** Digits of the activations that projections of int8 weights multiply; they share one input. */
  readonly activationDigits?: (projections: readonly Projection[]) => ActivationDigits;
}

/**
 * One digit for the products that take most of the time and stand it best: gate and up, and the vocabulary. Elsewhere,
 * above all before `down_proj`, rows have outliers hundreds of times the rest.
 */
export function defaultActivationDigits([first]: readonly Projection[]): ActivationDigits {
  const isCoarse = /\.gate_proj\.|^lm_head\.|\.embed_tokens\./.test(first?.weight ?? "");
  return isCoarse ? 1 : 2;
}

/**
 * Builds the graph that serves a model: soft-prompt vectors and token ids in, keys and values in and out, logits at the
 * rows asked for. Inputs and outputs: shared/inference/decode-graph.ts. Weights lie inside the graph, in their own format.
 */
export function buildDecodeGraph(
  architecture: Architecture,
  weights: Weights,
  { activationDigits = defaultActivationDigits }: DecodeGraphOptions = {},
): Graph {
  const graph = new Graph();
  const { hiddenSize } = architecture;
  const prompt = graph.input(decodeNames.prompt, "float32", ["prompt_tokens", hiddenSize]);
  const ids = graph.input(decodeNames.ids, "int64", ["token_count"]);
  const rows = graph.input(decodeNames.rows, "int64", ["row_count"]);
  const products = createProducts(graph, weights);
  const x = graph.op("Concat", [prompt, embed(graph, products, ids)], { axis: 0 });
  const attend = cachedAttention(graph, architecture, x.shape[0] as Dim);
  const multiply = (x: Value, projections: readonly Projection[]) =>
    products.multiply(x, projections, activationDigits(projections));
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
      const attended = attend(layer, projectHeads(graph, architecture, lowering, layer, hidden));
      // Behind the last layer's keys and values only the rows asked for matter.
      return layer === architecture.layers - 1 ? graph.op("Gather", [attended, rows]) : attended;
    },
    outputRows: (residual) => graph.op("Gather", [residual, rows]),
  };
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
