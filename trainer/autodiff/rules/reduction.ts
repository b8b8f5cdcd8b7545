import type { Value } from "../../onnx/graph.ts";
import { elementCount } from "../../onnx/shapes.ts";
import type { GradContext, GradRule } from "../context.ts";

/** Repeats a reduced gradient along the axes it was reduced over. */
function spread(n: GradContext, gradient: Value): Value {
  const shape = n.shape(n.input(0));
  // The graph's own shape inference has checked that the axes are constant.
  const axes = n.constantInts(n.input(1)).map((axis) => (axis < 0 ? axis + shape.length : axis));
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const full = n.node.attributes["keepdims"] === 0 ? n.emit("Reshape", [gradient, n.ints(kept)]) : gradient;
  return n.emit("Expand", [full, n.ints(shape)]);
}

export const reduceSum: GradRule = (n) => [spread(n, n.grad())];

export const reduceMean: GradRule = (n) => {
  const averaged = elementCount(n.input(0).shape) / elementCount(n.output(0).shape);
  return [spread(n, n.emit("Mul", [n.grad(), n.scalar(1 / averaged)]))];
};

/** dx = 2 x dy. */
export const reduceSumSquare: GradRule = (n) => {
  const doubled = n.emit("Mul", [n.grad(), n.scalar(2)]);
  return [n.emit("Mul", [n.input(0), spread(n, doubled)])];
};
