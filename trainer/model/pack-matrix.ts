import {
  BLOCK,
  GROUP,
  groupScaleBytes,
  rowBytes,
  type PackedMatrix,
} from "../../shared/formats/packed-weights.ts";
import { groupScaleBits } from "./group-scale.ts";
import {
  groupsOf,
  isGrouped,
  isQuantised,
  rowScale,
  type GroupedWeight,
  type QuantisedWeight,
  type Weight,
} from "./quantisation.ts";
import { WeightsError } from "./weights.ts";

/** Parts that outputs of 4 bits are dealt out to. */
const PARTS = 4;
/** 16-bit words of a group. */
const WORDS = 8;

/**
 * Writes a weight `[out, in]` where the kernel's file has a matrix, from an output of that on; returns its number of outputs.
 * Throws WeightsError when it is not in the matrix's bits.
 */
export function packMatrix(
  file: Uint8Array<ArrayBuffer>,
  matrix: PackedMatrix,
  firstOutput: number,
  name: string,
  weight: Weight,
): number {
  const { scales } = matrix;
  const [rows = 0] = weight.shape;
  if (scales === undefined && isGrouped(weight)) {
    for (let row = 0; row < rows; row++) writeGroups(file, matrix, firstOutput + row, weight, row);
  } else if (scales !== undefined && isQuantised(weight)) {
    const rowScales = new Float32Array(file.buffer, scales + firstOutput * 4, rows);
    for (let row = 0; row < rows; row++) {
      rowScales[row] = rowScale(weight, row);
      writeBytes(file, matrix, firstOutput + row, weight, row);
    }
  } else {
    throw new WeightsError(`Weight "${name}" is not in ${matrix.bits} bits, as the format has it`);
  }
  return rows;
}

function writeBytes(
  file: Uint8Array<ArrayBuffer>,
  { weights, inputs }: PackedMatrix,
  output: number,
  { shape: [, columns], values }: QuantisedWeight,
  row: number,
): void {
  const place = output % BLOCK;
  const block = new Int8Array(file.buffer, weights + (output - place) * inputs, BLOCK * inputs);
  for (let column = 0; column < columns; column++) {
    const pair = Math.floor(column / 2);
    block[(pair * BLOCK + place) * 2 + (column % 2)] = values[row * columns + column] as number;
  }
}

function writeGroups(
  file: Uint8Array<ArrayBuffer>,
  matrix: PackedMatrix,
  output: number,
  { shape: [, columns], values, groupScales }: GroupedWeight,
  row: number,
): void {
  const { weights, inputs, outputs } = matrix;
  const placeOfRow = (output % PARTS) * (outputs / PARTS) + Math.floor(output / PARTS);
  const at = weights + placeOfRow * rowBytes(matrix);
  const groups = groupsOf(columns);
  const scales = new Uint16Array(file.buffer, at, groups);
  for (let group = 0; group < groups; group++) {
    scales[group] = groupScaleBits(groupScales[row * groups + group] as number);
  }
  const words = new Uint16Array(file.buffer, at + groupScaleBytes(inputs), inputs / 4);
  for (let column = 0; column < columns; column++) {
    const [group, place] = [Math.floor(column / GROUP), column % GROUP];
    const word = group * WORDS + (place % WORDS);
    const level = (values[row * columns + column] as number) & 15;
    words[word] = (words[word] as number) | (level << (4 * Math.floor(place / WORDS)));
  }
}
