import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** What a bundle is made from: when any of it changes, cached bundles are made anew. */
const ingredients = ["trainer/model/*.ts", "trainer/onnx/*.ts", "package-lock.json"];

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const path of ingredients.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted()) {
    hash.update(path).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 16);
}

const cacheFolder = join(root, ".foreword", "cache");
/** Holds the bundles that tests share; `build-models.ts` fills it before they run. */
export const modelsFolder = join(cacheFolder, `models-${fingerprint()}`);
/** Bundles of earlier versions of the code. */
export const staleFolders = (): string[] =>
  globSync("models-*", { cwd: cacheFolder })
    .map((name) => join(cacheFolder, name))
    .filter((folder) => folder !== modelsFolder);

/** The default base model's bundle. */
export const baseModelFolder = join(modelsFolder, "minimind2-small");
