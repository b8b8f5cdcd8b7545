import { existsSync } from "node:fs";
import { join } from "node:path";
import { uploadBundle, writeBundle } from "../../trainer/model/bundle.ts";
import { importMiniMind } from "../../trainer/model/minimind.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

const NAME = "chaos-tiny";

/** Puts a base model into the bucket that is quick to tune: the default one with all layers but the first left out. */
export async function uploadTinyModel(store: ObjectStore, cacheFolder: string): Promise<string> {
  const folder = join(cacheFolder, NAME);
  if (!existsSync(folder)) {
    const source = await importMiniMind();
    const weights = new Map([...source.weights].filter(([name]) => !/\.layers\.[1-9]/.test(name)));
    const architecture = { ...source.architecture, layers: 1 };
    await writeBundle({ ...source, name: NAME, architecture, weights }, folder);
  }
  await uploadBundle(store, folder);
  return NAME;
}
