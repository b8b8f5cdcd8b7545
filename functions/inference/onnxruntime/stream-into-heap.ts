import { InternalError } from "../../../shared/errors.ts";
import type { Pointer } from "./emscripten.ts";
import { allocate, heapBytes, reserve, type Runtime } from "./runtime.ts";

/**
 * Streams a model of a known size straight into the wasm heap, so that it is never held twice. Returns its address, where it
 * stays until the runtime goes, and its sha256. Throws InternalError when the stream is longer or shorter, OutOfMemoryError.
 */
export async function streamIntoHeap(
  runtime: Runtime,
  body: ReadableStream<Uint8Array>,
  bytes: number,
): Promise<{ pointer: Pointer; sha256: string }> {
  // The heap begins with 16 MB, most of them free: enough for the session and a short sequence beside the model.
  reserve(runtime, bytes);
  const pointer = allocate(runtime, bytes);
  const digest = new crypto.DigestStream("SHA-256");
  const writer = digest.getWriter();
  let received = 0;
  for await (const chunk of body) {
    if (received + chunk.length > bytes)
      throw new InternalError(`A model of ${bytes} bytes goes on after its end`);
    heapBytes(runtime, pointer + received, chunk.length).set(chunk);
    received += chunk.length;
    await writer.write(chunk);
  }
  await writer.close();
  if (received !== bytes) throw new InternalError(`A model of ${bytes} bytes ends after ${received}`);
  const hash = new Uint8Array(await digest.digest);
  return { pointer, sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}
