import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createModelCatalog } from "../../../functions/inference/model-catalog.ts";
import type { ModelCatalog } from "../../../functions/deps.ts";
import { bundleFiles, modelKey, type ModelManifest } from "../../../shared/contracts/model.ts";
import { parseSafetensors } from "../../../shared/formats/safetensors.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import { loadNodeEngine } from "../../../trainer/adapters/onnxruntime-node-engine.ts";
import { importModel } from "../../../trainer/model/import-model.ts";

const EMBEDDINGS = "model.embed_tokens.weight";

export interface RealModel {
  readonly manifest: ModelManifest;
  /** Puts what the catalog reads into a bucket; the engine reads the rest from disk. */
  fill(bucket: ObjectStore): Promise<void>;
  /** Rows of the embedding matrix, `[ids, hidden]`: a soft prompt made of them is the same as the tokens in the text. */
  embeddings(ids: readonly number[]): Promise<Float32Array>;
  /** A catalog over onnxruntime-node. */
  catalog(bucket: ObjectStore): ModelCatalog;
}

/**
 * The default base model, imported once for the test file, in float32: int8 activations share a scale with whatever is
 * computed in the same go, so two ways to the same number would differ.
 */
export async function importRealModel(): Promise<RealModel> {
  const folder = join(await mkdtemp(join(tmpdir(), "foreword-test-")), "model");
  const manifest = await importModel("minimind2-small", folder, { format: "float32" });
  return {
    manifest,
    async fill(bucket) {
      for (const file of [bundleFiles.manifest, bundleFiles.tokenizer, bundleFiles.tokenizerConfig]) {
        await bucket.put(modelKey(manifest.name, file), await readFile(join(folder, file)));
      }
    },
    async embeddings(ids) {
      const { tensors } = parseSafetensors(await readFile(join(folder, bundleFiles.weights)));
      const bytes = new Uint8Array(tensors.get(EMBEDDINGS)?.bytes ?? []).buffer;
      const { hiddenSize } = manifest.architecture;
      return Float32Array.from(
        ids.flatMap((id) => [...new Float32Array(bytes, id * hiddenSize * 4, hiddenSize)]),
      );
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
