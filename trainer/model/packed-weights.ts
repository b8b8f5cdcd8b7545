import type { Architecture } from "../../shared/contracts/model.ts";
import {
  GROUP,
  groupScaleBytes,
  packedLayout,
  paddedWidth,
  rowBytes,
  sizeFault,
  type PackedFormat,
  type PackedMatrix,
} from "../../shared/formats/packed-weights.ts";
import {
  EMBEDDING_WEIGHT,
  FINAL_NORM_WEIGHT,
  headProjection,
  layerWeights,
  type Projection,
} from "./architecture.ts";
import { groupScaleBits } from "./group-scale.ts";
import {
  dequantise,
  groupsOf,
  isGrouped,
  isQuantised,
  rowScale,
  type GroupedWeight,
  type Weight,
} from "./quantisation.ts";
import { WeightsError, type Weights } from "./weights.ts";

/** Parts that a matrix's outputs are dealt out to. */
const PARTS = 4;
/** 16-bit words of a group. */
const WORDS = 8;

/** The format in which the kernel can run a model, if it can: its sizes are such, and no matrix is float32. */
export function packedFormat(weights: Weights, architecture: Architecture): PackedFormat | undefined {
  const matrices = [...weights.values()].filter(({ shape }) => shape.length === 2);
  const fits = sizeFault(architecture) === undefined;
  if (!fits || !matrices.every((matrix) => isQuantised(matrix) || isGrouped(matrix))) return undefined;
  return matrices.some(isGrouped) ? "int4" : "int8";
}

/**
 * The kernel's file: the same values and scales as `weights.safetensors`, laid out as the kernel reads them (see `packedLayout`).
 * Throws WeightsError when a weight is missing or not in the bits that the format has for it, and UnsupportedSizeError.
 */
export function packWeights(
  weights: Weights,
  architecture: Architecture,
  format: PackedFormat,
): Uint8Array<ArrayBuffer> {
  const layout = packedLayout(architecture, format);
  const file = new Uint8Array(layout.bytes);
  const find = (name: string): Weight => {
    const weight = weights.get(name);
    if (!weight) throw new WeightsError(`Found no weight "${name}"`);
    return weight;
  };
  const writeFloats = (name: string, offset: number) => {
    const values = dequantise(find(name));
    new Float32Array(file.buffer, offset, values.length).set(values);
  };
  /** Stacks projections, each rounded up on its own. */
  const writeMatrix = (matrix: PackedMatrix, projections: readonly Projection[]) => {
    let firstOutput = 0;
    for (const { weight: name, bias } of projections) {
      const rows = writeRows(file, matrix, firstOutput, name, find(name));
      if (bias !== undefined && matrix.bias !== undefined) writeFloats(bias, matrix.bias + firstOutput * 4);
      firstOutput += paddedWidth(rows);
    }
  };

  writeMatrix(layout.embedding, [{ weight: EMBEDDING_WEIGHT }]);
  layout.layers.forEach((layer, i) => {
    const names = layerWeights(architecture, i);
    writeFloats(names.inputNorm, layer.inputNorm);
    writeMatrix(layer.queryKeyValue, [names.query, names.key, names.value]);
    if (layer.queryNorm !== undefined) writeFloats(names.queryNorm, layer.queryNorm);
    if (layer.keyNorm !== undefined) writeFloats(names.keyNorm, layer.keyNorm);
    writeMatrix(layer.output, [names.output]);
    writeFloats(names.postAttentionNorm, layer.postAttentionNorm);
    writeMatrix(layer.gateUp, [names.gate, names.up]);
    writeMatrix(layer.down, [names.down]);
  });
  writeFloats(FINAL_NORM_WEIGHT, layout.finalNorm);
  if (!architecture.tiedEmbeddings) writeMatrix(layout.head, [headProjection(architecture)]);
  return file;
}

/** Writes one `[out, in]` matrix from an output on, and returns its number of outputs. */
function writeRows(
  file: Uint8Array<ArrayBuffer>,
  matrix: PackedMatrix,
  firstOutput: number,
  name: string,
  weight: Weight,
): number {
  const { scales, outputs } = matrix;
  const part = outputs / PARTS;
  const rowAt = (output: number) =>
    matrix.weights + ((output % PARTS) * part + Math.floor(output / PARTS)) * rowBytes(matrix);
  const [rows = 0] = weight.shape;
  if (scales === undefined && isGrouped(weight)) {
    for (let row = 0; row < rows; row++) writeGroups(file, rowAt(firstOutput + row), matrix, weight, row);
  } else if (scales !== undefined && isQuantised(weight)) {
    const [, columns] = weight.shape;
    const rowScales = new Float32Array(file.buffer, scales + firstOutput * 4, rows);
    for (let row = 0; row < rows; row++) {
      rowScales[row] = rowScale(weight, row);
      const values = weight.values.subarray(row * columns, (row + 1) * columns);
      new Int8Array(file.buffer, rowAt(firstOutput + row), columns).set(values);
    }
  } else {
    throw new WeightsError(`Weight "${name}" is not in ${matrix.bits} bits, as the format has it`);
  }
  return rows;
}

function writeGroups(
  file: Uint8Array<ArrayBuffer>,
  at: number,
  { inputs }: PackedMatrix,
  { shape: [, columns], values, groupScales }: GroupedWeight,
  row: number,
): void {
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
