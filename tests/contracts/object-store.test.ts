import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFileStore } from "../../scripts/serve-node/file-store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { describeObjectStore } from "./object-store.ts";

const fileStore = async () => createFileStore(await mkdtemp(join(tmpdir(), "foreword-store-")));

describeObjectStore("memory", async () => createMemoryStore());
describeObjectStore("a folder", fileStore);

test("a folder keeps to itself", async () => {
  const store = await fileStore();
  await expect(store.put("../outside", "x")).rejects.toThrow('Key "../outside" leaves the bucket');
});
