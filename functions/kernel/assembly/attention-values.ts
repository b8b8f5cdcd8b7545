import { PAGE_BITS, pageAt } from "./kv";
import { splat, VECTOR } from "./vector";

/** Eight numbers of the weighted sums of values, for up to four query heads, `head` bytes apart in y. */
export function gather(
  table: usize,
  values: usize,
  headLevels: usize,
  visible: usize,
  weights: usize,
  factors: v128,
  rows: usize,
  y: usize,
  head: usize,
): void {
  let a0 = splat(0),
    b0 = splat(0),
    c0 = splat(0),
    d0 = splat(0);
  let a1 = splat(0),
    b1 = splat(0),
    c1 = splat(0),
    d1 = splat(0);
  let position: usize = 0;
  while (position < visible) {
    let value = pageAt(table, position, values);
    const end = min(visible, position + (1 << PAGE_BITS));
    for (; position < end; position++) {
      const eight = v128.load(value);
      const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight));
      const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight));
      const four = v128.load(weights);
      let weight = lane0(four);
      a0 = f32x4.add(a0, f32x4.mul(weight, low));
      a1 = f32x4.add(a1, f32x4.mul(weight, high));
      weight = lane1(four);
      b0 = f32x4.add(b0, f32x4.mul(weight, low));
      b1 = f32x4.add(b1, f32x4.mul(weight, high));
      weight = lane2(four);
      c0 = f32x4.add(c0, f32x4.mul(weight, low));
      c1 = f32x4.add(c1, f32x4.mul(weight, high));
      weight = lane3(four);
      d0 = f32x4.add(d0, f32x4.mul(weight, low));
      d1 = f32x4.add(d1, f32x4.mul(weight, high));
      value += headLevels;
      weights += VECTOR;
    }
  }
  storeEight(a0, a1, lane0(factors), y);
  if (rows > 1) storeEight(b0, b1, lane1(factors), y + head);
  if (rows > 2) storeEight(c0, c1, lane2(factors), y + 2 * head);
  if (rows > 3) storeEight(d0, d1, lane3(factors), y + 3 * head);
}

function storeEight(low: v128, high: v128, factor: v128, to: usize): void {
  v128.store(to, f32x4.mul(low, factor));
  v128.store(to, f32x4.mul(high, factor), VECTOR);
}

/** One lane in all of them. */
function lane0(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 0, 0, 0, 0);
}
function lane1(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 1, 1, 1, 1);
}
function lane2(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 2, 2, 2, 2);
}
function lane3(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 3, 3, 3, 3);
}
