import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ModelManifest } from "../../shared/contracts/model.ts";
import { NotFoundError } from "../../shared/errors.ts";
import { writeBundle } from "./bundle.ts";
import { importLlama2c } from "./import-llama2c.ts";
import { convertLlama2cTokenizer } from "./llama2c-tokenizer.ts";
import { DEFAULT_MODEL, importMiniMind } from "./minimind.ts";
import type { ModelSource } from "./model-source.ts";
import { quantiseWeights, type WeightFormat } from "./weight-format.ts";

export interface ImportOptions {
  /** How the bundle stores matrices that come as floats; weights that come quantised keep their grid under `int8`. */
  readonly format?: WeightFormat;
}

/**
 * Imports a base model and writes its bundle into `folder`. `from` is the default model's name, or a folder with a
 * llama2.c checkpoint (`<name>.bin` and `tok*.bin`). Throws NotFoundError for anything else, and what the importers throw.
 *
 *     await importModel("minimind2-small", ".foreword/models/minimind2-small");
 */
export async function importModel(
  from: string,
  folder: string,
  { format = "int8" }: ImportOptions = {},
): Promise<ModelManifest> {
  const source = from === DEFAULT_MODEL ? await importMiniMind() : await importFolder(from);
  return writeBundle({ ...source, weights: quantiseWeights(source.weights, format) }, folder);
}

/** Reads a folder with a llama2.c checkpoint. Throws NotFoundError, Llama2cImportError. */
export async function importFolder(folder: string): Promise<ModelSource> {
  const files = await filesOf(folder);
  const tokenizerFile = files.find((file) => /^tok.*\.bin$/.test(file));
  const checkpoint = files.find((file) => file.endsWith(".bin") && file !== tokenizerFile);
  if (!tokenizerFile || !checkpoint) {
    throw new NotFoundError(
      `"${folder}" has no "<name>.bin" with a "tok*.bin" beside it, and "${DEFAULT_MODEL}" is the one model with a package`,
      { code: "model_not_found" },
    );
  }
  return {
    ...importLlama2c(await readFile(join(folder, checkpoint))),
    ...convertLlama2cTokenizer(await readFile(join(folder, tokenizerFile))),
    name: basename(checkpoint, ".bin").toLowerCase(),
    specialTokens: { beginning: 1, end: [1, 2] },
    source: `llama2.c checkpoint "${checkpoint}"`,
    license: "unknown",
  };
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new NotFoundError(`"${folder}" is neither a folder nor "${DEFAULT_MODEL}"`, {
      code: "model_not_found",
      cause,
    });
  }
}
