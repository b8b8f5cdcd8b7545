import { InternalError } from "../../../shared/errors.ts";
import type { Pointer } from "./emscripten.ts";
import { allocate, heapBytes, reserve, type Runtime } from "./runtime.ts";

/** The bytes of a model file are not as many as its bundle says. */
export class CorruptModelError extends InternalError {
  constructor(found: number, wanted: number) {
    super(`The model's decode graph has ${found} bytes, its manifest says ${wanted}`, { code: "corrupt_model" });
  }
}

/**
 * What a session of a small model takes beside its weights: the graph, the keys and values of a few sequences, work space.
 * Reserved in one go, because later growth adds a fifth of everything.
 */
const WORKING_BYTES = 4 << 20;

/**
 * Streams a model straight into the wasm heap, so that it is never held twice. Returns its address; it stays until the
 * runtime goes. Throws CorruptModelError, OutOfMemoryError.
 */
export async function streamModel(
  runtime: Runtime,
  body: ReadableStream<Uint8Array>,
  bytes: number,
): Promise<Pointer> {
  reserve(runtime, bytes + WORKING_BYTES);
  const pointer = allocate(runtime, bytes);
  let received = 0;
  for await (const chunk of body) {
    if (received + chunk.length <= bytes) heapBytes(runtime, pointer + received, chunk.length).set(chunk);
    received += chunk.length;
  }
  if (received !== bytes) throw new CorruptModelError(received, bytes);
  return pointer;
}
