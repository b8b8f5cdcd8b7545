import type { StoredObject } from "../../shared/ports/object-store.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { CorruptObjectError, type FileRecord } from "../inference/verified-object.ts";

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
  let received = 0;
  for await (const chunk of body) {
    if (received + chunk.length > target.length) {
      throw new CorruptObjectError(`"${key}" goes on after its ${target.length} bytes`);
    }
    target.set(chunk, received);
    received += chunk.length;
  }
  if (received !== target.length) {
    throw new CorruptObjectError(`"${key}" ends after ${received} of ${target.length} bytes`);
  }
  const sha256 = await sha256Hex(target);
  if (sha256 !== record.sha256) {
    throw new CorruptObjectError(`"${key}" has sha256 "${sha256}", its record says "${record.sha256}"`);
  }
}
