import { GROUP } from "../../shared/formats/packed-weights.ts";
import { groupScaleBits, groupScaleOf } from "./group-scale.ts";
import { groupsOf, type GroupedWeight } from "./quantisation.ts";

const LOWEST = -8;
const HIGHEST = 7;
/** Steps tried for a group, as parts of the one that just reaches its largest magnitude: cutting that off can be worth it. */
const CANDIDATES = [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15];

/**
 * Rounds a matrix to 4 bits, each group of inputs on the grid that leaves the least squared error: steps around that of the
 * largest magnitude are tried, with either sign since the grid reaches further down than up, and each is refitted to what it was
 * rounded to.
 */
export function quantiseGroups(values: Float32Array, shape: readonly [number, number]): GroupedWeight {
  const [rows, columns] = shape;
  const groups = groupsOf(columns);
  const rounded = new Int8Array(values.length);
  const groupScales = new Float32Array(rows * groups);
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < groups; group++) {
      const begin = row * columns + group * GROUP;
      const end = Math.min(begin + GROUP, (row + 1) * columns);
      const scale = groupScaleOf(groupScaleBits(bestScale(values, begin, end)));
      groupScales[row * groups + group] = scale;
      for (let i = begin; i < end; i++) rounded[i] = levelOf(values[i] as number, scale);
    }
  }
  return { shape, values: rounded, groupScales };
}

function bestScale(values: Float32Array, begin: number, end: number): number {
  let largest = 0;
  for (let i = begin; i < end; i++) {
    if (Math.abs(values[i] as number) > Math.abs(largest)) largest = values[i] as number;
  }
  let best = 0;
  // How much of the squares a scale accounts for: what it leaves is the error.
  let most = 0;
  for (const candidate of CANDIDATES) {
    for (const reach of [LOWEST, -LOWEST]) {
      const scale = (largest / reach) * candidate;
      let product = 0;
      let squares = 0;
      for (let i = begin; i < end; i++) {
        const level = levelOf(values[i] as number, scale);
        product += level * (values[i] as number);
        squares += level * level;
      }
      if (squares > 0 && product * product > most * squares) {
        most = (product * product) / squares;
        best = product / squares;
      }
    }
  }
  return best;
}

function levelOf(value: number, scale: number): number {
  return scale === 0 ? 0 : Math.max(LOWEST, Math.min(HIGHEST, Math.round(value / scale)));
}
