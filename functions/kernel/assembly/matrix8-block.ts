import { store } from "./outputs";
import { VECTOR } from "./vector";

/** Outputs that lie together. */
export const BLOCK: usize = 8;
/** Bytes of a vector of weights: half a block's, for a pair of inputs. */
export const WEIGHTS: usize = 8;

/** Sums plus the products of each lane's two weights with its two levels. */
export function addDot(sums: v128, weights: v128, levels: v128): v128 {
  return i32x4.add(sums, i32x4.dot_i16x8_s(weights, levels));
}

/** Writes a block's outputs of one row; `at` are the bytes from the first output to the block's, wherever outputs lie. */
export function storeBlock(
  low: v128,
  high: v128,
  levelScale: f32,
  weightScales: usize,
  bias: usize,
  at: usize,
  y: usize,
  accumulate: bool,
): void {
  storeHalf(low, levelScale, weightScales, bias, at, y, accumulate);
  storeHalf(high, levelScale, weightScales, bias, at + VECTOR, y, accumulate);
}

function storeHalf(
  sums: v128,
  levelScale: f32,
  weightScales: usize,
  bias: usize,
  at: usize,
  y: usize,
  accumulate: bool,
): void {
  const scale = f32x4.mul(v128.load(weightScales + at), f32x4.splat(levelScale));
  const start = bias == 0 ? f32x4.splat(0) : v128.load(bias + at);
  store(f32x4.convert_i32x4_s(sums), scale, start, y + at, accumulate);
}
