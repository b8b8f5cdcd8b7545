import type { Architecture } from "../../shared/contracts/model.ts";
import { gradients } from "../autodiff/backward.ts";
import { Graph, type Value } from "../onnx/graph.ts";
import { EMBEDDING_WEIGHT, type Projection } from "./architecture.ts";
import { decoder, projectHeads, vocabularyLogits, type Lowering } from "./llama.ts";
import { rotaryEmbedding } from "./rotary-embedding.ts";
import { SharedPrefixAttention, type KeysValues } from "./shared-attention.ts";

/** Where a graph takes its weights from: `in` gives the named float32 weight as an initializer of `graph`. */
export interface WeightSource {
  in(graph: Graph, name: string): Value;
}

/** What is tuned, and stands before the examples. */
export type SoftPromptSlot =
  /** Vectors in the embedding space, input `soft_prompt` `[tokens, hidden]`. */
  | { readonly method: "prompt"; readonly tokens: number }
  /** Rotated keys and values of every layer, input `soft_prompt` `[layers, 2, kvHeads, tokens, headSize]`. */
  | { readonly method: "prefix"; readonly tokens: number }
  /** Nothing: the base model itself. */
  | { readonly method: "none" };

/** Sizes that a graph is built for. */
export interface BatchLayout {
  /** Rows of tokens; each may hold several short examples. */
  readonly batch: number;
  /** Tokens per row, padding included. */
  readonly length: number;
  /** Label slots of the whole batch, padding included. */
  readonly labels: number;
  /** Tokens that begin every example, before and after the soft prompt's vectors. They are computed once. */
  readonly sharedBefore?: number;
  readonly sharedAfter?: number;
  /** Weight of the inputs' own tokens in the loss, whose targets together weigh 1. */
  readonly inputWeight?: number;
  /** Examples of a label task are also scored against their other labels. */
  readonly candidates?: CandidateLayout;
}

/**
 * The part of the loss that compares labels: cross-entropy over the candidates' summed log-probabilities, which is what
 * label scoring decides by.
 */
export interface CandidateLayout {
  /** Examples in a batch at most, and candidates of each. */
  readonly examples: number;
  readonly count: number;
  /** Weight of this part, the rest being the tokens' own cross-entropy: from 0 to 1. */
  readonly share: number;
  /** Probability spread over all candidates (label smoothing, arXiv 1512.00567, section 7). */
  readonly smoothing: number;
}

/**
 * The forward pass over a batch, on which loss and gradient are built.
 *
 * Inputs, apart from `soft_prompt`: `ids_before` `[sharedBefore]` and `ids_after` `[sharedAfter]` where there are any;
 * `ids` and `positions` `[batch * length]`, positions counted from 0 behind everything shared; `mask` `[batch, length, length]`;
 * `label_rows`, `label_ids` `[labels]`, a label row being the token that predicts the label, counted over all shared
 * tokens (soft prompt vectors included) and then the batch's. Integers are int32.
 */
interface ForwardPass {
  readonly graph: Graph;
  readonly softPrompt: Value | undefined;
  /** Logarithm of each label's probability, `[labels]`. */
  readonly logProbabilities: Value;
  /** The most likely token where each label stands, `[labels]`. */
  readonly predictions: Value;
}

/**
 * One optimisation step: loss and gradient of the soft prompt, the model's weights frozen. The soft prompt and the shared
 * tokens are one set of rows for the whole batch, the last layer and the vocabulary projection run for label rows only.
 *
 * Inputs: those of the forward pass and `label_weights` `[labels]`, 0 at padding; with candidates `candidate_members`
 * `[examples * count, labels]`, 1 where a label slot is part of a candidate, and `candidate_weights` `[examples, count]`.
 * Outputs: `loss` `[]`, the weighted sum of -log p over label slots and candidates; `gradient`, in the shape of `soft_prompt`;
 * `log_probabilities` `[labels]`; `predictions` `[labels]` (int64), the most likely token where each label stands.
 */
export function trainingGraph(
  architecture: Architecture,
  weights: WeightSource,
  layout: BatchLayout,
  slot: Exclude<SoftPromptSlot, { method: "none" }>,
): Graph {
  const { graph, softPrompt, logProbabilities, predictions } = forward(architecture, weights, layout, slot);
  const labelWeights = graph.input("label_weights", "float32", [layout.labels]);
  const weighted = graph.op("Mul", [logProbabilities, labelWeights]);
  const ofTokens = graph.op("ReduceSum", [weighted, graph.ints([0])], { keepdims: 0 });
  const ofCandidates =
    layout.candidates && candidateLikelihood(graph, logProbabilities, layout.labels, layout.candidates);
  const loss = graph.op("Neg", [ofCandidates ? graph.op("Add", [ofTokens, ofCandidates]) : ofTokens]);
  const [gradient] = gradients(graph, loss, [softPrompt as Value]);
  graph.output("loss", loss);
  graph.output("gradient", gradient as Value);
  graph.output("log_probabilities", logProbabilities);
  graph.output("predictions", predictions);
  graph.prune();
  return graph;
}

/** The same batch without a gradient. Outputs: `log_probabilities` and `predictions`, as in training. */
export function evaluationGraph(
  architecture: Architecture,
  weights: WeightSource,
  layout: BatchLayout,
  slot: SoftPromptSlot,
): Graph {
  const { graph, logProbabilities, predictions } = forward(architecture, weights, layout, slot);
  graph.output("log_probabilities", logProbabilities);
  graph.output("predictions", predictions);
  graph.prune();
  return graph;
}

function forward(
  architecture: Architecture,
  weights: WeightSource,
  layout: BatchLayout,
  slot: SoftPromptSlot,
): ForwardPass {
  const graph = new Graph();
  const { batch, length, labels, sharedBefore = 0, sharedAfter = 0 } = layout;
  const vectors = slot.method === "prompt" ? slot.tokens : 0;
  const prefix = slot.method === "prefix" ? slot.tokens : 0;
  const shared = sharedBefore + vectors + sharedAfter;

  const softPrompt = declareSoftPrompt(graph, architecture, slot);
  const x = embedRows(graph, weights, layout, vectors > 0 ? softPrompt : undefined);
  const positions = graph.input("positions", "int32", [batch * length]);
  const rotate = rotaryEmbedding(graph, architecture, { first: prefix, shared, length }, positions);
  const mask = graph.input("mask", "float32", [batch, length, length]);
  const attention = new SharedPrefixAttention(graph, architecture, { prefix, shared, batch, length }, mask);
  const prefixes =
    slot.method === "prefix" ? splitPrefix(graph, architecture, slot.tokens, softPrompt as Value) : [];
  const labelRows = graph.input("label_rows", "int32", [labels]);
  const atLabels = (rows: Value) => graph.op("Gather", [rows, labelRows]);

  const lowering: Lowering = {
    ...floatLowering(graph, architecture, weights),
    attention(layer, hidden) {
      const { query, key, value } = projectHeads(graph, architecture, lowering, layer, hidden);
      const attended = attention.attend(rotate(query), rotate(key), value, prefixes[layer]);
      return layer === architecture.layers - 1 ? atLabels(attended) : attended;
    },
    outputRows: atLabels,
  };
  const hidden = decoder(graph, architecture, lowering, x);
  const logits = vocabularyLogits(architecture, lowering, hidden);
  const labelIds = graph.op("Reshape", [
    graph.input("label_ids", "int32", [labels]),
    graph.ints([labels, 1]),
  ]);
  const picked = graph.op("GatherElements", [graph.op("LogSoftmax", [logits], { axis: -1 }), labelIds], {
    axis: 1,
  });
  return {
    graph,
    softPrompt,
    logProbabilities: graph.op("Reshape", [picked, graph.ints([labels])]),
    predictions: graph.op("ArgMax", [logits], { axis: -1, keepdims: 0 }),
  };
}

/** Weighted sum of the candidates' log-probabilities, normalised among the candidates of each example. */
function candidateLikelihood(
  graph: Graph,
  logProbabilities: Value,
  labels: number,
  { examples, count }: CandidateLayout,
): Value {
  const members = graph.input("candidate_members", "float32", [examples * count, labels]);
  const column = graph.op("Reshape", [logProbabilities, graph.ints([labels, 1])]);
  const scores = graph.op("Reshape", [graph.op("MatMul", [members, column]), graph.ints([examples, count])]);
  const weights = graph.input("candidate_weights", "float32", [examples, count]);
  const weighted = graph.op("Mul", [graph.op("LogSoftmax", [scores], { axis: -1 }), weights]);
  return graph.op("ReduceSum", [weighted, graph.ints([0, 1])], { keepdims: 0 });
}

/** Shared tokens with the prompt's vectors among them, then the batch's: `[shared + batch * length, hidden]`. */
function embedRows(
  graph: Graph,
  weights: WeightSource,
  layout: BatchLayout,
  vectors: Value | undefined,
): Value {
  const { batch, length, sharedBefore = 0, sharedAfter = 0 } = layout;
  const embed = (name: string, tokens: number) =>
    graph.op("Gather", [weights.in(graph, EMBEDDING_WEIGHT), graph.input(name, "int32", [tokens])]);
  const before = sharedBefore > 0 ? [embed("ids_before", sharedBefore)] : [];
  const after = sharedAfter > 0 ? [embed("ids_after", sharedAfter)] : [];
  const parts = [...before, ...(vectors ? [vectors] : []), ...after, embed("ids", batch * length)];
  return graph.op("Concat", parts, { axis: 0 });
}

/** Float32 products with the weights as checkpoints hold them, `[out, in]`. */
export function floatLowering(
  graph: Graph,
  architecture: Architecture,
  weights: WeightSource,
): Omit<Lowering, "attention"> {
  const weight = (name: string) => weights.in(graph, name);
  const project = (x: Value, projection: Projection) => {
    const bias = projection.bias === undefined ? [] : [weight(projection.bias)];
    return graph.op("Gemm", [x, weight(projection.weight), ...bias], { transB: 1 });
  };
  const epsilon = { float: architecture.normEpsilon };
  const norm = (x: Value, name: string) =>
    graph.op("SimplifiedLayerNormalization", [x, weight(name)], { axis: -1, epsilon });
  return {
    linear: (x, projections) => projections.map((projection) => project(x, projection)),
    norm,
    addNorm(x, branch, name) {
      const sum = graph.op("Add", [x, branch]);
      return { sum, normed: norm(sum, name) };
    },
    // One pass, and a tensor less to keep for the gradient than with a Sigmoid of its own.
    silu: (x) => graph.op("QuickGelu", [x], { alpha: { float: 1 } }),
  };
}

function declareSoftPrompt(
  graph: Graph,
  architecture: Architecture,
  slot: SoftPromptSlot,
): Value | undefined {
  const { layers, kvHeads, headSize, hiddenSize } = architecture;
  if (slot.method === "none") return undefined;
  const shape =
    slot.method === "prompt" ? [slot.tokens, hiddenSize] : [layers, 2, kvHeads, slot.tokens, headSize];
  return graph.input("soft_prompt", "float32", shape);
}

/** Keys and values of each layer out of one `[layers, 2, kvHeads, tokens, headSize]` tensor. */
function splitPrefix(graph: Graph, architecture: Architecture, tokens: number, prefix: Value): KeysValues[] {
  const { layers, kvHeads, headSize } = architecture;
  const stacked = graph.op("Reshape", [prefix, graph.ints([layers * 2 * kvHeads, tokens, headSize])]);
  const sizes = graph.ints(Array<number>(layers * 2).fill(kvHeads));
  const parts = graph.ops("Split", [stacked, sizes], { axis: 0 });
  return Array.from({ length: layers }, (_, layer) => ({
    key: parts[2 * layer] as Value,
    value: parts[2 * layer + 1] as Value,
  }));
}
