import { ForewordError, InternalError, UnavailableError } from "../../shared/errors.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { sha256Hex } from "../../shared/sha256.ts";

/** What a record says a file is. */
export interface FileRecord {
  readonly bytes: number;
  readonly sha256: string;
}

/** Bytes in the bucket are not what the record of them says. */
export class CorruptObjectError extends InternalError {
  constructor(message: string) {
    super(message, { code: "corrupt_object" });
  }
}

/** Runs one operation on the bucket; whatever the store throws of its own becomes UnavailableError (code `storage_unavailable`). */
export async function fromStore<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    if (cause instanceof ForewordError) throw cause;
    throw new UnavailableError("The bucket cannot be read at the moment; try again", {
      code: "storage_unavailable",
      retryAfter: 5,
      cause,
    });
  }
}

/**
 * Reads a whole file and checks it against its record. Throws CorruptObjectError when it is missing, of another size or
 * of another sha256, and UnavailableError when the bucket cannot be read.
 */
export async function readVerified(store: ObjectStore, key: string, record: FileRecord): Promise<Uint8Array> {
  const object = await fromStore(() => store.get(key));
  if (!object) throw new CorruptObjectError(`"${key}" is missing from the bucket`);
  if (object.bytes !== record.bytes) {
    throw new CorruptObjectError(`"${key}" has ${object.bytes} bytes, its record says ${record.bytes}`);
  }
  const bytes = await fromStore(() => object.bytesBody());
  const sha256 = await sha256Hex(bytes);
  if (sha256 !== record.sha256) {
    throw new CorruptObjectError(`"${key}" has sha256 "${sha256}", its record says "${record.sha256}"`);
  }
  return bytes;
}
