import { createHash } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKernelEngine, type KernelOptions } from "../../functions/kernel/engine.ts";
import { modelKey, type Architecture, type ModelManifest } from "../../shared/contracts/model.ts";
import { packedFileName, type PackedFormat } from "../../shared/formats/packed-weights.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import { loadNodeEngine } from "../../trainer/adapters/onnxruntime-node-engine.ts";
import { buildDecodeGraph } from "../../trainer/model/decode-graph.ts";
import { packedFormat, packWeights } from "../../trainer/model/packed-weights.ts";
import type { Weight } from "../../trainer/model/quantisation.ts";
import { quantiseWeights } from "../../trainer/model/weight-format.ts";
import { serializeGraph } from "../../trainer/onnx/serialize.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { kernelModule, randomWeights } from "./support.ts";

const NAME = "tiny";

/** A manifest that lists packed weights, and nothing else that matters. */
export function manifestOf(
  architecture: Architecture,
  file: Uint8Array,
  format: PackedFormat = "int8",
): ModelManifest {
  return {
    name: NAME,
    architecture,
    specialTokens: { beginning: null, end: [0] },
    digest: "0".repeat(64),
    files: {
      [packedFileName(format)]: {
        bytes: file.length,
        sha256: createHash("sha256").update(file).digest("hex"),
      },
    },
    source: "test",
    license: "none",
    createdAt: 0,
  };
}

/** Loads a kernel engine from a bucket that holds `file`; the manifest may lie. */
export async function loadFrom(
  file: Uint8Array,
  manifest: ModelManifest,
  options?: KernelOptions,
): Promise<InferenceEngine> {
  const store = createMemoryStore();
  for (const name of Object.keys(manifest.files)) await store.put(modelKey(NAME, name), file);
  return loadKernelEngine(kernelModule, store, manifest, options);
}

export async function kernelEngine(
  architecture: Architecture,
  weights: ReadonlyMap<string, Weight> = randomWeights(architecture, 1),
  options?: KernelOptions,
): Promise<InferenceEngine> {
  const format = packedFormat(weights, architecture) ?? "int8";
  const file = packWeights(weights, architecture, format);
  return loadFrom(file, manifestOf(architecture, file, format), options);
}

/** The same model in float32 on onnxruntime-node. */
export async function oracleEngine(
  architecture: Architecture,
  weights: ReadonlyMap<string, Weight> = randomWeights(architecture, 1),
): Promise<InferenceEngine> {
  const graph = buildDecodeGraph(architecture, quantiseWeights(weights, "float32"));
  const path = join(await mkdtemp(join(tmpdir(), "foreword-kernel-")), "decode.onnx");
  await writeFile(path, serializeGraph(graph));
  return loadNodeEngine(path, architecture, { threads: 1 });
}
