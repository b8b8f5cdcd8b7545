import { createHash } from "node:crypto";
import { ConflictError } from "../../shared/errors.ts";
import type { ObjectHead, ObjectStore } from "../../shared/ports/object-store.ts";

/** A bucket in memory, for tests that need one but not its network. */
export function createMemoryStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>();
  const head = (key: string): ObjectHead | null => {
    const bytes = objects.get(key);
    return bytes ? { key, bytes: bytes.length, etag: createHash("md5").update(bytes).digest("hex") } : null;
  };
  return {
    head: async (key) => head(key),
    async get(key) {
      const bytes = objects.get(key);
      const found = head(key);
      if (!bytes || !found) return null;
      const copy = () => new Uint8Array(bytes);
      return { ...found, body: new Blob([copy()]).stream(), bytesBody: async () => copy() };
    },
    async put(key, body, { ifAbsent = false } = {}) {
      if (ifAbsent && objects.has(key))
        throw new ConflictError(`Object "${key}" exists already`, { code: "object_exists" });
      objects.set(key, typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body));
      return head(key)?.etag ?? "";
    },
    async delete(key) {
      objects.delete(key);
    },
    async *list(prefix) {
      for (const key of [...objects.keys()].toSorted())
        if (key.startsWith(prefix)) yield head(key) as ObjectHead;
    },
  };
}
