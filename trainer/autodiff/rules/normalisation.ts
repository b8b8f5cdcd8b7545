import { sumAlong, sumTo, when, type GradContext, type GradRule } from "../context.ts";

const axisOf = (n: GradContext) => Number(n.node.attributes["axis"] ?? -1);

/** dx = y (dy - sum(dy y)). */
export const softmax: GradRule = (n) => {
  const y = n.output(0);
  const weighted = n.emit("Mul", [n.grad(), y]);
  return [n.emit("Sub", [weighted, n.emit("Mul", [y, sumAlong(n, weighted, axisOf(n))])])];
};

/** dx = dy - softmax(x) sum(dy). */
export const logSoftmax: GradRule = (n) => {
  const probabilities = n.emit("Exp", [n.output(0)]);
  return [n.emit("Sub", [n.grad(), n.emit("Mul", [probabilities, sumAlong(n, n.grad(), axisOf(n))])])];
};

/**
 * Root-mean-square norm y = x r w with r = 1 / sqrt(mean(x^2) + epsilon), over the last axis:
 * dx = r (g - x r mean(g x r)) with g = dy w, and dw = dy x r summed over all rows.
 *
 * The operator could give r as a second output, but not every execution provider fills it (WebGPU leaves it
 * unwritten), so r is computed again.
 */
export const simplifiedLayerNormalization: GradRule = (n) => {
  const [x, weight] = [n.input(0), n.input(1)];
  const epsilon = n.node.attributes["epsilon"] as { float: number };
  const mean = (value: typeof x) => n.emit("ReduceMean", [value, n.ints([-1])], { keepdims: 1 });
  const meanSquare = n.emit("Add", [mean(n.emit("Mul", [x, x])), n.scalar(epsilon.float)]);
  const r = n.emit("Reciprocal", [n.emit("Sqrt", [meanSquare])]);
  const normed = n.emit("Mul", [x, r]);
  return [
    when(n, 0, () => {
      const g = n.emit("Mul", [n.grad(), weight]);
      const projection = n.emit("Mul", [normed, mean(n.emit("Mul", [g, normed]))]);
      return n.emit("Mul", [n.emit("Sub", [g, projection]), r]);
    }),
    when(n, 1, () => sumTo(n, n.emit("Mul", [n.grad(), normed]), n.shape(weight))),
  ];
};
