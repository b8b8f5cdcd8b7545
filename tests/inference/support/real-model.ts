import { mkdtemp, readFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createModelCatalog } from "../../../functions/inference/model-catalog.ts";
import type { ModelCatalog } from "../../../functions/deps.ts";
import {
  bundleFiles,
  modelKey,
  modelManifestSchema,
  type ModelManifest,
} from "../../../shared/contracts/model.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import { loadNodeEngine } from "../../../trainer/adapters/onnxruntime-node-engine.ts";
import { writeBundle } from "../../../trainer/model/bundle.ts";
import { importMiniMind } from "../../../trainer/model/minimind.ts";

export interface RealModel {
  readonly manifest: ModelManifest;
  /** Puts the bundle into a bucket. */
  fill(bucket: ObjectStore): Promise<void>;
  /** A catalog over onnxruntime-node. */
  catalog(bucket: ObjectStore): ModelCatalog;
}

/** The default base model, imported once for the test file. */
export async function importRealModel(): Promise<RealModel> {
  const folder = join(await mkdtemp(join(tmpdir(), "foreword-test-")), "model");
  await writeBundle(await importMiniMind(), folder);
  const manifest = modelManifestSchema.parse(
    JSON.parse(await readFile(join(folder, bundleFiles.manifest), "utf8")),
  );
  return {
    manifest,
    async fill(bucket) {
      for (const file of await readdir(folder))
        await bucket.put(modelKey(manifest.name, file), await readFile(join(folder, file)));
    },
    catalog: (store) =>
      createModelCatalog({
        store,
        createEngine: ({ architecture }) =>
          loadNodeEngine(join(folder, bundleFiles.decodeGraph), architecture, { threads: 1 }),
        now: Date.now,
      }),
  };
}
