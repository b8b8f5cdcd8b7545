import type { Graph, Value } from "../onnx/graph.ts";
import type { Projection } from "./architecture.ts";
import { dequantise, isQuantised, rowScale, type QuantisedWeight, type Weight } from "./quantisation.ts";
import { transpose } from "./transpose.ts";
import type { Weights } from "./weights.ts";

/** How a product's int8 activations are scaled: one scale for all rows of the input, or one for each. */
export type ActivationScale = "tensor" | "row";

/** The products of one graph. Matrices enter the graph once, however often they are used. */
export interface Products {
  /** `x W^T + b`, `[rows, out]`; several projections give their outputs side by side. */
  multiply(x: Value, projections: readonly Projection[], scale: ActivationScale): Value;
  /** The matrices of `projections` side by side. */
  matrix(projections: readonly Projection[]): Matrix;
}

export interface Matrix {
  /** `[in, out]`, float32 or int8. */
  readonly values: Value;
  /** `[out]`, with int8 values. */
  readonly scales?: Value;
}

/** Middle and reach of the uint8 grid that a row is put on. */
const MIDDLE = 128;
const REACH = 127;
/** Stands in for the largest magnitude of a row of zeros, which nothing can be divided by. */
const SMALLEST_ROW = 1e-30;

/** Makes products in the format of their weights: float32, or int8 with activations that are quantised as they come. */
export function createProducts(graph: Graph, weights: Weights): Products {
  const matrices = new Map<string, Matrix>();
  const quantisedInputs = new Map<string, QuantisedInput>();

  const matrixOf = (projections: readonly Projection[]): Matrix => {
    const name = projections.map(({ weight }) => weight).join("+");
    const known = matrices.get(name);
    if (known) return known;
    const parts = projections.map(({ weight }) => weights.get(weight) as Weight);
    const matrix = parts.every(isQuantised) ? int8Matrix(graph, name, parts) : floatMatrix(graph, name, parts);
    matrices.set(name, matrix);
    return matrix;
  };
  const quantised = (x: Value, scale: ActivationScale): QuantisedInput => {
    const key = `${x.name} per ${scale}`;
    const known = quantisedInputs.get(key);
    if (known) return known;
    const made = scale === "row" ? quantiseRows(graph, x) : quantiseTensor(graph, x);
    quantisedInputs.set(key, made);
    return made;
  };

  const multiply = (x: Value, { values, scales }: Matrix, scale: ActivationScale): Value => {
    if (!scales) return graph.op("MatMul", [x, values]);
    if ((scale as string).startsWith("fine")) {
      const largest = graph.op("ReduceMax", [graph.op("Abs", [x]), graph.ints([-1])], { keepdims: 1 });
      const m = graph.op("Max", [largest, graph.scalar(SMALLEST_ROW)]);
      const z = graph.constant(Uint8Array.of(128), []);
      const s1 = graph.scalar(1 / 127), s2 = graph.scalar(1 / 127 / 254);
      const n = graph.op("Unsqueeze", [graph.op("Div", [x, m]), graph.ints([0])]);
      const q1 = graph.op("QuantizeLinear", [n, s1, z]);
      const r = graph.op("Sub", [n, graph.op("DequantizeLinear", [q1, s1, z])]);
      const q2 = graph.op("QuantizeLinear", [r, s2, z]);
      const both = graph.op("MatMulIntegerToFloat", [graph.op("Concat", [q1, q2], { axis: 0 }), values, s1, scales, z]);
      if (scale as string === "fine2") {
        const mm = graph.op("Unsqueeze", [m, graph.ints([0])]);
        const sc = graph.op("Concat", [mm, graph.op("Mul", [mm, graph.scalar(1 / 254)])], { axis: 0 });
        return graph.op("ReduceSum", [graph.op("Mul", [both, sc]), graph.ints([0])], { keepdims: 0 });
      }
      const [a, b] = graph.ops("Split", [both, graph.ints([1, 1])], { axis: 0 }) as [Value, Value];
      const sum = graph.op("Mul", [graph.op("Add", [a, graph.op("Mul", [b, graph.scalar(1 / 254)])]), m]);
      return graph.op("Reshape", [sum, graph.ints([-1, values.shape[1] as number])]);
    }
    const { levels, levelScale, zeroPoint, rowScales } = quantised(x, scale);
    const product = graph.op("MatMulIntegerToFloat", [levels, values, levelScale, scales, zeroPoint]);
    return rowScales ? graph.op("Mul", [product, rowScales]) : product;
  };

  return {
    matrix: matrixOf,
    multiply(x, projections, scale) {
      const product = multiply(x, matrixOf(projections), scale);
      const bias = biasOf(graph, weights, projections);
      return bias ? graph.op("Add", [product, bias]) : product;
    },
  };
}

interface QuantisedInput {
  readonly levels: Value;
  readonly levelScale: Value;
  readonly zeroPoint: Value;
  /** `[rows, 1]`: what each row was divided by before it was put on the grid. */
  readonly rowScales?: Value;
}

function quantiseTensor(graph: Graph, x: Value): QuantisedInput {
  const [levels, levelScale, zeroPoint] = graph.ops("DynamicQuantizeLinear", [x]) as [Value, Value, Value];
  return { levels, levelScale, zeroPoint };
}

/** In wasm a division first is many times faster than QuantizeLinear with a scale for each row. */
function quantiseRows(graph: Graph, x: Value): QuantisedInput {
  const largest = graph.op("ReduceMax", [graph.op("Abs", [x]), graph.ints([-1])], { keepdims: 1 });
  const rowScales = graph.op("Max", [largest, graph.scalar(SMALLEST_ROW)]);
  const levelScale = graph.scalar(1 / REACH);
  const zeroPoint = graph.constant(Uint8Array.of(MIDDLE), []);
  const levels = graph.op("QuantizeLinear", [graph.op("Div", [x, rowScales]), levelScale, zeroPoint]);
  return { levels, levelScale, zeroPoint, rowScales };
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
  return {
    values: graph.constant(transpose(stacked, outputs, inputs), [inputs, outputs], name),
    scales: graph.constant(scales, [outputs], `${name}.scale`),
  };
}

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
