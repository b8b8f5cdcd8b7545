import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadKernelEngine } from "../../../functions/kernel/engine.ts";
import { bundleFiles, modelManifestSchema } from "../../../shared/contracts/model.ts";
import { InternalError } from "../../../shared/errors.ts";
import { packedFile } from "../../../shared/formats/packed-weights.ts";
import type { InferenceEngine } from "../../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import { createTokenizer, type TextTokenizer } from "../../../shared/text/tokenizer.ts";
import { loadNodeEngine } from "../../../trainer/adapters/onnxruntime-node-engine.ts";
import { kernelFiles } from "../../build-kernel.ts";

export type EngineName = "kernel" | "onnxruntime";

/** A bundle in an engine, in this process. onnxruntime runs the graph that the edge runs. */
export async function openEngine(
  name: EngineName,
  folder: string,
): Promise<{ engine: InferenceEngine; tokenizer: TextTokenizer; weightBytes: number }> {
  const read = (file: string) => readFile(join(folder, file));
  const text = async (file: string) => String(await read(file));
  const manifest = modelManifestSchema.parse(JSON.parse(await text(bundleFiles.manifest)));
  const tokenizer = createTokenizer(
    await text(bundleFiles.tokenizer),
    await text(bundleFiles.tokenizerConfig),
    manifest.specialTokens,
  );
  if (name === "onnxruntime") {
    const graph = join(folder, bundleFiles.decodeGraph);
    const engine = await loadNodeEngine(graph, manifest.architecture, { threads: 1 });
    return { engine, tokenizer, weightBytes: (await read(bundleFiles.decodeGraph)).length };
  }
  const packed = packedFile(manifest);
  if (!packed) throw new InternalError(`The bundle in "${folder}" has no packed weights`);
  const weights = await read(packed.name);
  const module = new WebAssembly.Module(await readFile(kernelFiles.relaxed));
  const engine = await loadKernelEngine(module, oneFileStore(weights), manifest);
  return { engine, tokenizer, weightBytes: weights.length };
}

/** A bucket that gives the same bytes for every key. */
function oneFileStore(bytes: Uint8Array<ArrayBuffer>): ObjectStore {
  const unused = () => Promise.reject(new Error("Not part of the benchmark"));
  return {
    get: async (key) => ({
      key,
      bytes: bytes.length,
      etag: "",
      body: new Blob([bytes]).stream(),
      bytesBody: async () => bytes,
    }),
    head: unused,
    put: unused,
    delete: unused,
    list: unused as never,
  };
}
