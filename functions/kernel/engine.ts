import { modelKey, type ModelManifest } from "../../shared/contracts/model.ts";
import { packedFile, packedLayout } from "../../shared/formats/packed-weights.ts";
import { createEngine } from "../../shared/inference/engine.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { CorruptObjectError, fromStore } from "../inference/verified-object.ts";
import { createArena } from "./arena.ts";
import { createKernelSession } from "./decode-session.ts";
import { instantiateKernel } from "./kernel.ts";
import { createKvPages } from "./kv-pages.ts";
import { streamWeights } from "./stream-weights.ts";
import { createWorkSpace } from "./work-space.ts";

export interface KernelOptions {
  /** Bytes that the kernel's memory may reach: weights, work space and all sequences. */
  readonly memoryLimit?: number;
}

/** An isolate has 128 MB; tokenizer, requests and the runtime itself need some of it. */
const MEMORY_LIMIT = 100 << 20;

/**
 * Loads a base model's packed weights from the bucket straight into the memory of a decode kernel of its own. `module` is
 * the compiled kernel.wasm. Throws UnsupportedSizeError and KernelMemoryError before anything is read, CorruptObjectError
 * when the file is missing or not what the manifest says, UnavailableError when the bucket cannot be read.
 *
 *     const engine = await loadKernelEngine(module, bucket, manifest);
 *     const logits = await engine.start().append(tokenIds);
 */
export async function loadKernelEngine(
  module: WebAssembly.Module,
  bucket: ObjectStore,
  manifest: ModelManifest,
  { memoryLimit = MEMORY_LIMIT }: KernelOptions = {},
): Promise<InferenceEngine> {
  const { architecture } = manifest;
  const file = packedFile(manifest);
  if (!file) {
    throw new CorruptObjectError(`The manifest of "${manifest.name}" lists no weights for the decode kernel`);
  }
  const { name, record, format } = file;
  const key = modelKey(manifest.name, name);
  const layout = packedLayout(architecture, format);
  if (record.bytes !== layout.bytes) {
    throw new CorruptObjectError(
      `"${key}" has ${record.bytes} bytes, its architecture wants ${layout.bytes}`,
    );
  }
  const arena = createArena(memoryLimit);
  const weights = arena.take(layout.bytes);
  const space = createWorkSpace(arena, architecture);
  const object = await fromStore(() => bucket.get(key));
  if (!object) throw new CorruptObjectError(`"${key}" is missing from the bucket`);
  await fromStore(() => streamWeights(object, record, arena.bytes(weights, layout.bytes)));
  const kernel = instantiateKernel(module, arena.memory);
  const pages = createKvPages(arena, architecture);
  return createEngine(
    createKernelSession({ architecture, kernel, arena, weights, layout, space, pages }),
    architecture,
  );
}
