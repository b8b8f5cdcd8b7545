import { dequantise, isQuantised, quantise, type Weight } from "./quantisation.ts";
import type { Weights } from "./weights.ts";

/** How a bundle stores matrices; norms and biases are always float32. */
export type WeightFormat = "int8" | "float32";

/** Brings every matrix into a format. One that is int8 already keeps its grid. */
export function quantiseWeights(weights: Weights, format: WeightFormat): Weights {
  const convert = (weight: Weight): Weight => {
    if (format === "float32") return { shape: weight.shape, values: dequantise(weight) };
    const [rows, columns] = weight.shape;
    if (isQuantised(weight) || rows === undefined || columns === undefined) return weight;
    return quantise(weight.values, [rows, columns]);
  };
  return new Map([...weights].map(([name, weight]) => [name, convert(weight)]));
}
