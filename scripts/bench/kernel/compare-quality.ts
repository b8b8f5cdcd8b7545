import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadKernelEngine } from "../../../functions/kernel/engine.ts";
import { bundleFiles, modelManifestSchema } from "../../../shared/contracts/model.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import { createTokenizer } from "../../../shared/text/tokenizer.ts";
import { loadNodeEngine } from "../../../trainer/adapters/onnxruntime-node-engine.ts";
import { kernelFile } from "../../build-kernel.ts";
import { equalAnswers, measureQuality } from "./quality.ts";
import { questions } from "./texts.ts";

export interface QualityComparison {
  /** Nats per token more than float32's, as a part of float32's. */
  readonly natsIncrease: number;
  readonly equalAnswers: number;
  readonly questions: number;
}

/** Compares the kernel over one bundle with float32 on onnxruntime over another. */
export async function compareQuality(int8: string, float32: string): Promise<QualityComparison> {
  const read = async (file: string) => readFile(join(int8, file));
  const text = async (file: string) => String(await read(file));
  const manifest = modelManifestSchema.parse(JSON.parse(await text(bundleFiles.manifest)));
  const module = new WebAssembly.Module(await readFile(kernelFile));
  const kernel = await loadKernelEngine(module, oneFileStore(await read(bundleFiles.kernelInt8)), manifest);
  const graph = join(float32, bundleFiles.decodeGraph);
  const oracle = await loadNodeEngine(graph, manifest.architecture, { threads: 1 });
  const tokenizer = createTokenizer(
    await text(bundleFiles.tokenizer),
    await text(bundleFiles.tokenizerConfig),
    manifest.specialTokens,
  );
  const [ours, theirs] = [await measureQuality(kernel, tokenizer), await measureQuality(oracle, tokenizer)];
  oracle.close();
  return {
    natsIncrease: ours.natsPerToken / theirs.natsPerToken - 1,
    equalAnswers: equalAnswers(ours, theirs),
    questions: questions.length,
  };
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
