import { bundleFiles, modelKey, type ModelManifest } from "../../shared/contracts/model.ts";
import { UnavailableError } from "../../shared/errors.ts";
import { createEngine } from "../../shared/inference/engine.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { createDecodeSession } from "./onnxruntime/decode-session.ts";
import { CorruptModelError, streamModel } from "./onnxruntime/load-model.ts";
import { startRuntime } from "./onnxruntime/runtime.ts";
import { createSession } from "./onnxruntime/session.ts";

/** The base model is listed, but a file of it is not in the bucket. */
export class ModelFileMissingError extends UnavailableError {
  constructor(key: string) {
    super(`The bucket has no "${key}", which the model's manifest lists`, { code: "model_file_missing" });
  }
}

/**
 * Loads a base model's decode graph from the bucket into an onnxruntime of its own inside the isolate. Throws
 * ModelFileMissingError, CorruptModelError, OnnxRuntimeError or OutOfMemoryError; nothing stays allocated then.
 *
 *     const engine = await loadEngine(bucket, manifest);
 *     const logits = await engine.start().append(tokenIds);
 */
export async function loadEngine(bucket: ObjectStore, manifest: ModelManifest): Promise<InferenceEngine> {
  const file = bundleFiles.decodeGraph;
  const key = modelKey(manifest.name, file);
  const object = await bucket.get(key);
  if (!object) throw new ModelFileMissingError(key);
  const listed = manifest.files[file];
  if (!listed || object.bytes !== listed.bytes) {
    await object.body.cancel();
    throw new CorruptModelError(object.bytes, listed?.bytes ?? 0);
  }
  const runtime = await startRuntime();
  const model = await streamModel(runtime, object.body, object.bytes);
  const session = await createSession(runtime, model, object.bytes);
  return createEngine(createDecodeSession(runtime, session, manifest.architecture), manifest.architecture);
}
