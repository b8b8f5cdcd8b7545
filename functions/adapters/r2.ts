import { ConflictError } from "../../shared/errors.ts";
import type { ObjectHead, ObjectStore } from "../../shared/ports/object-store.ts";

/** The bucket by its R2 binding. */
export function createR2Store(bucket: R2Bucket): ObjectStore {
  return {
    async head(key) {
      const object = await bucket.head(key);
      return object && toHead(object);
    },
    async get(key) {
      const object = await bucket.get(key);
      if (!object) return null;
      return {
        ...toHead(object),
        // R2 streams bytes, its type just does not say so.
        body: object.body as ReadableStream<Uint8Array>,
        bytesBody: async () => new Uint8Array(await object.arrayBuffer()),
      };
    },
    async put(key, body, { ifAbsent = false, contentType } = {}) {
      const object = await bucket.put(key, body, {
        ...(ifAbsent ? { onlyIf: new Headers({ "if-none-match": "*" }) } : {}),
        ...(contentType === undefined ? {} : { httpMetadata: { contentType } }),
      });
      if (!object) throw new ConflictError(`Object "${key}" exists already`, { code: "object_exists" });
      return object.etag;
    },
    delete: (key) => bucket.delete(key),
    async *list(prefix) {
      let cursor: string | undefined;
      do {
        const page: R2Objects = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
        for (const object of page.objects) yield toHead(object);
        cursor = page.truncated ? page.cursor : undefined;
      } while (cursor !== undefined);
    },
  };
}

function toHead(object: R2Object): ObjectHead {
  return { key: object.key, bytes: object.size, etag: object.etag };
}
