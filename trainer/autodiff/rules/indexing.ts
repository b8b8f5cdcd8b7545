import { elementType, type Value } from "../../onnx/graph.ts";
import { zeros, type GradContext, type GradRule } from "../context.ts";

/**
 * The rows that were read receive the gradient; a row read several times receives the sum. The gathered axis is moved
 * to the front, where ScatterND addresses it with one index.
 */
export const gather: GradRule = (n) => {
  const shape = n.shape(n.input(0));
  const indexShape = n.shape(n.input(1));
  const given = Number(n.node.attributes["axis"] ?? 0);
  const axis = given < 0 ? given + shape.length : given;
  const indices = n.emit("Reshape", [toInt64(n, n.input(1)), n.ints([...indexShape, 1])]);
  const rest = shape.toSpliced(axis, 1);
  if (axis === 0) return [scatterAdd(n, [shape[0] as number, ...rest], indices, n.grad())];

  const indexAxes = range(axis, indexShape.length);
  const otherAxes = [...range(0, axis), ...range(axis + indexShape.length, shape.length - axis - 1)];
  const moved = n.emit("Transpose", [n.grad()], { perm: [...indexAxes, ...otherAxes] });
  const summed = scatterAdd(n, [shape[axis] as number, ...rest], indices, moved);
  return [
    n.emit("Transpose", [summed], { perm: [...range(1, axis), 0, ...range(axis + 1, rest.length - axis)] }),
  ];
};

/** Each element read receives its gradient; one read several times receives the sum. */
export const gatherElements: GradRule = (n) => {
  const axis = Number(n.node.attributes["axis"] ?? 0);
  const target = zeros(n, n.shape(n.input(0)));
  return [n.emit("ScatterElements", [target, n.input(1), n.grad()], { axis, reduction: "add" })];
};

function scatterAdd(n: GradContext, shape: readonly number[], indices: Value, updates: Value): Value {
  return n.emit("ScatterND", [zeros(n, shape), indices, updates], { reduction: "add" });
}

/** ScatterND takes no smaller indices. */
function toInt64(n: GradContext, indices: Value): Value {
  return indices.type === "int64" ? indices : n.emit("Cast", [indices], { to: elementType.int64 });
}

const range = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i);
