import type { Architecture } from "../../shared/contracts/model.ts";
import {
  packedLayout,
  paddedWidth,
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
import { packMatrix } from "./pack-matrix.ts";
import { dequantise, isGrouped, isQuantised, type Weight } from "./quantisation.ts";
import { WeightsError, type Weights } from "./weights.ts";

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
      const rows = packMatrix(file, matrix, firstOutput, name, find(name));
      if (bias !== undefined && matrix.bias !== undefined) writeFloats(bias, matrix.bias + firstOutput * 4);
      firstOutput += paddedWidth(rows);
    }
  };

  writeMatrix(layout.embedding, [{ weight: EMBEDDING_WEIGHT }]);
  layout.layers.forEach((layer, i) => {
    const names = layerWeights(architecture, i);
    writeFloats(names.inputNorm, layer.inputNorm);
    const [first, apart] = layer.queryKeyValue;
    if (first) writeMatrix(first, [names.query, names.key, ...(apart ? [] : [names.value])]);
    if (apart) writeMatrix(apart, [names.value]);
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
