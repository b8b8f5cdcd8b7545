import type { Operator } from "../onnx/shape-inference.ts";
import type { GradEntry, GradRule } from "./context.ts";
import * as elementwise from "./rules/elementwise.ts";
import * as indexing from "./rules/indexing.ts";
import * as matrix from "./rules/matrix.ts";
import * as normalisation from "./rules/normalisation.ts";
import * as reduction from "./rules/reduction.ts";
import { rotaryEmbedding } from "./rules/rotary.ts";
import * as shape from "./rules/shape.ts";

/** The operator set that the rules are tested with. */
const TESTED_OPSET = 21;

/** A rule that holds since the operator got its present inputs and attributes in opset `first`. */
const since = (first: number, rule: GradRule, stop: readonly number[] = []): GradEntry => ({
  opsets: [first, TESTED_OPSET],
  stop,
  rule,
});
/** onnxruntime's own operators have one version. */
const contrib = (rule: GradRule, stop: readonly number[] = []): GradEntry => ({ opsets: [1, 1], stop, rule });

/** How each operator is differentiated; the type demands an entry for every operator that a graph may contain. */
export const gradientTable: Readonly<Record<Operator, GradEntry>> = {
  Abs: since(13, elementwise.abs),
  Add: since(14, elementwise.add),
  Div: since(14, elementwise.div),
  Exp: since(13, elementwise.exp),
  Log: since(13, elementwise.log),
  Identity: since(13, elementwise.identity),
  Mul: since(14, elementwise.mul),
  Neg: since(13, elementwise.neg),
  QuickGelu: contrib(elementwise.quickGelu),
  Reciprocal: since(13, elementwise.reciprocal),
  Relu: since(14, elementwise.relu),
  Sigmoid: since(13, elementwise.sigmoid),
  Sign: since(13, elementwise.sign),
  Sqrt: since(13, elementwise.sqrt),
  Sub: since(14, elementwise.sub),
  Tanh: since(13, elementwise.tanh),
  Where: since(16, elementwise.where, [0]),

  FusedMatMul: contrib(matrix.matMul),
  Gemm: since(13, matrix.gemm),
  MatMul: since(13, matrix.matMul),

  ReduceMean: since(18, reduction.reduceMean, [1]),
  ReduceSum: since(13, reduction.reduceSum, [1]),
  ReduceSumSquare: since(18, reduction.reduceSumSquare, [1]),

  LogSoftmax: since(13, normalisation.logSoftmax),
  SimplifiedLayerNormalization: since(1, normalisation.simplifiedLayerNormalization),
  Softmax: since(13, normalisation.softmax),

  Cast: since(13, shape.cast),
  Concat: since(13, shape.concat),
  Expand: since(13, shape.expand, [1]),
  Reshape: since(14, shape.reshape, [1]),
  Split: since(18, shape.split, [1]),
  Transpose: since(13, shape.transpose),
  Unsqueeze: since(13, shape.reshape, [1]),

  Gather: since(13, indexing.gather, [1]),
  GatherElements: since(13, indexing.gatherElements, [1]),

  RotaryEmbedding: contrib(rotaryEmbedding, [1, 2, 3]),

  // Scatters appear only in gradients, the rest only in decode graphs or behind the loss.
  ArgMax: "none",
  DequantizeLinear: "none",
  DynamicQuantizeLinear: "none",
  GroupQueryAttention: "none",
  MatMulIntegerToFloat: "none",
  Max: "none",
  QuantizeLinear: "none",
  ReduceMax: "none",
  ScatterElements: "none",
  ScatterND: "none",
  SkipSimplifiedLayerNormalization: "none",
};
