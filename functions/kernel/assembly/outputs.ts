import { sumEach } from "./vector";

/** The four lanes of each summed, as float32. */
export function sumLanesOf(a: v128, b: v128, c: v128, d: v128): v128 {
  return sumEach(
    f32x4.convert_i32x4_s(a),
    f32x4.convert_i32x4_s(b),
    f32x4.convert_i32x4_s(c),
    f32x4.convert_i32x4_s(d),
  );
}

/** Four outputs of one row. */
export function store(sums: v128, scale: v128, start: v128, to: usize, accumulate: bool): void {
  let result = f32x4.add(f32x4.mul(sums, scale), start);
  if (accumulate) result = f32x4.add(result, v128.load(to));
  v128.store(to, result);
}

/** Two outputs of one row, and of the next. */
export function storeTwoRows(
  sums: v128,
  scale: v128,
  start: v128,
  to: usize,
  stride: usize,
  accumulate: bool,
): void {
  let result = f32x4.add(f32x4.mul(sums, scale), start);
  if (accumulate) {
    const there = v128.load64_lane(to + stride, v128.load64_zero(to), 1);
    result = f32x4.add(result, there);
  }
  v128.store64_lane(to, result, 0);
  v128.store64_lane(to + stride, result, 1);
}
