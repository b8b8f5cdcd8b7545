import { store, storeTwoRows, sumLanesOf } from "./outputs";
import { FLOAT, VECTOR } from "./vector";

/** Bytes of eight levels, and of eight weights. */
const LEVELS: usize = VECTOR;
const WEIGHTS: usize = 8;

/**
 * y = levels W^T, scaled, plus a bias; or y += that.
 *
 *     levels   int16 [rows, inputs]            each row scaled by levelScales[row]
 *     weights  int8 [4][outputs / 4][inputs]   output 4 n + s is row n of part s, scaled by weightScales[4 n + s]
 *     bias     float32 [outputs], or 0         y  float32 [rows], `stride` bytes apart
 *
 * `inputs` is a multiple of 16, `outputs` of 4. The four parts are read as four streams side by side: processors fetch
 * ahead within a page only, so one stream alone waits for memory at the beginning of each. No sum can overflow as long as
 * 128 * largest level * inputs / 4 < 2^31; see quantiseRows.
 */
export function matrix8(
  levels: usize,
  levelScales: usize,
  rows: usize,
  inputs: usize,
  weights: usize,
  weightScales: usize,
  bias: usize,
  outputs: usize,
  y: usize,
  stride: usize,
  accumulate: bool,
): void {
  const part = (outputs / 4) * inputs;
  const row = inputs * 2;
  for (let n: usize = 0; n < outputs; n += 4) {
    const at = n * FLOAT;
    const scales = v128.load(weightScales + at);
    const start = bias == 0 ? f32x4.splat(0) : v128.load(bias + at);
    let x = levels;
    let scale = levelScales;
    let to = y + at;
    const end = levels + rows * row;
    for (; x + 4 * row <= end; x += 4 * row) {
      fourRows(x, inputs, scale, weights, part, lowTwice(scales), lowTwice(start), to, stride, accumulate);
      fourRows(
        x,
        inputs,
        scale,
        weights + 2 * part,
        part,
        highTwice(scales),
        highTwice(start),
        to + 2 * FLOAT,
        stride,
        accumulate,
      );
      scale += 4 * FLOAT;
      to += 4 * stride;
    }
    for (; x < end; x += row) {
      oneRow(x, inputs, scale, weights, part, scales, start, to, accumulate);
      scale += FLOAT;
      to += stride;
    }
    weights += inputs;
  }
}

function oneRow(
  x: usize,
  inputs: usize,
  levelScale: usize,
  weights: usize,
  part: usize,
  scales: v128,
  start: v128,
  to: usize,
  accumulate: bool,
): void {
  let a0 = i32x4.splat(0),
    a1 = i32x4.splat(0),
    a2 = i32x4.splat(0),
    a3 = i32x4.splat(0);
  let w0 = weights,
    w1 = weights + part,
    w2 = weights + 2 * part,
    w3 = weights + 3 * part;
  const end = w0 + inputs;
  while (w0 < end) {
    const low = v128.load(x),
      high = v128.load(x, LEVELS);
    a0 = i32x4.add(a0, dot16(w0, low, high));
    a1 = i32x4.add(a1, dot16(w1, low, high));
    a2 = i32x4.add(a2, dot16(w2, low, high));
    a3 = i32x4.add(a3, dot16(w3, low, high));
    x += 2 * LEVELS;
    w0 += 2 * WEIGHTS;
    w1 += 2 * WEIGHTS;
    w2 += 2 * WEIGHTS;
    w3 += 2 * WEIGHTS;
  }
  const scale = f32x4.mul(scales, v128.load32_splat(levelScale));
  store(sumLanesOf(a0, a1, a2, a3), scale, start, to, accumulate);
}

/** Sixteen weights times sixteen levels, as four sums. */
function dot16(w: usize, low: v128, high: v128): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(v128.load8x8_s(w), low),
    i32x4.dot_i16x8_s(v128.load8x8_s(w, WEIGHTS), high),
  );
}

/** Four rows times two outputs: widening the weights is a third of the work for one row, and here shared by four. */
function fourRows(
  x: usize,
  inputs: usize,
  levelScales: usize,
  weights: usize,
  part: usize,
  scales: v128,
  start: v128,
  to: usize,
  stride: usize,
  accumulate: bool,
): void {
  let a0 = i32x4.splat(0),
    a1 = i32x4.splat(0),
    a2 = i32x4.splat(0),
    a3 = i32x4.splat(0);
  let b0 = i32x4.splat(0),
    b1 = i32x4.splat(0),
    b2 = i32x4.splat(0),
    b3 = i32x4.splat(0);
  let x0 = x,
    x1 = x0 + inputs * 2,
    x2 = x1 + inputs * 2,
    x3 = x2 + inputs * 2;
  let wa = weights,
    wb = weights + part;
  const end = wa + inputs;
  while (wa < end) {
    const l0 = v128.load(x0),
      l1 = v128.load(x1),
      l2 = v128.load(x2),
      l3 = v128.load(x3);
    const a = v128.load8x8_s(wa),
      b = v128.load8x8_s(wb);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(a, l0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(a, l1));
    a2 = i32x4.add(a2, i32x4.dot_i16x8_s(a, l2));
    a3 = i32x4.add(a3, i32x4.dot_i16x8_s(a, l3));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(b, l0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(b, l1));
    b2 = i32x4.add(b2, i32x4.dot_i16x8_s(b, l2));
    b3 = i32x4.add(b3, i32x4.dot_i16x8_s(b, l3));
    x0 += LEVELS;
    x1 += LEVELS;
    x2 += LEVELS;
    x3 += LEVELS;
    wa += WEIGHTS;
    wb += WEIGHTS;
  }
  const rowScales = v128.load(levelScales);
  const low = f32x4.mul(scales, v128.shuffle<f32>(rowScales, rowScales, 0, 0, 1, 1));
  const high = f32x4.mul(scales, v128.shuffle<f32>(rowScales, rowScales, 2, 2, 3, 3));
  storeTwoRows(sumLanesOf(a0, b0, a1, b1), low, start, to, stride, accumulate);
  storeTwoRows(sumLanesOf(a2, b2, a3, b3), high, start, to + 2 * stride, stride, accumulate);
}

function lowTwice(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 0, 1, 0, 1);
}

function highTwice(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 2, 3, 2, 3);
}
