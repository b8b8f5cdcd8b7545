import { addDot, storeBlock, WEIGHTS } from "./matrix8-block";
import { FLOAT, VECTOR } from "./vector";

/**
 * One row times four blocks of weights, `quarter` outputs apart. `at` are the bytes from the first output to the first of these, in y
 * as in the scales and the bias.
 */
export function oneRow(
  x: usize,
  inputs: usize,
  levelScale: f32,
  weights: usize,
  weightScales: usize,
  bias: usize,
  at: usize,
  quarter: usize,
  y: usize,
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
  let wa = weights,
    wb = wa + quarter * inputs,
    wc = wb + quarter * inputs,
    wd = wc + quarter * inputs;
  const end = x + inputs * 2;
  while (x < end) {
    const eight = v128.load(x);
    let pair = v128.shuffle<i32>(eight, eight, 0, 0, 0, 0);
    a0 = addDot(a0, v128.load8x8_s(wa), pair);
    b0 = addDot(b0, v128.load8x8_s(wb), pair);
    c0 = addDot(c0, v128.load8x8_s(wc), pair);
    d0 = addDot(d0, v128.load8x8_s(wd), pair);
    a1 = addDot(a1, v128.load8x8_s(wa, WEIGHTS), pair);
    b1 = addDot(b1, v128.load8x8_s(wb, WEIGHTS), pair);
    c1 = addDot(c1, v128.load8x8_s(wc, WEIGHTS), pair);
    d1 = addDot(d1, v128.load8x8_s(wd, WEIGHTS), pair);
    pair = v128.shuffle<i32>(eight, eight, 1, 1, 1, 1);
    a0 = addDot(a0, v128.load8x8_s(wa, 2 * WEIGHTS), pair);
    b0 = addDot(b0, v128.load8x8_s(wb, 2 * WEIGHTS), pair);
    c0 = addDot(c0, v128.load8x8_s(wc, 2 * WEIGHTS), pair);
    d0 = addDot(d0, v128.load8x8_s(wd, 2 * WEIGHTS), pair);
    a1 = addDot(a1, v128.load8x8_s(wa, 3 * WEIGHTS), pair);
    b1 = addDot(b1, v128.load8x8_s(wb, 3 * WEIGHTS), pair);
    c1 = addDot(c1, v128.load8x8_s(wc, 3 * WEIGHTS), pair);
    d1 = addDot(d1, v128.load8x8_s(wd, 3 * WEIGHTS), pair);
    pair = v128.shuffle<i32>(eight, eight, 2, 2, 2, 2);
    a0 = addDot(a0, v128.load8x8_s(wa, 4 * WEIGHTS), pair);
    b0 = addDot(b0, v128.load8x8_s(wb, 4 * WEIGHTS), pair);
    c0 = addDot(c0, v128.load8x8_s(wc, 4 * WEIGHTS), pair);
    d0 = addDot(d0, v128.load8x8_s(wd, 4 * WEIGHTS), pair);
    a1 = addDot(a1, v128.load8x8_s(wa, 5 * WEIGHTS), pair);
    b1 = addDot(b1, v128.load8x8_s(wb, 5 * WEIGHTS), pair);
    c1 = addDot(c1, v128.load8x8_s(wc, 5 * WEIGHTS), pair);
    d1 = addDot(d1, v128.load8x8_s(wd, 5 * WEIGHTS), pair);
    pair = v128.shuffle<i32>(eight, eight, 3, 3, 3, 3);
    a0 = addDot(a0, v128.load8x8_s(wa, 6 * WEIGHTS), pair);
    b0 = addDot(b0, v128.load8x8_s(wb, 6 * WEIGHTS), pair);
    c0 = addDot(c0, v128.load8x8_s(wc, 6 * WEIGHTS), pair);
    d0 = addDot(d0, v128.load8x8_s(wd, 6 * WEIGHTS), pair);
    a1 = addDot(a1, v128.load8x8_s(wa, 7 * WEIGHTS), pair);
    b1 = addDot(b1, v128.load8x8_s(wb, 7 * WEIGHTS), pair);
    c1 = addDot(c1, v128.load8x8_s(wc, 7 * WEIGHTS), pair);
    d1 = addDot(d1, v128.load8x8_s(wd, 7 * WEIGHTS), pair);
    x += VECTOR;
    wa += 8 * WEIGHTS;
    wb += 8 * WEIGHTS;
    wc += 8 * WEIGHTS;
    wd += 8 * WEIGHTS;
  }
  storeBlock(a0, a1, levelScale, weightScales, bias, at, y, accumulate);
  at += quarter * FLOAT;
  storeBlock(b0, b1, levelScale, weightScales, bias, at, y, accumulate);
  at += quarter * FLOAT;
  storeBlock(c0, c1, levelScale, weightScales, bias, at, y, accumulate);
  at += quarter * FLOAT;
  storeBlock(d0, d1, levelScale, weightScales, bias, at, y, accumulate);
}
