import { addDot, storeBlock, WEIGHTS } from "./matrix8-block";
import { FLOAT, VECTOR } from "./vector";

/** Bytes of a pair of levels. */
const PAIR: usize = 4;

/**
 * Four rows times one block of weights, which are widened once for all of them. `at` are the bytes from the first output to the
 * block's, in y as in the scales and the bias. There are 15 vector registers to have: eight hold sums, three hold eight levels of a
 * row each, so the fourth row's are read pair by pair.
 */
export function fourRows(
  x: usize,
  inputs: usize,
  levelScales: usize,
  weights: usize,
  weightScales: usize,
  bias: usize,
  at: usize,
  y: usize,
  stride: usize,
  accumulate: bool,
): void {
  let a0 = i32x4.splat(0),
    a1 = i32x4.splat(0);
  let b0 = i32x4.splat(0),
    b1 = i32x4.splat(0);
  let c0 = i32x4.splat(0),
    c1 = i32x4.splat(0);
  let d0 = i32x4.splat(0),
    d1 = i32x4.splat(0);
  let xa = x,
    xb = xa + inputs * 2,
    xc = xb + inputs * 2,
    xd = xc + inputs * 2;
  const end = xb;
  while (xa < end) {
    const a = v128.load(xa),
      b = v128.load(xb),
      c = v128.load(xc);
    let low = v128.load8x8_s(weights);
    weights += WEIGHTS;
    let high = v128.load8x8_s(weights);
    weights += WEIGHTS;
    let pair = v128.shuffle<i32>(a, a, 0, 0, 0, 0);
    a0 = addDot(a0, low, pair);
    a1 = addDot(a1, high, pair);
    pair = v128.shuffle<i32>(b, b, 0, 0, 0, 0);
    b0 = addDot(b0, low, pair);
    b1 = addDot(b1, high, pair);
    pair = v128.shuffle<i32>(c, c, 0, 0, 0, 0);
    c0 = addDot(c0, low, pair);
    c1 = addDot(c1, high, pair);
    pair = v128.load32_splat(xd);
    d0 = addDot(d0, low, pair);
    d1 = addDot(d1, high, pair);
    xd += PAIR;
    low = v128.load8x8_s(weights);
    weights += WEIGHTS;
    high = v128.load8x8_s(weights);
    weights += WEIGHTS;
    pair = v128.shuffle<i32>(a, a, 1, 1, 1, 1);
    a0 = addDot(a0, low, pair);
    a1 = addDot(a1, high, pair);
    pair = v128.shuffle<i32>(b, b, 1, 1, 1, 1);
    b0 = addDot(b0, low, pair);
    b1 = addDot(b1, high, pair);
    pair = v128.shuffle<i32>(c, c, 1, 1, 1, 1);
    c0 = addDot(c0, low, pair);
    c1 = addDot(c1, high, pair);
    pair = v128.load32_splat(xd);
    d0 = addDot(d0, low, pair);
    d1 = addDot(d1, high, pair);
    xd += PAIR;
    low = v128.load8x8_s(weights);
    weights += WEIGHTS;
    high = v128.load8x8_s(weights);
    weights += WEIGHTS;
    pair = v128.shuffle<i32>(a, a, 2, 2, 2, 2);
    a0 = addDot(a0, low, pair);
    a1 = addDot(a1, high, pair);
    pair = v128.shuffle<i32>(b, b, 2, 2, 2, 2);
    b0 = addDot(b0, low, pair);
    b1 = addDot(b1, high, pair);
    pair = v128.shuffle<i32>(c, c, 2, 2, 2, 2);
    c0 = addDot(c0, low, pair);
    c1 = addDot(c1, high, pair);
    pair = v128.load32_splat(xd);
    d0 = addDot(d0, low, pair);
    d1 = addDot(d1, high, pair);
    xd += PAIR;
    low = v128.load8x8_s(weights);
    weights += WEIGHTS;
    high = v128.load8x8_s(weights);
    weights += WEIGHTS;
    pair = v128.shuffle<i32>(a, a, 3, 3, 3, 3);
    a0 = addDot(a0, low, pair);
    a1 = addDot(a1, high, pair);
    pair = v128.shuffle<i32>(b, b, 3, 3, 3, 3);
    b0 = addDot(b0, low, pair);
    b1 = addDot(b1, high, pair);
    pair = v128.shuffle<i32>(c, c, 3, 3, 3, 3);
    c0 = addDot(c0, low, pair);
    c1 = addDot(c1, high, pair);
    pair = v128.load32_splat(xd);
    d0 = addDot(d0, low, pair);
    d1 = addDot(d1, high, pair);
    xd += PAIR;
    xa += VECTOR;
    xb += VECTOR;
    xc += VECTOR;
  }
  storeBlock(a0, a1, load<f32>(levelScales), weightScales, bias, at, y, accumulate);
  y += stride;
  storeBlock(b0, b1, load<f32>(levelScales, FLOAT), weightScales, bias, at, y, accumulate);
  y += stride;
  storeBlock(c0, c1, load<f32>(levelScales, 2 * FLOAT), weightScales, bias, at, y, accumulate);
  y += stride;
  storeBlock(d0, d1, load<f32>(levelScales, 3 * FLOAT), weightScales, bias, at, y, accumulate);
}
