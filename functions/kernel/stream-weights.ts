import type { StoredObject } from "../../shared/ports/object-store.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { CorruptObjectError, type FileRecord } from "../inference/verified-object.ts";

const CHUNK_BYTES = 64 << 10;

/**
 * Streams a file into `target`, which is as long as the file should be, so that it is never held twice, and checks it
 * against its record. Throws CorruptObjectError, and whatever the stream throws.
 */
export async function streamWeights(
  { key, bytes, body }: StoredObject,
  record: FileRecord,
  target: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (bytes !== target.length) {
    await body.cancel();
    throw new CorruptObjectError(`"${key}" has ${bytes} bytes, its record says ${target.length}`);
  }
  const received = await readInto(target, body, key);
  if (received !== target.length) {
    throw new CorruptObjectError(`"${key}" ends after ${received} of ${target.length} bytes`);
  }
  const sha256 = await sha256Hex(target);
  if (sha256 !== record.sha256) {
    throw new CorruptObjectError(`"${key}" has sha256 "${sha256}", its record says "${record.sha256}"`);
  }
}

/** One buffer takes every chunk in turn: a stream's own chunks are garbage as large as the file, which lasts until it is collected. */
async function readInto(
  target: Uint8Array<ArrayBuffer>,
  body: ReadableStream<Uint8Array>,
  key: string,
): Promise<number> {
  const reader = body.getReader({ mode: "byob" });
  let received = 0;
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  try {
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done) return received;
      if (received + value.length > target.length) {
        throw new CorruptObjectError(`"${key}" goes on after its ${target.length} bytes`);
      }
      target.set(value, received);
      received += value.length;
      buffer = value.buffer;
    }
  } finally {
    await reader.cancel();
  }
}
