import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bundleFiles, modelKey, modelManifestSchema, type ModelManifest } from "../shared/contracts/model.ts";
import { InvalidDataError, UnavailableError } from "../shared/errors.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import { createTokenizer, type TextTokenizer } from "../shared/text/tokenizer.ts";
import { EMBEDDING_WEIGHT } from "./model/architecture.ts";
import { dequantise, type Weight } from "./model/quantisation.ts";
import { writeTrainingWeights } from "./model/training-weights.ts";
import { parseWeights } from "./model/weights.ts";
import type { WeightFile } from "./onnx/weight-file.ts";

/** A base model on the trainer's disk, ready for its graphs. */
export interface BaseModel {
  readonly manifest: ModelManifest;
  readonly tokenizer: TextTokenizer;
  readonly weights: WeightFile;
  /** Embeddings of tokens, `[tokens, hidden]`. */
  embed(ids: readonly number[]): Float32Array;
}

/** A bundle's file is missing from the bucket, or is not what the manifest says. */
export class BaseModelError extends InvalidDataError {}

/** Fetches a base model into `folder`, where an earlier job's copy is used again. Throws BaseModelError. */
export async function loadBaseModel(store: ObjectStore, name: string, folder: string): Promise<BaseModel> {
  const manifest = await readManifest(store, name);
  const home = join(folder, "models", manifest.digest);
  await mkdir(home, { recursive: true });
  const read = (file: string) => readFileOnce(store, manifest, file, home);
  const [weightBytes, tokenizerJson, tokenizerConfig] = await Promise.all([
    read(bundleFiles.weights),
    read(bundleFiles.tokenizer),
    read(bundleFiles.tokenizerConfig),
  ]);
  const weights = parseWeights(weightBytes, manifest.architecture);
  const embedding = dequantise(weights.get(EMBEDDING_WEIGHT) as Weight);
  const { hiddenSize } = manifest.architecture;
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    manifest,
    tokenizer: createTokenizer(decode(tokenizerJson), decode(tokenizerConfig), manifest.specialTokens),
    weights: await writeTrainingWeights(join(home, "weights.f32"), weights, manifest.architecture),
    embed(ids) {
      const vectors = new Float32Array(ids.length * hiddenSize);
      for (const [i, id] of ids.entries()) {
        vectors.set(embedding.subarray(id * hiddenSize, (id + 1) * hiddenSize), i * hiddenSize);
      }
      return vectors;
    },
  };
}

async function readManifest(store: ObjectStore, name: string): Promise<ModelManifest> {
  const object = await store.get(modelKey(name, bundleFiles.manifest));
  if (!object)
    throw new BaseModelError(`The bucket has no base model "${name}"`, { code: "base_model_not_found" });
  const json: unknown = JSON.parse(new TextDecoder().decode(await object.bytesBody()));
  return modelManifestSchema.parse(json);
}

/** A file of the bundle, from the disk if it was fetched before; its digest is checked either way. */
async function readFileOnce(
  store: ObjectStore,
  manifest: ModelManifest,
  file: string,
  home: string,
): Promise<Uint8Array> {
  const wanted = manifest.files[file]?.sha256;
  const path = join(home, file);
  if (existsSync(path)) {
    const bytes = await readFile(path);
    if (sha256(bytes) === wanted) return bytes;
  }
  const object = await store.get(modelKey(manifest.name, file));
  if (!object) throw new UnavailableError(`The bucket has no "${modelKey(manifest.name, file)}"`);
  const bytes = await object.bytesBody();
  const found = sha256(bytes);
  if (found !== wanted) {
    throw new BaseModelError(
      `"${file}" of base model "${manifest.name}" has sha256 ${found}, the manifest wants ${wanted}`,
      {
        code: "base_model_corrupt",
      },
    );
  }
  // Renamed into place, so that a trainer that dies here leaves no half a file behind.
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
  return bytes;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
