import type { Graph, Value } from "../onnx/graph.ts";
import type { Projection } from "./architecture.ts";
import { dequantise, isQuantised, rowScale, type QuantisedWeight, type Weight } from "./quantisation.ts";
import { transpose } from "./transpose.ts";
import type { Weights } from "./weights.ts";

/**
 * How many int8 digits an activation is written in. With one, outliers in a row push the rest of it towards zero; the second
 * digit holds what the first left over, in a second product.
 */
export type ActivationDigits = 1 | 2;

/** The products of one graph. Matrices enter the graph once, however often they are used. */
export interface Products {
  /** `x W^T + b`, `[rows, out]`; several projections give their outputs side by side. */
  multiply(x: Value, projections: readonly Projection[]): Value;
  /** The matrices of `projections` side by side. */
  matrix(projections: readonly Projection[]): Matrix;
}

export interface Matrix {
  /** `[in, out]`: float32, or int8 weights as uint8 around `middle`. */
  readonly values: Value;
  /** `[out]`, only with int8 weights. */
  readonly scales?: Value;
  readonly middle?: Value;
}

/**
 * Middle and reach of the uint8 grid that weights and digits are on. Both unsigned: where a processor lacks VNNI,
 * onnxruntime's kernel for unsigned times signed overflows, by a tenth of the result with large weights.
 */
const MIDDLE = 128;
const REACH = 127;
/** One step of the first digit, in steps of the second: what the first leaves over is at most half of it either way. */
const DIGIT_RATIO = 2 * REACH;
/** Stands in for the largest magnitude of a row of zeros, which nothing can be divided by. */
const SMALLEST_ROW = 1e-30;

/** Makes products in the format of their weights: float32, or int8 with activations that are quantised as they come. */
export function createProducts(graph: Graph, weights: Weights, digits: ActivationDigits): Products {
  const matrices = new Map<string, Matrix>();
  const quantisedInputs = new Map<Value, QuantisedInput>();

  const matrixOf = (projections: readonly Projection[]): Matrix => {
    const name = projections.map(({ weight }) => weight).join("+");
    const known = matrices.get(name);
    if (known) return known;
    const parts = projections.map(({ weight }) => weights.get(weight) as Weight);
    const matrix = parts.every(isQuantised)
      ? int8Matrix(graph, name, parts)
      : floatMatrix(graph, name, parts);
    matrices.set(name, matrix);
    return matrix;
  };
  const quantised = (x: Value): QuantisedInput => {
    const known = quantisedInputs.get(x);
    if (known) return known;
    const made = quantiseRows(graph, x, digits);
    quantisedInputs.set(x, made);
    return made;
  };
  const multiply = (x: Value, { values, scales, middle: weightMiddle }: Matrix): Value => {
    if (!scales || !weightMiddle) return graph.op("MatMul", [x, values]);
    const { levels, step, middle, rowScales } = quantised(x);
    const product = graph.op("MatMulIntegerToFloat", [levels, values, step, scales, middle, weightMiddle]);
    const scaled = graph.op("Mul", [product, rowScales]);
    return digits === 1 ? scaled : graph.op("ReduceSum", [scaled, graph.ints([0])], { keepdims: 0 });
  };

  return {
    matrix: matrixOf,
    multiply(x, projections) {
      const product = multiply(x, matrixOf(projections));
      const bias = biasOf(graph, weights, projections);
      return bias ? graph.op("Add", [product, bias]) : product;
    },
  };
}

/** Stands for `(levels - middle) * step * rowScales`, summed over digits where there are two. */
interface QuantisedInput {
  /** `[rows, in]`, or `[2, rows, in]` for two digits. */
  readonly levels: Value;
  readonly step: Value;
  readonly middle: Value;
  /** `[rows, 1]`, or `[2, rows, 1]`. */
  readonly rowScales: Value;
}

/**
 * Each row by its own largest magnitude, so that no row depends on what is computed beside it. In wasm a division first is
 * many times faster than QuantizeLinear with a scale for each row.
 */
function quantiseRows(graph: Graph, x: Value, digits: ActivationDigits): QuantisedInput {
  const largest = graph.op("ReduceMax", [graph.op("Abs", [x]), graph.ints([-1])], { keepdims: 1 });
  const rowScales = graph.op("Max", [largest, graph.scalar(SMALLEST_ROW)]);
  const divided = graph.op("Div", [x, rowScales]);
  const step = graph.scalar(1 / REACH);
  const middle = middleOf(graph);
  const levels = graph.op("QuantizeLinear", [divided, step, middle]);
  if (digits === 1) return { levels, step, middle, rowScales };

  const rest = graph.op("Sub", [divided, graph.op("DequantizeLinear", [levels, step, middle])]);
  const restLevels = graph.op("QuantizeLinear", [rest, graph.scalar(1 / REACH / DIGIT_RATIO), middle]);
  const restScales = graph.op("Mul", [rowScales, graph.scalar(1 / DIGIT_RATIO)]);
  // One batch of both, so that the weights are read once.
  const batch = graph.ints([0]);
  const together = (a: Value, b: Value) =>
    graph.op("Concat", [graph.op("Unsqueeze", [a, batch]), graph.op("Unsqueeze", [b, batch])], { axis: 0 });
  return { levels: together(levels, restLevels), step, middle, rowScales: together(rowScales, restScales) };
}

function int8Matrix(graph: Graph, name: string, parts: readonly QuantisedWeight[]): Matrix {
  const inputs = parts[0]?.shape[1] as number;
  const outputs = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  const stacked = new Int8Array(outputs * inputs);
  const scales = new Float32Array(outputs);
  let row = 0;
  for (const part of parts) {
    stacked.set(part.values, row * inputs);
    for (let i = 0; i < part.shape[0]; i++) scales[row + i] = rowScale(part, i);
    row += part.shape[0];
  }
  const unsigned = new Uint8Array(transpose(stacked, outputs, inputs).buffer);
  for (let i = 0; i < unsigned.length; i++) unsigned[i] = (unsigned[i] as number) + MIDDLE;
  return {
    values: graph.constant(unsigned, [inputs, outputs], name),
    scales: graph.constant(scales, [outputs], `${name}.scale`),
    middle: middleOf(graph),
  };
}

const middleOf = (graph: Graph): Value => graph.constant(Uint8Array.of(MIDDLE), []);

function floatMatrix(graph: Graph, name: string, parts: readonly Weight[]): Matrix {
  const inputs = parts[0]?.shape[1] as number;
  const stacked = concatenate(parts.map(dequantise));
  const outputs = stacked.length / inputs;
  return { values: graph.constant(transpose(stacked, outputs, inputs), [inputs, outputs], name) };
}

/** All projections have a bias, or none. */
function biasOf(graph: Graph, weights: Weights, projections: readonly Projection[]): Value | undefined {
  const names = projections.flatMap(({ bias }) => (bias === undefined ? [] : [bias]));
  if (names.length === 0) return undefined;
  const values = concatenate(names.map((name) => dequantise(weights.get(name) as Weight)));
  return graph.constant(values, [values.length], names.join("+"));
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
