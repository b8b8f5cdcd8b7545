import { rm } from "node:fs/promises";
import { readBundle } from "../../trainer/model/bundle.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { baseModelFolder, staleFolders } from "./model-cache.ts";

/** vitest's global set-up: imports the default base model once for all tests, in Node and in workerd. */
export default async function setup(): Promise<void> {
  if (await readBundle(baseModelFolder)) return;
  for (const folder of staleFolders()) await rm(folder, { recursive: true, force: true });
  await importModel("minimind2-small", baseModelFolder);
}
