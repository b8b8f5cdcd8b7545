import { multiplyAdd } from "./vector";

/** Four outputs of one row. */
export function store(sums: v128, scale: v128, start: v128, to: usize, accumulate: bool): void {
  let result = multiplyAdd(sums, scale, start);
  if (accumulate) result = f32x4.add(result, v128.load(to));
  v128.store(to, result);
}
