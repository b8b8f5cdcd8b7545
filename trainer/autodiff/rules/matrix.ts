import type { Value } from "../../onnx/graph.ts";
import { sumTo, when, type GradContext, type GradRule } from "../context.ts";

/** `alpha a b` with either factor transposed in its last two axes; leading axes broadcast. */
function product(n: GradContext, a: Value, b: Value, transA: boolean, transB: boolean, alpha = 1): Value {
  if (!transA && !transB && alpha === 1) return n.emit("MatMul", [a, b]);
  return n.emit("FusedMatMul", [a, b], {
    transA: Number(transA),
    transB: Number(transB),
    alpha: { float: alpha },
  });
}

/** Gradient of `alpha op(a) op(b)` with respect to `a`, in the shape of `a` before broadcasting. */
function gradA(n: GradContext, transA: boolean, transB: boolean, alpha: number): Value {
  const [dy, b] = [n.grad(), n.input(1)];
  const da = transA ? product(n, b, dy, transB, true, alpha) : product(n, dy, b, false, !transB, alpha);
  return sumTo(n, da, n.shape(n.input(0)));
}

/** Gradient of `alpha op(a) op(b)` with respect to `b`, in the shape of `b` before broadcasting. */
function gradB(n: GradContext, transA: boolean, transB: boolean, alpha: number): Value {
  const [dy, a] = [n.grad(), n.input(0)];
  const db = transB ? product(n, dy, a, true, transA, alpha) : product(n, a, dy, !transA, false, alpha);
  return sumTo(n, db, n.shape(n.input(1)));
}

const flag = (n: GradContext, name: string) => Boolean(n.node.attributes[name]);

function float(n: GradContext, name: string): number {
  const attribute = n.node.attributes[name];
  return typeof attribute === "object" && "float" in attribute ? attribute.float : 1;
}

/** MatMul and FusedMatMul: dA = alpha dY B^T, dB = alpha A^T dY, with the factors' own transpositions undone. */
export const matMul: GradRule = (n) => {
  const [transA, transB, alpha] = [flag(n, "transA"), flag(n, "transB"), float(n, "alpha")];
  return [
    when(n, 0, () => gradA(n, transA, transB, alpha)),
    when(n, 1, () => gradB(n, transA, transB, alpha)),
  ];
};

/** alpha A B + beta C; C broadcasts to the result. */
export const gemm: GradRule = (n) => [
  ...matMul(n),
  when(n, 2, () => {
    const beta = float(n, "beta");
    const scaled = beta === 1 ? n.grad() : n.emit("Mul", [n.grad(), n.scalar(beta)]);
    return sumTo(n, scaled, n.shape(n.input(2)));
  }),
];
