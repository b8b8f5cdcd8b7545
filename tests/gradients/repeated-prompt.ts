import type { Architecture } from "../../shared/contracts/model.ts";
import { gradients } from "../../trainer/autodiff/backward.ts";
import {
  EMBEDDING_WEIGHT,
  FINAL_NORM_WEIGHT,
  headProjection,
  layerWeights,
  type Projection,
} from "../../trainer/model/architecture.ts";
import type { WeightSource } from "../../trainer/model/training-graph.ts";
import { Graph, type Value } from "../../trainer/onnx/graph.ts";

/** A batch of whole sequences, targets included, all of one padded length. */
export interface RepeatedPromptSizes {
  readonly batch: number;
  readonly virtualTokens: number;
  readonly length: number;
}

/**
 * The oracle for the training graph, written as the textbook has it: the prompt is repeated for each example, every
 * position goes through every layer and gets logits, keys are repeated for their query heads, and only elementary
 * operators are used.
 *
 * Inputs: `soft_prompt` `[virtualTokens, hidden]`, `ids` `[batch * length]` (int32, padded at the end), `labels` and
 * `label_weights` `[batch * (virtualTokens + length)]`, the label of a position being the token after it. Outputs: `loss`
 * and `gradient`.
 */
export function repeatedPromptGraph(
  architecture: Architecture,
  weights: WeightSource,
  sizes: RepeatedPromptSizes,
): Graph {
  const { batch, virtualTokens, length } = sizes;
  const { hiddenSize, heads, kvHeads, headSize, layers, vocabularySize } = architecture;
  const positions = virtualTokens + length;
  const g = new Graph();
  const weight = (name: string) => weights.in(g, name);
  const reshape = (x: Value, shape: readonly number[]) => g.op("Reshape", [x, g.ints(shape)]);
  const transpose = (x: Value, perm: readonly number[]) => g.op("Transpose", [x], { perm });

  const linear = (x: Value, { weight: name, bias }: Projection) => {
    const product = g.op("MatMul", [x, transpose(weight(name), [1, 0])]);
    return bias === undefined ? product : g.op("Add", [product, weight(bias)]);
  };
  const norm = (x: Value, name: string) => {
    const meanSquare = g.op("ReduceMean", [g.op("Mul", [x, x]), g.ints([-1])], { keepdims: 1 });
    const root = g.op("Sqrt", [g.op("Add", [meanSquare, g.scalar(architecture.normEpsilon)])]);
    return g.op("Mul", [g.op("Div", [x, root]), weight(name)]);
  };
  const { cos, sin } = angles(architecture, positions);
  const [cosines, sines] = [cos, sin].map((table) => g.constant(table, [positions, headSize])) as [
    Value,
    Value,
  ];
  /** `[batch, heads, positions, headSize]`: x cos + rotated(x) sin. */
  const rotate = (x: Value) => {
    const halves = g.ints([headSize / 2, headSize / 2]);
    const [first, second] = g.ops("Split", [x, halves], { axis: -1 }) as [Value, Value];
    const turned = g.op("Concat", [g.op("Neg", [second]), first], { axis: -1 });
    return g.op("Add", [g.op("Mul", [x, cosines]), g.op("Mul", [turned, sines])]);
  };
  const toHeads = (x: Value, count: number) =>
    transpose(reshape(x, [batch, positions, count, headSize]), [0, 2, 1, 3]);
  const repeatHeads = (x: Value) => {
    const group = heads / kvHeads;
    const expanded = g.op("Expand", [
      reshape(x, [batch, kvHeads, 1, positions, headSize]),
      g.ints([1, 1, group, 1, 1]),
    ]);
    return reshape(expanded, [batch, heads, positions, headSize]);
  };
  const future = new Float32Array(positions ** 2).map((_, i) =>
    i % positions > Math.floor(i / positions) ? -1e9 : 0,
  );

  const prompt = g.input("soft_prompt", "float32", [virtualTokens, hiddenSize]);
  const repeated = g.op("Expand", [reshape(prompt, [1, virtualTokens, hiddenSize]), g.ints([batch, 1, 1])]);
  const embedded = g.op("Gather", [weight(EMBEDDING_WEIGHT), g.input("ids", "int32", [batch * length])]);
  let x = g.op("Concat", [repeated, reshape(embedded, [batch, length, hiddenSize])], { axis: 1 });
  for (let layer = 0; layer < layers; layer++) {
    const names = layerWeights(architecture, layer);
    const hidden = norm(x, names.inputNorm);
    let query = toHeads(linear(hidden, names.query), heads);
    let key = toHeads(linear(hidden, names.key), kvHeads);
    const value = repeatHeads(toHeads(linear(hidden, names.value), kvHeads));
    if (architecture.queryKeyNorm) [query, key] = [norm(query, names.queryNorm), norm(key, names.keyNorm)];
    const scores = g.op("MatMul", [rotate(query), transpose(repeatHeads(rotate(key)), [0, 1, 3, 2])]);
    const scaled = g.op("Mul", [scores, g.scalar(1 / Math.sqrt(headSize))]);
    const visible = g.op("Add", [scaled, g.constant(future, [positions, positions])]);
    const attended = g.op("MatMul", [g.op("Softmax", [visible], { axis: -1 }), value]);
    const merged = reshape(transpose(attended, [0, 2, 1, 3]), [batch, positions, heads * headSize]);
    x = g.op("Add", [x, linear(merged, names.output)]);
    const inner = norm(x, names.postAttentionNorm);
    const gate = linear(inner, names.gate);
    const gated = g.op("Mul", [g.op("Mul", [gate, g.op("Sigmoid", [gate])]), linear(inner, names.up)]);
    x = g.op("Add", [x, linear(gated, names.down)]);
  }
  const logits = reshape(linear(norm(x, FINAL_NORM_WEIGHT), headProjection(architecture)), [
    batch * positions,
    vocabularySize,
  ]);
  const labels = reshape(g.input("labels", "int32", [batch * positions]), [batch * positions, 1]);
  const picked = g.op("GatherElements", [g.op("LogSoftmax", [logits], { axis: -1 }), labels], { axis: 1 });
  const labelWeights = reshape(g.input("label_weights", "float32", [batch * positions]), [
    batch * positions,
    1,
  ]);
  const loss = g.op("Neg", [
    g.op("ReduceSum", [g.op("Mul", [picked, labelWeights]), g.ints([0, 1])], { keepdims: 0 }),
  ]);
  const [gradient] = gradients(g, loss, [prompt]);
  g.output("loss", loss);
  g.output("gradient", gradient as Value);
  g.prune();
  return g;
}

/** Feeds of the oracle for whole examples; the loss is the mean over all target tokens. */
export function repeatedPromptFeeds(
  examples: readonly { input: readonly number[]; target: readonly number[] }[],
  { batch, virtualTokens, length }: RepeatedPromptSizes,
): { ids: Int32Array; labels: Int32Array; label_weights: Float32Array } {
  const positions = virtualTokens + length;
  const ids = new Int32Array(batch * length);
  const labels = new Int32Array(batch * positions);
  const label_weights = new Float32Array(batch * positions);
  const targets = examples.reduce((sum, { target }) => sum + target.length, 0);
  for (const [row, { input, target }] of examples.entries()) {
    ids.set([...input, ...target], row * length);
    for (const [i, id] of target.entries()) {
      const predictor = row * positions + virtualTokens + input.length + i - 1;
      labels[predictor] = id;
      label_weights[predictor] = 1 / targets;
    }
  }
  return { ids, labels, label_weights };
}

/** Tables over whole heads: both halves of a head turn by the same angles. */
function angles(
  { headSize, ropeTheta }: Architecture,
  positions: number,
): { cos: Float32Array; sin: Float32Array } {
  const angle = (i: number) =>
    Math.floor(i / headSize) * ropeTheta ** (-(2 * (i % (headSize / 2))) / headSize);
  const cos = Float32Array.from({ length: positions * headSize }, (_, i) => Math.cos(angle(i)));
  const sin = Float32Array.from({ length: positions * headSize }, (_, i) => Math.sin(angle(i)));
  return { cos, sin };
}
