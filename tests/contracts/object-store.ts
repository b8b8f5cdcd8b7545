import { beforeEach, describe, expect, test } from "vitest";
import type { ObjectStore } from "../../shared/ports/object-store.ts";

/** What every adapter of the bucket port must do. `create` gives an empty bucket. */
export function describeObjectStore(name: string, create: () => Promise<ObjectStore>): void {
  describe(`${name} as a bucket`, () => {
    let store: ObjectStore;
    beforeEach(async () => {
      store = await create();
    });
    const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

    test("gives back what was put, with size and etag", async () => {
      const etag = await store.put("a/b c.txt", "hello");
      expect(await store.head("a/b c.txt")).toEqual({ key: "a/b c.txt", bytes: 5, etag });
      const object = await store.get("a/b c.txt");
      expect(object).toMatchObject({ key: "a/b c.txt", bytes: 5, etag });
      expect(text(await object?.bytesBody())).toBe("hello");
      const streamed = await store.get("a/b c.txt");
      const chunks: number[] = [];
      for await (const chunk of streamed?.body ?? []) chunks.push(...chunk);
      expect(text(Uint8Array.from(chunks))).toBe("hello");
    });

    test("gives bytes that are the reader's to change", async () => {
      await store.put("shared", "hello");
      (await (await store.get("shared"))?.bytesBody())?.fill(0);
      expect(text(await (await store.get("shared"))?.bytesBody())).toBe("hello");
    });

    test("gives another etag for other content, and the same for the same", async () => {
      const first = await store.put("x", "1");
      expect(await store.put("x", "2")).not.toBe(first);
      expect(await store.put("x", "1")).toBe(first);
    });

    test("has null for what is not there, also after deletion; deleting twice is fine", async () => {
      expect(await store.head("none")).toBeNull();
      expect(await store.get("none")).toBeNull();
      await store.put("gone", "x");
      await store.delete("gone");
      await store.delete("gone");
      expect(await store.head("gone")).toBeNull();
    });

    test("does not overwrite with ifAbsent", async () => {
      await store.put("once", "1", { ifAbsent: true });
      await expect(store.put("once", "2", { ifAbsent: true })).rejects.toMatchObject({
        code: "object_exists",
      });
      expect(text(await (await store.get("once"))?.bytesBody())).toBe("1");
    });

    test("lists a prefix in key order", async () => {
      for (const key of ["p/b", "q/c", "p/a/deep"]) await store.put(key, key);
      const keys: string[] = [];
      for await (const { key } of store.list("p/")) keys.push(key);
      expect(keys).toEqual(["p/a/deep", "p/b"]);
    });
  });
}
