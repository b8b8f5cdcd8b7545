import type { GradRule } from "../context.ts";

/** A rotation's adjoint is the rotation by the opposite angle. Inputs: x, positions, cosines, sines. */
export const rotaryEmbedding: GradRule = (n) => {
  const opposite = n.emit("Neg", [n.input(3)]);
  const rotated = [n.grad(), n.input(1), n.input(2), opposite];
  return [n.emit("RotaryEmbedding", rotated, n.node.attributes)];
};
