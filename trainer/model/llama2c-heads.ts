import type { Architecture } from "../../shared/contracts/model.ts";
import { layerWeights } from "./architecture.ts";
import type { FloatWeight } from "./quantisation.ts";

/** GroupQueryAttention wants heads of a multiple of this. */
const HEAD_MULTIPLE = 16;

/**
 * Brings llama2.c's heads into our layout, without changing what the model computes:
 * - llama2.c rotates neighbouring elements of a head, our graphs rotate its two halves. Element 2i of queries and keys
 *   moves to i, element 2i + 1 to half + i.
 * - Heads are filled up with zeros to a multiple of 16. The scores are then divided by the root of the wider size, which
 *   larger queries make up for, and pair i turns by theta^(-i / half) with a larger half, which a larger theta makes up for.
 */
export function widenHeads(
  architecture: Architecture,
  weights: Map<string, FloatWeight>,
): { architecture: Architecture; weights: Map<string, FloatWeight> } {
  const { headSize, layers } = architecture;
  const wide = Math.ceil(headSize / HEAD_MULTIPLE) * HEAD_MULTIPLE;
  const paired = (element: number) => (element % 2) * (wide / 2) + Math.floor(element / 2);
  const inPlace = (element: number) => element;
  const moved = new Map(weights);
  const change = (name: string, convert: (weight: FloatWeight) => FloatWeight) => {
    moved.set(name, convert(weights.get(name) as FloatWeight));
  };
  for (let layer = 0; layer < layers; layer++) {
    const { query, key, value, output } = layerWeights(architecture, layer);
    const growth = Math.sqrt(wide / headSize);
    change(query.weight, (weight) => moveRows(weight, headSize, wide, paired, growth));
    change(key.weight, (weight) => moveRows(weight, headSize, wide, paired));
    change(value.weight, (weight) => moveRows(weight, headSize, wide, inPlace));
    change(output.weight, (weight) => widenColumns(weight, headSize, wide));
  }
  const ropeTheta = architecture.ropeTheta ** (wide / headSize);
  return { architecture: { ...architecture, headSize: wide, ropeTheta }, weights: moved };
}

/** Moves the rows of each head to their place in the wider head, times `factor`. */
function moveRows(
  { shape, values }: FloatWeight,
  size: number,
  wide: number,
  place: (element: number) => number,
  factor = 1,
): FloatWeight {
  const [rows, columns] = shape as [number, number];
  const moved = new Float32Array((rows / size) * wide * columns);
  for (let row = 0; row < rows; row++) {
    const target = Math.floor(row / size) * wide + place(row % size);
    for (let column = 0; column < columns; column++) {
      moved[target * columns + column] = (values[row * columns + column] as number) * factor;
    }
  }
  return { shape: [(rows / size) * wide, columns], values: moved };
}

/** Puts zero columns behind those of each head. */
function widenColumns({ shape, values }: FloatWeight, size: number, wide: number): FloatWeight {
  const [rows, columns] = shape as [number, number];
  const wideColumns = (columns / size) * wide;
  const moved = new Float32Array(rows * wideColumns);
  for (let begin = 0; begin < rows * columns; begin += size) {
    moved.set(values.subarray(begin, begin + size), (begin / size) * wide);
  }
  return { shape: [rows, wideColumns], values: moved };
}
