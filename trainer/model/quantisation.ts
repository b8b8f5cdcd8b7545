import { GROUP } from "../../shared/formats/packed-weights.ts";

/**
 * A weight of a model: float32, int8 on a symmetric grid, or 4 bits on a grid for each group of inputs. Matrices are
 * `[out, in]`, row-major, as Hugging Face's checkpoints have them.
 */
export type Weight = FloatWeight | QuantisedWeight | GroupedWeight;

export interface FloatWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Stands for `values * scale`. */
export interface QuantisedWeight {
  readonly shape: readonly [rows: number, columns: number];
  readonly values: Int8Array;
  /** One for the whole matrix, or one for each row. */
  readonly scales: Float32Array;
}

/** Stands for `values * the group's scale`: GROUP columns of a row are a group, and the last of a row may be shorter. */
export interface GroupedWeight {
  readonly shape: readonly [rows: number, columns: number];
  /** From -8 to 7. */
  readonly values: Int8Array;
  /** `[rows, groups]`, each a number that `groupScaleBits` keeps as it is. */
  readonly groupScales: Float32Array;
}

/** Largest magnitude used of int8, so that the grid is symmetric. */
const LIMIT = 127;

export function isQuantised(weight: Weight): weight is QuantisedWeight {
  return "scales" in weight;
}

export function isGrouped(weight: Weight): weight is GroupedWeight {
  return "groupScales" in weight;
}

/** Groups of a row. */
export const groupsOf = (columns: number): number => Math.ceil(columns / GROUP);

/** The scale of one row. */
export function rowScale({ scales }: QuantisedWeight, row: number): number {
  return (scales.length === 1 ? scales[0] : scales[row]) as number;
}

/** Rounds a matrix to int8 with one scale for each row, that is for each output of the product. */
export function quantise(values: Float32Array, shape: readonly [number, number]): QuantisedWeight {
  const [rows, columns] = shape;
  const rounded = new Int8Array(values.length);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [begin, end] = [row * columns, (row + 1) * columns];
    let largest = 0;
    for (let i = begin; i < end; i++) largest = Math.max(largest, Math.abs(values[i] as number));
    // A row of zeros has no scale of its own; any other than 0 will do.
    const scale = Math.fround(largest / LIMIT) || 1;
    scales[row] = scale;
    for (let i = begin; i < end; i++) {
      const level = Math.round((values[i] as number) / scale);
      rounded[i] = Math.max(-LIMIT, Math.min(LIMIT, level));
    }
  }
  return { shape, values: rounded, scales };
}

/** The float32 values that a weight stands for. */
export function dequantise(weight: Weight): Float32Array {
  if (isGrouped(weight)) return dequantiseGroups(weight);
  if (!isQuantised(weight)) return weight.values;
  const [rows, columns] = weight.shape;
  const values = new Float32Array(weight.values.length);
  for (let row = 0; row < rows; row++) {
    const scale = rowScale(weight, row);
    for (let i = row * columns; i < (row + 1) * columns; i++)
      values[i] = (weight.values[i] as number) * scale;
  }
  return values;
}

function dequantiseGroups({ shape: [rows, columns], values, groupScales }: GroupedWeight): Float32Array {
  const groups = groupsOf(columns);
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const scale = groupScales[row * groups + Math.floor(column / GROUP)] as number;
      result[row * columns + column] = (values[row * columns + column] as number) * scale;
    }
  }
  return result;
}
