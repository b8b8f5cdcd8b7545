import { globSync } from "node:fs";
import { join } from "node:path";
import { bundleFingerprint } from "../../scripts/dev/bundle-fingerprint.ts";

const root = join(import.meta.dirname, "..", "..");

const cacheFolder = join(root, ".foreword", "cache");
/** Holds the bundles that tests share; `build-models.ts` fills it before they run. */
export const modelsFolder = join(cacheFolder, `models-${bundleFingerprint()}`);
/** Bundles of earlier versions of the code. */
export const staleFolders = (): string[] =>
  globSync("models-*", { cwd: cacheFolder })
    .map((name) => join(cacheFolder, name))
    .filter((folder) => folder !== modelsFolder);

/** The default base model's bundle. */
export const baseModelFolder = join(modelsFolder, "minimind2-small");
