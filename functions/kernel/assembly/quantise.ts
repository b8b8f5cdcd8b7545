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
  const bytes = width * FLOAT;
  for (let row: usize = 0; row < rows; row++) {
    const magnitude = largestMagnitude(x, width);
    const factor = f32x4.splat(largestLevel / magnitude);
    store<f32>(scales, magnitude / largestLevel);
    for (const end = x + bytes; x < end; x += 2 * VECTOR) {
      v128.store(levels, eightLevels(x, factor));
      levels += VECTOR;
    }
    scales += FLOAT;
  }
}

/** Above zero. */
export function largestMagnitude(x: usize, width: usize): f32 {
  let largest = f32x4.splat(SMALLEST);
  for (const end = x + width * FLOAT; x < end; x += VECTOR) {
    largest = f32x4.pmax(largest, f32x4.abs(v128.load(x)));
  }
  return maxLane(largest);
}

/** Eight numbers times a factor, as int16. */
export function eightLevels(x: usize, factor: v128): v128 {
  const low = toIntegers(f32x4.mul(v128.load(x), factor));
  const high = toIntegers(f32x4.mul(v128.load(x, VECTOR), factor));
  return i16x8.narrow_i32x4_s(low, high);
}
