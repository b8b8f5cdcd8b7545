import { quantiseGroups } from "./group-quantisation.ts";
import { dequantise, isGrouped, isQuantised, quantise, type Weight } from "./quantisation.ts";
import type { Weights } from "./weights.ts";

/** How a bundle stores matrices; norms and biases are always float32. */
export const weightFormats = ["int8", "int4", "float32"] as const;
export type WeightFormat = (typeof weightFormats)[number];

/** Brings every matrix into a format. */
export function quantiseWeights(weights: Weights, format: WeightFormat): Weights {
  return new Map([...weights].map(([name, weight]) => [name, convertWeight(weight, format)]));
}

/** Brings a weight into a format. A matrix that is there already keeps its grid. */
export function convertWeight(weight: Weight, format: WeightFormat): Weight {
  if (format === "float32") return { shape: weight.shape, values: dequantise(weight) };
  const [rows, columns] = weight.shape;
  const isThere = format === "int8" ? isQuantised(weight) : isGrouped(weight);
  if (isThere || rows === undefined || columns === undefined) return weight;
  return (format === "int8" ? quantise : quantiseGroups)(dequantise(weight), [rows, columns]);
}
