import { elementType, type Attributes, type Graph, type Value } from "../../trainer/onnx/graph.ts";
import type { Operator } from "../../trainer/onnx/shape-inference.ts";
import { seededRandom, uniform } from "./random.ts";

type Shape = readonly number[];
/** Where inputs are drawn from, away from kinks and poles. */
type Domain = readonly [low: number, high: number];

/** One node to differentiate. */
export interface RuleCase {
  readonly op: Operator;
  /** Shapes of the differentiable inputs. */
  readonly shapes: readonly Shape[];
  readonly domain?: Domain;
  readonly attributes?: Attributes;
  /** Builds the node when it takes more than the differentiable inputs; gives its outputs. */
  readonly build?: (graph: Graph, inputs: readonly Value[]) => Value[];
  readonly note?: string;
}

const positive: Domain = [0.5, 2];
const any: Domain = [-1, 1];

/** Broadcasts on either side, along several axes, of rank 0 and of missing leading axes. */
const broadcasts: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [1, 3],
    [2, 1],
  ],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[], [2, 2]],
];

const unary = (op: Operator, domain: Domain): RuleCase[] =>
  [[5], [2, 3]].map((shape) => ({ op, shapes: [shape], domain }));
const binary = (op: Operator, domain: Domain): RuleCase[] =>
  broadcasts.map((shapes) => ({ op, shapes, domain }));
const int32 = (graph: Graph, list: readonly number[], shape: Shape) =>
  graph.constant(Int32Array.from(list), shape);

/** Every operator with a rule, over shapes that broadcast, axes and attributes. */
export const ruleCases: RuleCase[] = [
  ...unary("Abs", [0.2, 1]),
  ...unary("Abs", [-1, -0.2]),
  ...unary("Exp", any),
  ...unary("Log", positive),
  ...unary("Identity", any),
  ...unary("Neg", any),
  ...unary("Reciprocal", positive),
  ...unary("Relu", [0.2, 1]),
  { op: "Relu", shapes: [[4]], note: "on both sides of 0", build: relu },
  ...[1, 1.7].map((float): RuleCase => {
    return { op: "QuickGelu", shapes: [[2, 3]], domain: [-3, 3], attributes: { alpha: { float } } };
  }),
  ...unary("Sigmoid", [-3, 3]),
  ...unary("Sqrt", positive),
  ...unary("Tanh", [-2, 2]),

  ...binary("Add", any),
  ...binary("Sub", any),
  ...binary("Mul", any),
  ...binary("Div", positive),
  ...broadcasts.map((shapes): RuleCase => ({ op: "Where", shapes, build: where })),

  {
    op: "MatMul",
    shapes: [
      [2, 3],
      [3, 4],
    ],
  },
  {
    op: "MatMul",
    shapes: [
      [2, 2, 3],
      [3, 4],
    ],
    note: "b serves every batch",
  },
  {
    op: "MatMul",
    shapes: [
      [3, 1, 2, 3],
      [2, 3, 2],
    ],
    note: "both broadcast",
  },
  ...[0, 1].flatMap((transA) =>
    [0, 1].flatMap((transB): RuleCase[] => {
      const attributes = { transA, transB, alpha: { float: 0.7 } };
      const [a, b]: [Shape, Shape] = [transA ? [3, 2] : [2, 3], transB ? [4, 3] : [3, 4]];
      return [
        { op: "FusedMatMul", shapes: [a, b], attributes },
        {
          op: "FusedMatMul",
          shapes: [
            [2, ...a],
            [2, ...b],
          ],
          attributes,
        },
        {
          op: "FusedMatMul",
          shapes: [
            [2, 3, ...a],
            [2, 1, ...b],
          ],
          attributes,
          note: "b broadcasts",
        },
        { op: "Gemm", shapes: [a, b], attributes },
        { op: "Gemm", shapes: [a, b, [4]], attributes: { ...attributes, beta: { float: 1.3 } } },
        { op: "Gemm", shapes: [a, b, [2, 1]], attributes, note: "c repeats along columns" },
      ];
    }),
  ),

  ...(
    [
      [[0], 1],
      [[0], 0],
      [[-1], 0],
      [[0, 2], 1],
      [[0, 2], 0],
    ] as const
  ).flatMap(([axes, keepdims]) =>
    (["ReduceSum", "ReduceMean", "ReduceSumSquare"] as const).map((op): RuleCase => ({
      op,
      shapes: [[2, 3, 2]],
      note: `axes ${axes}, keepdims ${keepdims}`,
      build: (graph, [x]) => [graph.op(op, [x as Value, graph.ints(axes)], { keepdims })],
    })),
  ),

  ...[-1, 0, 1].flatMap((axis) =>
    (["Softmax", "LogSoftmax"] as const).map((op): RuleCase => ({
      op,
      shapes: [[2, 3, 2]],
      attributes: { axis },
      note: `axis ${axis}`,
    })),
  ),
  ...[[5], [2, 5], [2, 3, 4]].map((shape): RuleCase => ({
    op: "SimplifiedLayerNormalization",
    shapes: [shape, shape.slice(-1)],
    attributes: { axis: -1, epsilon: { float: 0.01 } },
  })),

  { op: "Transpose", shapes: [[2, 3]], attributes: { perm: [1, 0] } },
  { op: "Transpose", shapes: [[2, 3, 2, 2]], attributes: { perm: [2, 0, 3, 1] }, note: "no involution" },
  {
    op: "Reshape",
    shapes: [[2, 6]],
    build: (graph, [x]) => [graph.op("Reshape", [x as Value, graph.ints([3, -1])])],
  },
  {
    op: "Unsqueeze",
    shapes: [[2, 3]],
    build: (graph, [x]) => [graph.op("Unsqueeze", [x as Value, graph.ints([0, 2])])],
  },
  {
    op: "Expand",
    shapes: [[3, 1]],
    build: (graph, [x]) => [graph.op("Expand", [x as Value, graph.ints([2, 3, 4])])],
  },
  {
    op: "Concat",
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    attributes: { axis: -1 },
  },
  {
    op: "Concat",
    shapes: [
      [1, 3],
      [2, 3],
    ],
    attributes: { axis: 0 },
  },
  { op: "Split", shapes: [[2, 5]], build: split },
  {
    op: "Split",
    shapes: [[2, 5]],
    note: "one part unused",
    build: (graph, inputs) => split(graph, inputs).slice(1),
  },
  {
    op: "Cast",
    shapes: [[2, 3]],
    build: (graph, [x]) => [graph.op("Cast", [x as Value], { to: elementType.float32 })],
  },

  ...[0, 1, 2, -1].map((axis): RuleCase => ({
    op: "Gather",
    shapes: [[3, 4, 3]],
    note: `axis ${axis}, index 1 twice`,
    build: (graph, [x]) => [graph.op("Gather", [x as Value, int32(graph, [1, 2, 0, 1], [2, 2])], { axis })],
  })),
  ...[0, 1].map((axis): RuleCase => ({
    op: "GatherElements",
    shapes: [[3, 3]],
    note: `axis ${axis}, elements twice`,
    build: (graph, [x]) => [
      graph.op("GatherElements", [x as Value, int32(graph, [1, 1, 0, 2, 2, 2], [2, 3])], { axis }),
    ],
  })),

  { op: "RotaryEmbedding", shapes: [[1, 3, 8]], note: "two heads of size 4", build: rotary },
  { op: "Sign", shapes: [[4]], domain: positive, note: "no gradient flows", build: signTimesInput },
];

function relu(graph: Graph, [x]: readonly Value[]): Value[] {
  const apart = graph.op("Add", [x as Value, graph.constant(Float32Array.of(2, -2, 2, -2), [4])]);
  return [graph.op("Relu", [apart])];
}

function where(graph: Graph, [a, b]: readonly Value[]): Value[] {
  const condition = graph.constant(Uint8Array.of(1, 0), [2, 1, 1]);
  const bool = graph.op("Cast", [condition], { to: elementType.bool });
  return [graph.op("Where", [bool, a as Value, b as Value])];
}

function split(graph: Graph, [x]: readonly Value[]): Value[] {
  return graph.ops("Split", [x as Value, graph.ints([1, 3, 1])], { axis: 1 });
}

function rotary(graph: Graph, [x]: readonly Value[]): Value[] {
  const random = seededRandom(5);
  const table = () => graph.constant(uniform(random, 6), [3, 2]);
  return [
    graph.op("RotaryEmbedding", [x as Value, graph.constant(BigInt64Array.of(0n), [1]), table(), table()]),
  ];
}

function signTimesInput(graph: Graph, [x]: readonly Value[]): Value[] {
  return [graph.op("Mul", [graph.op("Sign", [x as Value]), x as Value])];
}
