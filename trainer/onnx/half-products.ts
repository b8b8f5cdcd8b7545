import { elementType, type Graph, type Node, type Value } from "./graph.ts";

const PRODUCTS: readonly string[] = ["Gemm", "MatMul", "FusedMatMul"];

/**
 * Rewrites, in place, products of matrices to multiply in float16: they take nearly all of the time, and a GPU computes them
 * several times as fast. All between them stays float32: residual stream, norms, softmax, loss (Micikevicius et al., "Mixed
 * Precision Training", arXiv 1710.03740). The runtime casts weights once, when it folds constants.
 */
export function halveProducts(graph: Graph): void {
  const halves = new Map<Value, Value>();
  const half = (x: Value): Value => {
    const known = halves.get(x) ?? graph.op("Cast", [x], { to: elementType.float16 });
    halves.set(x, known);
    return known;
  };
  const nodes = graph.nodes;
  graph.nodes = [];
  for (const node of nodes) {
    if (!isWorthIt(node)) {
      graph.nodes.push(node);
      continue;
    }
    const { op, inputs, outputs, attributes } = node;
    const product = graph.op(
      op,
      inputs.map((input) => input && half(input)),
      attributes,
    );
    graph.nodes.push({ op: "Cast", inputs: [product], outputs, attributes: { to: elementType.float32 } });
  }
}

/** A single column is little work, and it is what sums log-probabilities, which float16 is too coarse for. */
const isWorthIt = ({ op, outputs }: Node) => PRODUCTS.includes(op) && outputs[0]?.shape.at(-1) !== 1;
