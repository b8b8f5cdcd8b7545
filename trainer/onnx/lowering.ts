import type { Graph, Node, Value } from "./graph.ts";
import type { Operator } from "./shape-inference.ts";

/** Emits nodes that compute what `node` does, the last of them its only output. */
type Rewrite = (graph: Graph, node: Node) => void;

/**
 * What an execution provider lacks of the operators that our graphs use: the runtime would run it on the CPU, with copies
 * there and back. Found by the runtime's own log of where nodes were placed (onnxruntime 1.30).
 */
const LOWERINGS: Readonly<Record<string, Readonly<Partial<Record<Operator, Rewrite>>>>> = {
  webgpu: { FusedMatMul: plainProduct, LogSoftmax: logSoftmaxInParts },
};

/** Rewrites, in place, the operators that `provider` lacks. */
export function lower(graph: Graph, provider: string): void {
  const rewrites = LOWERINGS[provider] ?? {};
  const nodes = graph.nodes;
  graph.nodes = [];
  for (const node of nodes) {
    const rewrite = rewrites[node.op];
    if (rewrite) {
      rewrite(graph, node);
      const last = graph.nodes.pop() as Node;
      graph.nodes.push({ ...last, outputs: node.outputs });
    } else graph.nodes.push(node);
  }
}

/** FusedMatMul: Gemm has the same attributes, for two axes; with more of them the factors are transposed by themselves. */
function plainProduct(graph: Graph, { inputs, attributes }: Node): void {
  const [a, b] = inputs as [Value, Value];
  if (a.shape.length === 2 && b.shape.length === 2) {
    graph.op("Gemm", [a, b], attributes);
    return;
  }
  const { transA, transB, alpha = { float: 1 } } = attributes;
  const turned = (x: Value, wanted: unknown) => {
    const axes = [...x.shape.keys()];
    const perm = [...axes.slice(0, -2), ...axes.slice(-2).toReversed()];
    return wanted ? graph.op("Transpose", [x], { perm }) : x;
  };
  const product = graph.op("MatMul", [turned(a, transA), turned(b, transB)]);
  const factor = (alpha as { float: number }).float;
  if (factor !== 1) graph.op("Mul", [product, graph.scalar(factor)]);
}

/** x - max - log(sum(exp(x - max))): the logarithm of Softmax would be infinite where a probability is too small. */
function logSoftmaxInParts(graph: Graph, { inputs, attributes }: Node): void {
  const [x] = inputs as [Value];
  const axes = graph.ints([Number(attributes["axis"] ?? -1)]);
  const shifted = graph.op("Sub", [x, graph.op("ReduceMax", [x, axes], { keepdims: 1 })]);
  const sum = graph.op("ReduceSum", [graph.op("Exp", [shifted]), axes], { keepdims: 1 });
  graph.op("Sub", [shifted, graph.op("Log", [sum])]);
}
