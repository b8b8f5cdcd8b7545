import type { Architecture } from "../../shared/contracts/model.ts";
import {
  packedLayout,
  paddedWidth,
  sizeFault,
  type PackedMatrix,
} from "../../shared/formats/packed-weights.ts";
import {
  EMBEDDING_WEIGHT,
  FINAL_NORM_WEIGHT,
  headProjection,
  layerWeights,
  type Projection,
} from "./architecture.ts";
import { dequantise, isQuantised, rowScale, type Weight } from "./quantisation.ts";
import { WeightsError, type Weights } from "./weights.ts";

/** Inputs and outputs that the kernel takes in one step of its stream. */
const INPUTS = 16;
const OUTPUTS = 4;

/** Whether the kernel can run a model: its sizes are such, and every matrix is int8. */
export function canPack(weights: Weights, architecture: Architecture): boolean {
  const isReadable = (weight: Weight) => isQuantised(weight) || weight.shape.length === 1;
  return sizeFault(architecture) === undefined && [...weights.values()].every(isReadable);
}

/**
 * `kernel.weights`: the same int8 values and scales as `weights.safetensors`, laid out as the decode kernel reads them (see
 * `packedLayout`). Throws WeightsError when a weight is missing or a matrix is not int8, and UnsupportedSizeError.
 */
export function packWeights(weights: Weights, architecture: Architecture): Uint8Array<ArrayBuffer> {
  const layout = packedLayout(architecture);
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
  { weights, scales, inputs }: PackedMatrix,
  firstOutput: number,
  name: string,
  weight: Weight,
): number {
  if (!isQuantised(weight)) throw new WeightsError(`Weight "${name}" is float32, wanted int8`);
  const [rows, columns] = weight.shape;
  const packed = new Int8Array(file.buffer, weights);
  const rowScales = new Float32Array(file.buffer, scales + firstOutput * 4, rows);
  for (let row = 0; row < rows; row++) {
    rowScales[row] = rowScale(weight, row);
    const output = firstOutput + row;
    const start = Math.floor(output / OUTPUTS) * OUTPUTS * inputs + (output % OUTPUTS) * INPUTS;
    for (let column = 0; column < columns; column += INPUTS) {
      const from = row * columns + column;
      const values = weight.values.subarray(from, from + Math.min(INPUTS, columns - column));
      packed.set(values, start + column * OUTPUTS);
    }
  }
  return rows;
}
