import { InternalError } from "../../shared/errors.ts";
import type { Dim, Shape } from "./value.ts";

/** The inputs of a node do not fit its operator. */
export class ShapeError extends InternalError {}

/** NumPy broadcasting; a named dimension broadcasts with itself and with 1. Throws ShapeError. */
export function broadcast(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new ShapeError(`Cannot broadcast [${a}] with [${b}]`);
    return x === 1 ? y : x;
  });
}

/** The number of elements of a fully known shape. Throws ShapeError when a dimension is only known at run time. */
export function elementCount(shape: Shape): number {
  return staticShape(shape).reduce((product, dim) => product * dim, 1);
}

/** The same shape as numbers. Throws ShapeError when a dimension is only known at run time. */
export function staticShape(shape: Shape): number[] {
  return shape.map((dim) => {
    if (typeof dim === "string") throw new ShapeError(`Dimension "${dim}" of [${shape}] must be known here`);
    return dim;
  });
}
