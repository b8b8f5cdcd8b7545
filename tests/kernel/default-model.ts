import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadKernelEngine } from "../../functions/kernel/engine.ts";
import { bundleFiles, modelKey, modelManifestSchema } from "../../shared/contracts/model.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import { createTokenizer, type TextTokenizer } from "../../shared/text/tokenizer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { baseModelFolder } from "../support/model-cache.ts";
import { kernelModule } from "./support.ts";

const read = (file: string) => readFile(join(baseModelFolder, file));

/** The default base model on the kernel, in Node. */
export async function loadDefaultModel(): Promise<{ engine: InferenceEngine; tokenizer: TextTokenizer }> {
  const manifest = modelManifestSchema.parse(JSON.parse(String(await read(bundleFiles.manifest))));
  const store = createMemoryStore();
  const file = bundleFiles.kernelInt8;
  await store.put(modelKey(manifest.name, file), await read(file));
  const [json, config] = [await read(bundleFiles.tokenizer), await read(bundleFiles.tokenizerConfig)];
  return {
    engine: await loadKernelEngine(kernelModule, store, manifest),
    tokenizer: createTokenizer(String(json), String(config), manifest.specialTokens),
  };
}
