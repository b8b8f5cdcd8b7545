import { GROUP, groupDot, groupScale, groupScaleBytes, rowBytes } from "./group";
import { store } from "./outputs";
import { FLOAT, multiplyAdd, sumEach, VECTOR } from "./vector";

/**
 * As matrix8, with weights of 4 bits in groups of 32 that have a scale each: `weights` is [4][outputs / 4] rows, each the
 * scales of its groups, then the groups; see group.ts. `inputs` is a multiple of 32.
 */
export function matrix4(
  levels: usize,
  levelScales: usize,
  rows: usize,
  inputs: usize,
  weights: usize,
  bias: usize,
  outputs: usize,
  y: usize,
  stride: usize,
  accumulate: bool,
): void {
  const width = rowBytes(inputs);
  const part = (outputs / 4) * width;
  const row = inputs * 2;
  const end = levels + rows * row;
  for (let n: usize = 0; n < outputs; n += 4) {
    const at = n * FLOAT;
    const start = bias == 0 ? f32x4.splat(0) : v128.load(bias + at);
    let x = levels;
    let scale = levelScales;
    let to = y + at;
    for (; x + 4 * row <= end; x += 4 * row) {
      let w = weights;
      for (let output: usize = 0; output < 4; output++) {
        const sums = fourRows(x, inputs, w);
        const first = bias == 0 ? f32x4.splat(0) : v128.load32_splat(bias + at + output * FLOAT);
        storeFourRows(sums, v128.load(scale), first, to + output * FLOAT, stride, accumulate);
        w += part;
      }
      scale += 4 * FLOAT;
      to += 4 * stride;
    }
    for (; x < end; x += row) {
      store(oneRow(x, inputs, weights, part), v128.load32_splat(scale), start, to, accumulate);
      scale += FLOAT;
      to += stride;
    }
    weights += width;
  }
}

/** Four outputs of one row. */
function oneRow(x: usize, inputs: usize, weights: usize, part: usize): v128 {
  let a0 = f32x4.splat(0),
    a1 = f32x4.splat(0),
    a2 = f32x4.splat(0),
    a3 = f32x4.splat(0);
  let w0 = weights + groupScaleBytes(inputs),
    w1 = w0 + part,
    w2 = w1 + part,
    w3 = w2 + part;
  let s0 = weights,
    s1 = s0 + part,
    s2 = s1 + part,
    s3 = s2 + part;
  const end = x + inputs * 2;
  while (x < end) {
    const x0 = v128.load(x),
      x1 = v128.load(x, VECTOR),
      x2 = v128.load(x, 2 * VECTOR),
      x3 = v128.load(x, 3 * VECTOR);
    a0 = multiplyAdd(groupDot(v128.load(w0), x0, x1, x2, x3), groupScale(s0), a0);
    a1 = multiplyAdd(groupDot(v128.load(w1), x0, x1, x2, x3), groupScale(s1), a1);
    a2 = multiplyAdd(groupDot(v128.load(w2), x0, x1, x2, x3), groupScale(s2), a2);
    a3 = multiplyAdd(groupDot(v128.load(w3), x0, x1, x2, x3), groupScale(s3), a3);
    x += GROUP * 2;
    w0 += VECTOR;
    w1 += VECTOR;
    w2 += VECTOR;
    w3 += VECTOR;
    s0 += 2;
    s1 += 2;
    s2 += 2;
    s3 += 2;
  }
  return sumEach(a0, a1, a2, a3);
}

/** One output of four rows. */
function fourRows(x: usize, inputs: usize, weights: usize): v128 {
  let a0 = f32x4.splat(0),
    a1 = f32x4.splat(0),
    a2 = f32x4.splat(0),
    a3 = f32x4.splat(0);
  const row = inputs * 2;
  let w = weights + groupScaleBytes(inputs);
  const end = x + row;
  while (x < end) {
    const group = v128.load(w);
    const scale = groupScale(weights);
    a0 = multiplyAdd(rowDot(group, x), scale, a0);
    a1 = multiplyAdd(rowDot(group, x + row), scale, a1);
    a2 = multiplyAdd(rowDot(group, x + 2 * row), scale, a2);
    a3 = multiplyAdd(rowDot(group, x + 3 * row), scale, a3);
    x += GROUP * 2;
    w += VECTOR;
    weights += 2;
  }
  return sumEach(a0, a1, a2, a3);
}

function rowDot(group: v128, x: usize): v128 {
  return groupDot(
    group,
    v128.load(x),
    v128.load(x, VECTOR),
    v128.load(x, 2 * VECTOR),
    v128.load(x, 3 * VECTOR),
  );
}

function storeFourRows(
  sums: v128,
  scale: v128,
  start: v128,
  to: usize,
  stride: usize,
  accumulate: bool,
): void {
  let result = multiplyAdd(sums, scale, start);
  if (accumulate) {
    let there = v128.load32_zero(to);
    there = v128.load32_lane(to + stride, there, 1);
    there = v128.load32_lane(to + 2 * stride, there, 2);
    there = v128.load32_lane(to + 3 * stride, there, 3);
    result = f32x4.add(result, there);
  }
  v128.store32_lane(to, result, 0);
  v128.store32_lane(to + stride, result, 1);
  v128.store32_lane(to + 2 * stride, result, 2);
  v128.store32_lane(to + 3 * stride, result, 3);
}
