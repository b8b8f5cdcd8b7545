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
 * dx = r g - x r^3 mean(g x) with g = dy w, and dw = dy x r summed over all rows.
 *
 * The operator could give r as a second output, but not every execution provider fills it (WebGPU leaves it
 * unwritten), so r is computed again.
 */
export const simplifiedLayerNormalization: GradRule = (n) => {
  const [x, weight] = [n.input(0), n.input(1)];
  const size = n.scalar(n.shape(x).at(-1));
  const epsilon = n.node.attributes["epsilon"] as { float: number };
  const squares = n.emit("ReduceSumSquare", [x, n.ints([-1])], { keepdims: 1 });
  const meanSquare = n.emit("Add", [n.emit("Div", [squares, size]), n.scalar(epsilon.float)]);
  const r = n.emit("Reciprocal", [n.emit("Sqrt", [meanSquare])]);
  return [
    when(n, 0, () => {
      const g = n.emit("Mul", [n.grad(), weight]);
      const meanProduct = n.emit("Div", [sumAlong(n, n.emit("Mul", [g, x]), -1), size]);
      // mean(x^2) + epsilon is r^-2, so that r^3 = r / (mean(x^2) + epsilon).
      const slope = n.emit("Div", [n.emit("Mul", [meanProduct, r]), meanSquare]);
      return n.emit("Sub", [n.emit("Mul", [g, r]), n.emit("Mul", [x, slope])]);
    }),
    when(n, 1, () => sumTo(n, n.emit("Mul", [n.grad(), n.emit("Mul", [x, r])]), n.shape(weight))),
  ];
};
