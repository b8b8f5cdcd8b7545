import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "../../shared/contracts/model.ts";
import { weightShapes } from "../../trainer/model/architecture.ts";
import { writeWeightFile, type WeightFile } from "../../trainer/onnx/weight-file.ts";
import { seededRandom, uniform } from "./random.ts";

export const tinyArchitecture: Architecture = {
  family: "llama",
  hiddenSize: 24,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  intermediateSize: 40,
  vocabularySize: 50,
  contextLength: 64,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
};

/** Weights on disk for as long as a test runs. */
export interface TinyModel {
  readonly architecture: Architecture;
  readonly weights: WeightFile;
  readonly values: ReadonlyMap<string, Float32Array>;
  remove(): Promise<void>;
}

/** A model with random weights of a size at which every part of it matters to the result. */
export function randomModel(architecture: Architecture, seed = 7): Promise<TinyModel> {
  const random = seededRandom(seed);
  const values = new Map<string, Float32Array>();
  for (const [name, shape] of weightShapes(architecture)) {
    const count = shape.reduce((product, size) => product * size, 1);
    const inputs = shape[1] ?? 1;
    const isNorm = name.includes("norm");
    values.set(
      name,
      isNorm
        ? uniform(random, count, 0.5, 1.5)
        : uniform(random, count).map((w) => w * Math.sqrt(3 / inputs)),
    );
  }
  return storeModel(architecture, values);
}

/** The given weights in a file of their own. */
export async function storeModel(
  architecture: Architecture,
  values: ReadonlyMap<string, Float32Array>,
): Promise<TinyModel> {
  const folder = await mkdtemp(join(tmpdir(), "foreword-gradients-"));
  const read = (name: string) => values.get(name) ?? new Float32Array(0);
  const weights = await writeWeightFile(join(folder, "weights.f32"), weightShapes(architecture), read);
  return { architecture, weights, values, remove: () => rm(folder, { recursive: true }) };
}
