import { bundleFiles, modelKey, type ModelManifest } from "../../shared/contracts/model.ts";
import { createEngine } from "../../shared/inference/engine.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { createDecodeSession } from "./onnxruntime/decode-session.ts";
import { streamIntoHeap } from "./onnxruntime/stream-into-heap.ts";
import { startRuntime } from "./onnxruntime/runtime.ts";
import { createSession } from "./onnxruntime/session.ts";
import { CorruptObjectError, fromStore } from "./verified-object.ts";

/**
 * Loads a base model's decode graph from the bucket into an onnxruntime of its own inside the isolate; when that fails, the
 * whole runtime goes. Throws CorruptObjectError when the file is missing or not what the manifest says, UnavailableError
 * when the bucket cannot be read, OnnxRuntimeError and OutOfMemoryError.
 *
 *     const engine = await loadEngine(bucket, manifest);
 *     const logits = await engine.start().append(tokenIds);
 */
export async function loadEngine(bucket: ObjectStore, manifest: ModelManifest): Promise<InferenceEngine> {
  const key = modelKey(manifest.name, bundleFiles.decodeGraph);
  const record = manifest.files[bundleFiles.decodeGraph];
  const object = record && (await fromStore(() => bucket.get(key)));
  if (!object) throw new CorruptObjectError(`"${key}" is missing from the bucket or from its manifest`);
  if (object.bytes !== record.bytes) {
    await object.body.cancel();
    throw new CorruptObjectError(`"${key}" has ${object.bytes} bytes, its record says ${record.bytes}`);
  }
  const runtime = await startRuntime();
  const { pointer, sha256 } = await fromStore(() => streamIntoHeap(runtime, object.body, object.bytes));
  if (sha256 !== record.sha256) {
    throw new CorruptObjectError(`"${key}" has sha256 "${sha256}", its record says "${record.sha256}"`);
  }
  const session = await createSession(runtime, pointer, object.bytes);
  return createEngine(createDecodeSession(runtime, session, manifest.architecture), manifest.architecture);
}
