import { addDims, scaleDim } from "./dims.ts";
import { broadcast, elementCount, ShapeError } from "./shapes.ts";
import { elementType, type Attributes, type Dim, type ElementType, type Shape, type Value } from "./value.ts";

/** Type and shape of one output. */
interface Inferred {
  type: ElementType;
  shape: Shape;
}

interface NodeContext {
  readonly op: string;
  readonly attributes: Attributes;
  readonly count: number;
  /** The i-th input; throws ShapeError when it is missing. */
  input(i: number): Value;
  /** The numbers of the i-th input, which must be an int64 constant. */
  ints(i: number): number[];
}

type ShapeRule = (n: NodeContext) => Inferred[];

const sameAsFirst: ShapeRule = (n) => [n.input(0)];
const broadcastAll: ShapeRule = (n) => {
  const shapes = Array.from({ length: n.count }, (_, i) => n.input(i).shape);
  return [{ type: n.input(0).type, shape: shapes.reduce(broadcast) }];
};
const reduce: ShapeRule = (n) => {
  const { type, shape } = n.input(0);
  const axes = n.ints(1).map((axis) => axis + (axis < 0 ? shape.length : 0));
  const keep = n.attributes["keepdims"] !== 0;
  return [{ type, shape: shape.flatMap((dim, i) => (axes.includes(i) ? (keep ? [1] : []) : [dim])) }];
};
const matrixProduct: ShapeRule = (n) => {
  const a = swapIf(n.attributes["transA"], n.input(0).shape);
  const b = swapIf(n.attributes["transB"], n.input(1).shape);
  if (a.at(-1) !== b.at(-2))
    throw new ShapeError(`${n.op} got [${a}] times [${b}], the inner sizes must agree`);
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2));
  return [{ type: n.input(0).type, shape: [...batch, a.at(-2) as Dim, b.at(-1) as Dim] }];
};
const dequantised: ShapeRule = (n) => [{ type: "float32", shape: n.input(0).shape }];

const rules = {
  Abs: sameAsFirst,
  Exp: sameAsFirst,
  Identity: sameAsFirst,
  Log: sameAsFirst,
  LogSoftmax: sameAsFirst,
  Neg: sameAsFirst,
  QuickGelu: sameAsFirst,
  Reciprocal: sameAsFirst,
  RotaryEmbedding: sameAsFirst,
  ScatterElements: sameAsFirst,
  ScatterND: sameAsFirst,
  Sigmoid: sameAsFirst,
  Sign: sameAsFirst,
  Softmax: sameAsFirst,
  Sqrt: sameAsFirst,
  Tanh: sameAsFirst,
  Relu: sameAsFirst,
  SimplifiedLayerNormalization: sameAsFirst,

  Add: broadcastAll,
  Sub: broadcastAll,
  Mul: broadcastAll,
  Div: broadcastAll,
  Max: broadcastAll,
  Where: (n) => [
    {
      type: n.input(1).type,
      shape: broadcast(broadcast(n.input(0).shape, n.input(1).shape), n.input(2).shape),
    },
  ],

  /** Index of the largest element along `axis`, which is dropped. */
  ArgMax: (n) => {
    const { shape } = n.input(0);
    const axis = axisOf(n.attributes["axis"], shape.length);
    return [{ type: "int64", shape: shape.toSpliced(axis, 1) }];
  },
  ReduceMax: reduce,
  ReduceMean: reduce,
  ReduceSum: reduce,
  ReduceSumSquare: reduce,

  MatMul: matrixProduct,
  FusedMatMul: matrixProduct,
  Gemm: matrixProduct,
  MatMulIntegerToFloat: (n) => matrixProduct(n).map(({ shape }) => ({ type: "float32", shape })),

  Cast: (n) => [{ type: castTarget(n), shape: n.input(0).shape }],
  DequantizeLinear: dequantised,
  QuantizeLinear: (n) => [{ type: n.input(2).type, shape: n.input(0).shape }],
  DynamicQuantizeLinear: (n) => [
    { type: "uint8", shape: n.input(0).shape },
    { type: "float32", shape: [] },
    { type: "uint8", shape: [] },
  ],

  Transpose: (n) => {
    const { type, shape } = n.input(0);
    const perm = n.attributes["perm"] as readonly number[];
    return [{ type, shape: perm.map((axis) => shape[axis] as Dim) }];
  },
  Reshape: (n) => [{ type: n.input(0).type, shape: reshape(n.input(0).shape, n.ints(1)) }],
  Unsqueeze: (n) => {
    const shape = [...n.input(0).shape];
    const rank = shape.length + n.ints(1).length;
    for (const axis of n.ints(1)) shape.splice(axis < 0 ? axis + rank : axis, 0, 1);
    return [{ type: n.input(0).type, shape }];
  },
  Expand: (n) => [{ type: n.input(0).type, shape: broadcast(n.input(0).shape, n.ints(1)) }],
  Concat: (n) => {
    const { type, shape } = n.input(0);
    const axis = axisOf(n.attributes["axis"], shape.length);
    const sizes = Array.from({ length: n.count }, (_, i) => n.input(i).shape[axis] as Dim);
    return [{ type, shape: shape.with(axis, sizes.reduce(addDims)) }];
  },
  Split: (n) => {
    const { type, shape } = n.input(0);
    const axis = axisOf(n.attributes["axis"], shape.length);
    return n.ints(1).map((size) => ({ type, shape: shape.with(axis, size) }));
  },
  Gather: (n) => {
    const { type, shape } = n.input(0);
    const axis = axisOf(n.attributes["axis"] ?? 0, shape.length);
    return [{ type, shape: [...shape.slice(0, axis), ...n.input(1).shape, ...shape.slice(axis + 1)] }];
  },
  GatherElements: (n) => [{ type: n.input(0).type, shape: n.input(1).shape }],

  /** Inputs: x, skip, weight; the fourth output is x + skip. The unused second and third are declared scalars. */
  SkipSimplifiedLayerNormalization: (n) => {
    const x = n.input(0);
    return [x, { type: "float32", shape: [] }, { type: "float32", shape: [] }, x];
  },
  /** Inputs: packed qkv [1, S, (heads + 2 kv) * size], -, -, past key and value [1, kv, P, size], ... */
  GroupQueryAttention: (n) => {
    const { type, shape } = n.input(0);
    const [batch, kvHeads, , size] = n.input(3).shape as [Dim, Dim, Dim, Dim];
    const present = { type, shape: [batch, kvHeads, "total", size] };
    const width = Number(n.attributes["num_heads"]) * Number(size);
    return [{ type, shape: [...shape.slice(0, -1), width] }, present, present];
  },
} satisfies Record<string, ShapeRule>;

/** Operators that our graphs may contain. */
export type Operator = keyof typeof rules;

/** Types and shapes of a node's outputs. Throws ShapeError for an operator without a rule or inputs that do not fit. */
export function inferOutputs(
  op: Operator,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
  constantInts: (value: Value) => number[] | undefined,
): Inferred[] {
  const rule: ShapeRule | undefined = rules[op];
  if (!rule) throw new ShapeError(`No shape rule for operator "${op}"`);
  const input = (i: number) => {
    const value = inputs[i];
    if (!value) throw new ShapeError(`${op} wants an input ${i}, it has ${inputs.length}`);
    return value;
  };
  const ints = (i: number) => {
    const list = constantInts(input(i));
    if (!list) throw new ShapeError(`${op} wants a constant as input ${i}, found "${input(i).name}"`);
    return list;
  };
  return rule({ op, attributes, count: inputs.length, input, ints });
}

function reshape(from: Shape, target: number[]): Dim[] {
  const open = target.indexOf(-1);
  const fixed = target.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const named = from.filter((dim) => typeof dim === "string");
  if (named.length > 0) {
    // The open dimension is the one named dimension, times what the fixed ones have more or less than before.
    const known = elementCount(from.filter((dim) => typeof dim === "number"));
    const size = named.length > 1 ? undefined : scaleDim(named[0] as string, known / fixed);
    if (open < 0 || size === undefined) throw new ShapeError(`Cannot reshape [${from}] to [${target}]`);
    return target.with(open, size as number);
  }
  const total = elementCount(from);
  const shape = open < 0 ? target : target.with(open, total / fixed);
  if (elementCount(shape) !== total) throw new ShapeError(`Cannot reshape [${from}] to [${target}]`);
  return shape;
}

function castTarget(n: NodeContext): ElementType {
  const type = Object.entries(elementType).find(([, number]) => number === n.attributes["to"]);
  if (!type) throw new ShapeError(`Cast to type ${JSON.stringify(n.attributes["to"])} is not supported`);
  return type[0] as ElementType;
}

const swapIf = (transposed: unknown, shape: Shape): Shape =>
  transposed ? [...shape.slice(0, -2), shape.at(-1) as Dim, shape.at(-2) as Dim] : shape;
const axisOf = (axis: unknown, rank: number) => (Number(axis) < 0 ? Number(axis) + rank : Number(axis));
