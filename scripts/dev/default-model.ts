import { join } from "node:path";
import { readBundle, writeBundle } from "../../trainer/model/bundle.ts";
import { DEFAULT_MODEL, importMiniMind } from "../../trainer/model/minimind.ts";
import type { Output } from "./output.ts";
import { stateFolder } from "./paths.ts";

/** Imports the default base model on first use; gives the bundle's folder. */
export async function importDefaultModel(output: Output): Promise<string> {
  const folder = join(stateFolder, "models", DEFAULT_MODEL);
  if (await readBundle(folder)) return folder;
  output.line(`Importing the base model ${DEFAULT_MODEL}`);
  await writeBundle(await importMiniMind(), folder);
  return folder;
}
