import type { ModelManifest } from "../../shared/contracts/model.ts";
import { InternalError } from "../../shared/errors.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

/** Takes the place of engine.ts in a Worker that is built without onnxruntime: a 30th of the size, for the kernel alone. */
export function loadEngine(_bucket: ObjectStore, manifest: ModelManifest): Promise<InferenceEngine> {
  return Promise.reject(
    new InternalError(
      `"${manifest.name}" has no weights for the decode kernel, and this Worker was built without onnxruntime`,
      { code: "engine_not_built" },
    ),
  );
}
