import { elementType } from "../../onnx/graph.ts";
import { sumTo, when, type GradRule } from "../context.ts";

/** Reshape, Unsqueeze: the same numbers in the input's shape. */
export const reshape: GradRule = (n) => [n.emit("Reshape", [n.grad(), n.ints(n.shape(n.input(0)))])];

export const transpose: GradRule = (n) => {
  const perm = n.node.attributes["perm"] as readonly number[];
  return [n.emit("Transpose", [n.grad()], { perm: perm.map((_, axis) => perm.indexOf(axis)) })];
};

export const expand: GradRule = (n) => [sumTo(n, n.grad(), n.shape(n.input(0)))];

export const concat: GradRule = (n) => {
  const axis = Number(n.node.attributes["axis"]);
  const sizes = n.node.inputs.map((_, i) => n.shape(n.input(i)).at(axis));
  const parts = n.emitAll("Split", [n.grad(), n.ints(sizes)], { axis });
  return parts.map((part, i) => when(n, i, () => part));
};

export const split: GradRule = (n) => {
  const parts = n.node.outputs.map((_, i) => n.grad(i));
  return [n.emit("Concat", parts, { axis: Number(n.node.attributes["axis"]) })];
};

/** Between floating-point types; a cast to integers has no slope. */
export const cast: GradRule = (n) => {
  const floating = n.output(0).type === "float32" || n.output(0).type === "float16";
  return [floating ? n.emit("Cast", [n.grad()], { to: elementType[n.input(0).type] }) : null];
};
