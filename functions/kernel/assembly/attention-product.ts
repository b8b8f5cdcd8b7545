import { addDot } from "./matrix8-block";
import { FLOAT, VECTOR } from "./vector";

/** Columns of a product. */
export const COLUMNS: usize = 8;

/**
 * Products of four rows of levels, int16 [pairs][4][2], with eight columns, int16 [pairs][8][2], of which each `run` pairs
 * begin `offset` bytes into the next page of `table`. Row r, times float32 factors[r], goes to y, float32 [rows][8], rows `stride` bytes
 * apart. `pairs` and `run` are even.
 */
export function multiplyEight(
  x: usize,
  pairs: usize,
  table: usize,
  offset: usize,
  run: usize,
  factors: usize,
  rows: usize,
  y: usize,
  stride: usize,
): void {
  let a0 = i32x4.splat(0),
    a1 = i32x4.splat(0);
  let b0 = i32x4.splat(0),
    b1 = i32x4.splat(0);
  let c0 = i32x4.splat(0),
    c1 = i32x4.splat(0);
  let d0 = i32x4.splat(0),
    d1 = i32x4.splat(0);
  const end = x + pairs * VECTOR;
  while (x < end) {
    let column = <usize>load<u32>(table) + offset;
    table += 4;
    const runEnd = min(end, x + run * VECTOR);
    while (x < runEnd) {
      let four = v128.load(x),
        low = v128.load(column);
      x += VECTOR;
      column += VECTOR;
      let high = v128.load(column);
      column += VECTOR;
      let pair = v128.shuffle<i32>(four, four, 0, 0, 0, 0);
      a0 = addDot(a0, low, pair);
      a1 = addDot(a1, high, pair);
      pair = v128.shuffle<i32>(four, four, 1, 1, 1, 1);
      b0 = addDot(b0, low, pair);
      b1 = addDot(b1, high, pair);
      pair = v128.shuffle<i32>(four, four, 2, 2, 2, 2);
      c0 = addDot(c0, low, pair);
      c1 = addDot(c1, high, pair);
      pair = v128.shuffle<i32>(four, four, 3, 3, 3, 3);
      d0 = addDot(d0, low, pair);
      d1 = addDot(d1, high, pair);
      four = v128.load(x);
      x += VECTOR;
      low = v128.load(column);
      column += VECTOR;
      high = v128.load(column);
      column += VECTOR;
      pair = v128.shuffle<i32>(four, four, 0, 0, 0, 0);
      a0 = addDot(a0, low, pair);
      a1 = addDot(a1, high, pair);
      pair = v128.shuffle<i32>(four, four, 1, 1, 1, 1);
      b0 = addDot(b0, low, pair);
      b1 = addDot(b1, high, pair);
      pair = v128.shuffle<i32>(four, four, 2, 2, 2, 2);
      c0 = addDot(c0, low, pair);
      c1 = addDot(c1, high, pair);
      pair = v128.shuffle<i32>(four, four, 3, 3, 3, 3);
      d0 = addDot(d0, low, pair);
      d1 = addDot(d1, high, pair);
    }
  }
  storeRow(a0, a1, factors, y);
  if (rows > 1) storeRow(b0, b1, factors + FLOAT, y + stride);
  if (rows > 2) storeRow(c0, c1, factors + 2 * FLOAT, y + 2 * stride);
  if (rows > 3) storeRow(d0, d1, factors + 3 * FLOAT, y + 3 * stride);
}

function storeRow(low: v128, high: v128, factor: usize, to: usize): void {
  const all = v128.load32_splat(factor);
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(low), all));
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(high), all), VECTOR);
}
