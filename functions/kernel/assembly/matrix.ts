import { FLOAT, sumEach, VECTOR } from "./vector";

/**
 * y = levels W^T, scaled, plus a bias; or y += that.
 *
 *     levels   int16 [rows, inputs]            each row scaled by levelScales[row]
 *     weights  int8 [outputs / 4][inputs / 16][4][16]   each output scaled by weightScales[output]
 *     bias     float32 [outputs], or 0         y  float32 [rows], `stride` bytes apart
 *
 * `inputs` is a multiple of 16, `outputs` of 4. The packing makes reading weights one sequential stream. No sum can
 * overflow as long as 128 * largest level * inputs / 4 < 2^31; see quantiseRows.
 */
export function matrix(
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
  const levelStride = inputs * 2;
  for (let n: usize = 0; n < outputs; n += 4) {
    const at = n * FLOAT;
    const scales = v128.load(weightScales + at);
    const start = bias == 0 ? f32x4.splat(0) : v128.load(bias + at);
    let row: usize = 0;
    let x = levels;
    let to = y + at;
    for (; row + 1 < rows; row += 2) {
      twoRows(
        x,
        levelStride,
        levelScales + row * FLOAT,
        inputs,
        weights,
        scales,
        start,
        to,
        stride,
        accumulate,
      );
      x += 2 * levelStride;
      to += 2 * stride;
    }
    if (row < rows) oneRow(x, levelScales + row * FLOAT, inputs, weights, scales, start, to, accumulate);
    weights += inputs * 4;
  }
}

/** Low and high half of 16 int8 weights times 16 levels, as four sums. */
function dot(low: v128, high: v128, xLow: v128, xHigh: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(low, xLow), i32x4.dot_i16x8_s(high, xHigh));
}

function store(
  a: v128,
  b: v128,
  c: v128,
  d: v128,
  scale: v128,
  start: v128,
  to: usize,
  accumulate: bool,
): void {
  const sums = sumEach(
    f32x4.convert_i32x4_s(a),
    f32x4.convert_i32x4_s(b),
    f32x4.convert_i32x4_s(c),
    f32x4.convert_i32x4_s(d),
  );
  let result = f32x4.add(f32x4.mul(sums, scale), start);
  if (accumulate) result = f32x4.add(result, v128.load(to));
  v128.store(to, result);
}

function oneRow(
  x: usize,
  levelScale: usize,
  inputs: usize,
  weights: usize,
  scales: v128,
  start: v128,
  to: usize,
  accumulate: bool,
): void {
  let a0 = i32x4.splat(0),
    a1 = i32x4.splat(0),
    a2 = i32x4.splat(0),
    a3 = i32x4.splat(0);
  const end = x + inputs * 2;
  let w = weights;
  while (x < end) {
    const low = v128.load(x),
      high = v128.load(x, VECTOR);
    const w0 = v128.load(w),
      w1 = v128.load(w, 16),
      w2 = v128.load(w, 32),
      w3 = v128.load(w, 48);
    a0 = i32x4.add(a0, dot(i16x8.extend_low_i8x16_s(w0), i16x8.extend_high_i8x16_s(w0), low, high));
    a1 = i32x4.add(a1, dot(i16x8.extend_low_i8x16_s(w1), i16x8.extend_high_i8x16_s(w1), low, high));
    a2 = i32x4.add(a2, dot(i16x8.extend_low_i8x16_s(w2), i16x8.extend_high_i8x16_s(w2), low, high));
    a3 = i32x4.add(a3, dot(i16x8.extend_low_i8x16_s(w3), i16x8.extend_high_i8x16_s(w3), low, high));
    x += 32;
    w += 64;
  }
  store(a0, a1, a2, a3, f32x4.mul(scales, v128.load32_splat(levelScale)), start, to, accumulate);
}

/** Widening the weights is half the work: two rows share it. */
function twoRows(
  x: usize,
  levelStride: usize,
  levelScale: usize,
  inputs: usize,
  weights: usize,
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
  const end = x + levelStride;
  let z = end;
  let w = weights;
  while (x < end) {
    const xLow = v128.load(x),
      xHigh = v128.load(x, VECTOR);
    const zLow = v128.load(z),
      zHigh = v128.load(z, VECTOR);
    let packed = v128.load(w);
    let low = i16x8.extend_low_i8x16_s(packed),
      high = i16x8.extend_high_i8x16_s(packed);
    a0 = i32x4.add(a0, dot(low, high, xLow, xHigh));
    b0 = i32x4.add(b0, dot(low, high, zLow, zHigh));
    packed = v128.load(w, 16);
    low = i16x8.extend_low_i8x16_s(packed);
    high = i16x8.extend_high_i8x16_s(packed);
    a1 = i32x4.add(a1, dot(low, high, xLow, xHigh));
    b1 = i32x4.add(b1, dot(low, high, zLow, zHigh));
    packed = v128.load(w, 32);
    low = i16x8.extend_low_i8x16_s(packed);
    high = i16x8.extend_high_i8x16_s(packed);
    a2 = i32x4.add(a2, dot(low, high, xLow, xHigh));
    b2 = i32x4.add(b2, dot(low, high, zLow, zHigh));
    packed = v128.load(w, 48);
    low = i16x8.extend_low_i8x16_s(packed);
    high = i16x8.extend_high_i8x16_s(packed);
    a3 = i32x4.add(a3, dot(low, high, xLow, xHigh));
    b3 = i32x4.add(b3, dot(low, high, zLow, zHigh));
    x += 32;
    z += 32;
    w += 64;
  }
  store(a0, a1, a2, a3, f32x4.mul(scales, v128.load32_splat(levelScale)), start, to, accumulate);
  store(
    b0,
    b1,
    b2,
    b3,
    f32x4.mul(scales, v128.load32_splat(levelScale, FLOAT)),
    start,
    to + stride,
    accumulate,
  );
}
