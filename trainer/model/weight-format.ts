import { SMALL_VOCABULARY } from "../../shared/formats/packed-weights.ts";
import { EMBEDDING_WEIGHT, HEAD_WEIGHT, isValueProjection } from "./architecture.ts";
import { quantiseGroups } from "./group-quantisation.ts";
import { dequantise, isGrouped, isQuantised, quantise, type Weight } from "./quantisation.ts";
import type { Weights } from "./weights.ts";

/** How a bundle stores matrices; norms and biases are always float32. */
export const weightFormats = ["int8", "int4", "float32"] as const;
export type WeightFormat = (typeof weightFormats)[number];

/** Brings every matrix into a format. */
export function quantiseWeights(weights: Weights, format: WeightFormat): Weights {
  return new Map([...weights].map(([name, weight]) => [name, convertWeight(name, weight, format)]));
}

/** Brings a weight into a format. A matrix that is there already keeps its grid. */
export function convertWeight(name: string, weight: Weight, format: WeightFormat): Weight {
  if (format === "float32") return { shape: weight.shape, values: dequantise(weight) };
  const [rows, columns] = weight.shape;
  if (rows === undefined || columns === undefined) return weight;
  const isGroups = format === "int4" && !keepsEightBits(name, rows);
  if (isGroups ? isGrouped(weight) : isQuantised(weight)) return weight;
  return (isGroups ? quantiseGroups : quantise)(dequantise(weight), [rows, columns]);
}

/** What `int4` leaves in 8 bits; see PackedFormat. */
function keepsEightBits(name: string, rows: number): boolean {
  if (name === EMBEDDING_WEIGHT || name === HEAD_WEIGHT) return rows <= SMALL_VOCABULARY;
  return isValueProjection(name);
}
