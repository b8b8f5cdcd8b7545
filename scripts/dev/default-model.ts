import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBundle, writeBundle } from "../../trainer/model/bundle.ts";
import { DEFAULT_MODEL, importMiniMind } from "../../trainer/model/minimind.ts";
import { bundleFingerprint } from "./bundle-fingerprint.ts";
import type { Output } from "./output.ts";
import { stateFolder } from "./paths.ts";

/** Imports the default base model, on first use and when the code that makes bundles changed; gives its folder. */
export async function importDefaultModel(output: Output): Promise<string> {
  const folder = join(stateFolder, "models", DEFAULT_MODEL);
  const stamp = `${folder}.made-by`;
  const fingerprint = bundleFingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint && (await readBundle(folder)))
    return folder;
  output.line(`Importing the base model ${DEFAULT_MODEL}`);
  await writeBundle(await importMiniMind(), folder);
  writeFileSync(stamp, fingerprint);
  return folder;
}
