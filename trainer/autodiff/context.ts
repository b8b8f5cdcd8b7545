import type { Attributes, Node, Value } from "../onnx/graph.ts";
import type { Operator } from "../onnx/shape-inference.ts";

/** What a gradient rule sees of the node it differentiates, and how it adds nodes to the graph. */
export interface GradContext {
  readonly node: Node;
  /** The i-th input. Throws InternalError when it is left out. */
  input(i: number): Value;
  output(i: number): Value;
  /** Gradient of the loss with respect to the i-th output, in that output's shape; zeros where the loss ignores it. */
  grad(i?: number): Value;
  /** Whether the gradient with respect to the i-th input is wanted. */
  needs(i: number): boolean;
  /** Throws ShapeError when a dimension is only known at run time. */
  shape(value: Value): number[];
  /** The numbers of an int64 constant. Throws GradientError when `value` is computed at run time. */
  constantInts(value: Value): number[];
  /** Adds a plain inference operator. */
  emit(op: Operator, inputs: readonly (Value | null)[], attributes?: Attributes): Value;
  /** The same for an operator with several outputs. */
  emitAll(op: Operator, inputs: readonly (Value | null)[], attributes?: Attributes): Value[];
  scalar(x: number): Value;
  ints(list: readonly number[]): Value;
}

/** One gradient per input, in the inputs' shapes; `null` or a missing entry where `needs` says no. */
export type GradRule = (n: GradContext) => (Value | null)[];

/**
 * How an operator is differentiated. `stop` lists the inputs that no gradient flows into (indices, shapes); `"none"`
 * marks an operator that has no rule.
 */
export type GradEntry =
  | {
      readonly opsets: readonly [first: number, last: number];
      readonly stop?: readonly number[];
      readonly rule: GradRule;
    }
  | "none";

/** The rule's gradient for input `i`, computed only when it is wanted. */
export function when(n: GradContext, i: number, gradient: () => Value): Value | null {
  return n.needs(i) ? gradient() : null;
}

/** Undoes broadcasting: sums `gradient` over the axes along which a tensor of shape `target` was repeated. */
export function sumTo(n: GradContext, gradient: Value, target: readonly number[]): Value {
  const from = n.shape(gradient);
  const added = from.length - target.length;
  const axes = from.flatMap((size, axis) =>
    axis < added || (target[axis - added] === 1 && size !== 1) ? [axis] : [],
  );
  const summed =
    axes.length === 0 ? gradient : n.emit("ReduceSum", [gradient, n.ints(axes)], { keepdims: 1 });
  return added === 0 ? summed : n.emit("Reshape", [summed, n.ints(target)]);
}

/** Sum over `axis`, which stays with size 1. */
export function sumAlong(n: GradContext, x: Value, axis: number): Value {
  return n.emit("ReduceSum", [x, n.ints([axis])], { keepdims: 1 });
}

/** A tensor of zeros. */
export function zeros(n: GradContext, shape: readonly number[]): Value {
  return n.emit("Expand", [n.scalar(0), n.ints(shape)]);
}
