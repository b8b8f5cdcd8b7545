import type { Dim } from "./value.ts";

/** A dimension that is only known at run time, as a whole multiple of a name: `4*tokens`. */
const MULTIPLE = /^(\d+)\*(.+)$/;

/** `dim * factor`; `undefined` when that is not a whole multiple. */
export function scaleDim(dim: Dim, factor: number): Dim | undefined {
  const [, written, name = dim] = MULTIPLE.exec(String(dim)) ?? [];
  const count = (typeof dim === "number" ? dim : Number(written ?? 1)) * factor;
  if (!Number.isInteger(count)) return undefined;
  if (typeof dim === "number") return count;
  return count === 1 ? name : `${count}*${name}`;
}

/** `a + b`. */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const [, countA = "1", nameA = a] = MULTIPLE.exec(String(a)) ?? [];
  const [, countB = "1", nameB = b] = MULTIPLE.exec(String(b)) ?? [];
  return nameA === nameB ? `${Number(countA) + Number(countB)}*${nameA}` : `${a}+${b}`;
}
