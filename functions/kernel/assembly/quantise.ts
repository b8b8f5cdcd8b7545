import { FLOAT, maxLane, toIntegers, VECTOR } from "./vector";

/** Rows of nothing but zeros still need a scale to divide by. */
const SMALLEST: f32 = 1e-30;

/**
 * Puts each row of x, float32 [rows, width] without gaps, on a symmetric int16 grid of its own: levels [rows, width] with
 * scales [rows]. `width` is a multiple of 8. A matrix sums `width` products of a level and an int8 weight in 32 bits, so
 * wide rows get a coarser grid than int16 has: 32767 steps up to a width of 512, then fewer.
 */
export function quantiseRows(x: usize, rows: usize, width: usize, levels: usize, scales: usize): void {
  const largestLevel = <f32>min(32767, ((1 << 31) - 1) / (128 * width));
  for (let row: usize = 0; row < rows; row++) {
    store<f32>(scales, quantiseRow(x, width, largestLevel, levels));
    x += width * FLOAT;
    levels += width * 2;
    scales += FLOAT;
  }
}

/** Puts one row on a grid of levels up to `largestLevel`, and returns what they are multiplied with. */
export function quantiseRow(x: usize, width: usize, largestLevel: f32, levels: usize): f32 {
  const end = x + width * FLOAT;
  let largest = f32x4.splat(SMALLEST);
  for (let at = x; at < end; at += VECTOR) largest = f32x4.pmax(largest, f32x4.abs(v128.load(at)));
  const magnitude = maxLane(largest);
  const factor = f32x4.splat(largestLevel / magnitude);
  for (; x < end; x += 2 * VECTOR) {
    const low = toIntegers(f32x4.mul(v128.load(x), factor));
    const high = toIntegers(f32x4.mul(v128.load(x, VECTOR), factor));
    v128.store(levels, i16x8.narrow_i32x4_s(low, high));
    levels += VECTOR;
  }
  return magnitude / largestLevel;
}
