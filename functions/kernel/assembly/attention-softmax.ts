import { LARGEST_VALUE, PAGE_BITS, pageAt } from "./kv";
import { eightLevels } from "./quantise";
import { exp2, FLOAT, maxLane, splat, sumLanes, VECTOR } from "./vector";

/** What a softmax starts from. */
const NOTHING: f32 = -1e30;
/** The sum of a query's weights, in levels, so that what they and values sum up to fits into 32 bits. */
const LARGEST_SUM: f32 = <f32>(i32.MAX_VALUE / LARGEST_VALUE - 100);

/**
 * Turns the scores of a query, which lack the scales of keys, into weights: 2^(score - largest) times the scales of values.
 * Only the first `visible` positions count, up to `end`, a multiple of 8, are zeros. Returns what puts them on a grid of int16, and
 * leaves at `factor` what the products of levels with values are multiplied with.
 */
export function weigh(
  scores: usize,
  visible: usize,
  end: usize,
  table: usize,
  keyScales: usize,
  valueScales: usize,
  factor: usize,
): f32 {
  let largest = splat(NOTHING);
  let at = scores;
  for (let position: usize = 0; position < end;) {
    let scale = pageAt(table, position, keyScales);
    const last = min(end, position + (1 << PAGE_BITS));
    for (; position < last; position += 8) {
      let low = f32x4.mul(v128.load(at), v128.load(scale)),
        high = f32x4.mul(v128.load(at, VECTOR), v128.load(scale, VECTOR));
      if (position + 8 > visible) {
        low = v128.bitselect(low, splat(NOTHING), lanesLeft(visible - position));
        high = v128.bitselect(high, splat(NOTHING), lanesLeft(visible - position - 4));
      }
      v128.store(at, low);
      v128.store(at, high, VECTOR);
      largest = f32x4.pmax(largest, f32x4.pmax(low, high));
      at += 2 * VECTOR;
      scale += 2 * VECTOR;
    }
  }
  const most = splat(maxLane(largest));
  at = scores;
  let sums = splat(0),
    totals = splat(0),
    heaviest = splat(0);
  for (let position: usize = 0; position < end;) {
    let scale = pageAt(table, position, valueScales);
    const last = min(end, position + (1 << PAGE_BITS));
    for (; position < last; position += 8) {
      let low = exp2(f32x4.sub(v128.load(at), most)),
        high = exp2(f32x4.sub(v128.load(at, VECTOR), most));
      sums = f32x4.add(sums, f32x4.add(low, high));
      low = f32x4.mul(low, v128.load(scale));
      high = f32x4.mul(high, v128.load(scale, VECTOR));
      if (position + 8 > visible) {
        low = v128.and(low, lanesLeft(visible - position));
        high = v128.and(high, lanesLeft(visible - position - 4));
      }
      v128.store(at, low);
      v128.store(at, high, VECTOR);
      totals = f32x4.add(totals, f32x4.add(low, high));
      heaviest = f32x4.pmax(heaviest, f32x4.pmax(low, high));
      at += 2 * VECTOR;
      scale += 2 * VECTOR;
    }
  }
  const grid = min<f32>(32767 / maxLane(heaviest), (LARGEST_SUM - <f32>(visible / 2)) / sumLanes(totals));
  store<f32>(factor, <f32>1 / (sumLanes(sums) * grid));
  return grid;
}

/** Lanes whose number is less than `left`. */
function lanesLeft(left: usize): v128 {
  return i32x4.gt_s(i32x4.splat(<i32>left), i32x4(0, 1, 2, 3));
}

/** Puts four rows of weights, `stride` bytes apart, on the grids that `weigh` gave, float32 [4]: levels are int16 [end / 2][4][2]. */
export function interleave(weights: usize, stride: usize, grids: usize, end: usize, levels: usize): void {
  const last = weights + end * FLOAT;
  while (weights < last) {
    const a = eight(weights, grids);
    const b = eight(weights + stride, grids + FLOAT);
    const c = eight(weights + 2 * stride, grids + 2 * FLOAT);
    const d = eight(weights + 3 * stride, grids + 3 * FLOAT);
    let ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    let cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    v128.store(levels, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(levels, v128.shuffle<i64>(ab, cd, 1, 3), VECTOR);
    ab = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    cd = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(levels, v128.shuffle<i64>(ab, cd, 0, 2), 2 * VECTOR);
    v128.store(levels, v128.shuffle<i64>(ab, cd, 1, 3), 3 * VECTOR);
    weights += 2 * VECTOR;
    levels += 4 * VECTOR;
  }
}

function eight(weights: usize, grid: usize): v128 {
  return eightLevels(weights, v128.load32_splat(grid));
}
