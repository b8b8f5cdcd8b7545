/**
 * npm run model:add -- <folder | name> [--format int8|int4|float32]
 *
 * Imports a base model into `.foreword/models/<name>/`, from where the local stack puts it into its bucket.
 */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ForewordError } from "../shared/errors.ts";
import { importModel } from "../trainer/model/import-model.ts";
import { weightFormats } from "../trainer/model/weight-format.ts";

const modelsFolder = join(import.meta.dirname, "..", ".foreword", "models");
const usage = "Usage: npm run model:add -- <folder | name> [--format int8|int4|float32]";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { format: { type: "string", default: "int8" } },
});
const [from] = positionals;
const format = weightFormats.find((known) => known === values.format);
if (from === undefined || positionals.length > 1 || format === undefined) {
  console.error(usage);
  process.exit(2);
}

try {
  // The name is known once the model is read.
  const unnamed = join(modelsFolder, `.importing-${process.pid}`);
  const manifest = await importModel(from, unnamed, { format });
  const folder = join(modelsFolder, manifest.name);
  await rm(folder, { recursive: true, force: true });
  await rename(unnamed, folder);
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  console.log(`Imported "${manifest.name}" into ${folder} (${(bytes / 1e6).toFixed(1)} MB)`);
} catch (error) {
  if (!(error instanceof ForewordError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
