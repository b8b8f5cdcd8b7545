import type { Architecture } from "../../shared/contracts/model.ts";
import { writeWeightFile, type WeightFile } from "../onnx/weight-file.ts";
import { weightShapes } from "./architecture.ts";
import { dequantise, type Weight } from "./quantisation.ts";
import type { Weights } from "./weights.ts";

/**
 * Writes the float32 values that the served weights stand for into the file that the training graph maps into memory: what
 * is tuned against is what answers. Takes four bytes per parameter of disk.
 */
export function writeTrainingWeights(
  path: string,
  weights: Weights,
  architecture: Architecture,
): Promise<WeightFile> {
  return writeWeightFile(path, weightShapes(architecture), (name) => dequantise(weights.get(name) as Weight));
}
