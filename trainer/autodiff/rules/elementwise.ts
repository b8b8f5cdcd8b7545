import type { Value } from "../../onnx/graph.ts";
import { sumTo, when, type GradContext, type GradRule } from "../context.ts";

/** `gradient`, summed to the shape of input `i`, which may have been broadcast. */
const toInput = (n: GradContext, i: number, gradient: Value) => sumTo(n, gradient, n.shape(n.input(i)));

/** Gradient times a derivative that is built from the node's values. */
const chain =
  (derivative: (n: GradContext) => Value): GradRule =>
  (n) => [n.emit("Mul", [n.grad(), derivative(n)])];

export const identity: GradRule = (n) => [n.grad()];

export const neg: GradRule = (n) => [n.emit("Neg", [n.grad()])];

export const add: GradRule = (n) => [0, 1].map((i) => when(n, i, () => toInput(n, i, n.grad())));

export const sub: GradRule = (n) => [
  when(n, 0, () => toInput(n, 0, n.grad())),
  when(n, 1, () => toInput(n, 1, n.emit("Neg", [n.grad()]))),
];

export const mul: GradRule = (n) => [
  when(n, 0, () => toInput(n, 0, n.emit("Mul", [n.grad(), n.input(1)]))),
  when(n, 1, () => toInput(n, 1, n.emit("Mul", [n.grad(), n.input(0)]))),
];

/** y = a / b: dy/da = 1 / b, dy/db = -y / b. */
export const div: GradRule = (n) => [
  when(n, 0, () => toInput(n, 0, n.emit("Div", [n.grad(), n.input(1)]))),
  when(n, 1, () => {
    const slope = n.emit("Div", [n.output(0), n.input(1)]);
    return toInput(n, 1, n.emit("Neg", [n.emit("Mul", [n.grad(), slope])]));
  }),
];

/** Inputs: condition, value where true, value where false. */
export const where: GradRule = (n) => [
  null,
  when(n, 1, () => toInput(n, 1, n.emit("Where", [n.input(0), n.grad(), n.scalar(0)]))),
  when(n, 2, () => toInput(n, 2, n.emit("Where", [n.input(0), n.scalar(0), n.grad()]))),
];

export const exp: GradRule = chain((n) => n.output(0));
export const log: GradRule = chain((n) => n.emit("Reciprocal", [n.input(0)]));

/** At 0 the slope is taken as 0. */
export const abs: GradRule = chain((n) => n.emit("Sign", [n.input(0)]));

/** The output is 0 or positive, so its sign is the slope. */
export const relu: GradRule = chain((n) => n.emit("Sign", [n.output(0)]));

export const sqrt: GradRule = chain((n) => n.emit("Div", [n.scalar(0.5), n.output(0)]));

export const reciprocal: GradRule = chain((n) => n.emit("Neg", [n.emit("Mul", [n.output(0), n.output(0)])]));

/** dx = g - g y with g = dy y: no pass over the tensor that broadcasts a scalar. */
export const sigmoid: GradRule = (n) => {
  const scaled = n.emit("Mul", [n.grad(), n.output(0)]);
  return [n.emit("Sub", [scaled, n.emit("Mul", [scaled, n.output(0)])])];
};

/** y = x s with s = sigmoid(alpha x), computed again rather than kept: dy/dx = s + alpha (y - y s). */
export const quickGelu: GradRule = chain((n) => {
  const { float: alpha } = n.node.attributes["alpha"] as { float: number };
  const scaled = (x: Value) => (alpha === 1 ? x : n.emit("Mul", [x, n.scalar(alpha)]));
  const [s, y] = [n.emit("Sigmoid", [scaled(n.input(0))]), n.output(0)];
  return n.emit("Add", [s, scaled(n.emit("Sub", [y, n.emit("Mul", [y, s])]))]);
});

export const tanh: GradRule = chain((n) =>
  n.emit("Sub", [n.scalar(1), n.emit("Mul", [n.output(0), n.output(0)])]),
);

/** Piecewise constant. */
export const sign: GradRule = () => [null];
