import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.ts";

/** What a base model's bundle is made by: when any of it changes, bundles of earlier versions are made anew. */
const ingredients = [
  "trainer/model/*.ts",
  "trainer/onnx/*.ts",
  "shared/formats/*.ts",
  "shared/contracts/model.ts",
  "package-lock.json",
];

/** Tells apart the versions of the code that makes bundles. */
export function bundleFingerprint(): string {
  const hash = createHash("sha256");
  for (const path of ingredients.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted()) {
    hash.update(path).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex").slice(0, 16);
}
