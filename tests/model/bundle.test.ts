import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundleFiles, modelKey, type Architecture } from "../../shared/contracts/model.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { BundleError, readBundle, uploadBundle, writeBundle } from "../../trainer/model/bundle.ts";
import { quantiseWeights } from "../../trainer/model/weight-format.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { randomWeights } from "./random-weights.ts";

const architecture: Architecture = {
  family: "llama",
  hiddenSize: 32,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headSize: 16,
  intermediateSize: 48,
  vocabularySize: 40,
  contextLength: 64,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
};
const source = {
  name: "tiny",
  architecture,
  specialTokens: { beginning: 1, end: [2] },
  weights: quantiseWeights(randomWeights(architecture), "int8"),
  tokenizer: '{"model":{}}',
  tokenizerConfig: '{"bos_token":"<s>"}',
  source: "a test",
  license: "CC0-1.0",
};

describe("bundle", () => {
  let folder: string;
  let store: ObjectStore;
  let written: string[];
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "foreword-test-")), "model");
    await writeBundle(source, folder);
    const memory = createMemoryStore();
    written = [];
    store = {
      ...memory,
      put(key, ...rest) {
        written.push(key.slice(key.lastIndexOf("/") + 1));
        return memory.put(key, ...rest);
      },
    };
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("lists every file with its size and digest", async () => {
    const manifest = await readBundle(folder);
    expect(Object.keys(manifest?.files ?? {})).toEqual(
      expect.arrayContaining([
        bundleFiles.weights,
        bundleFiles.decodeGraph,
        bundleFiles.tokenizer,
        bundleFiles.tokenizerConfig,
      ]),
    );
    for (const [name, { bytes, sha256 }] of Object.entries(manifest?.files ?? {})) {
      const content = await readFile(join(folder, name));
      expect([content.length, await sha256Hex(content)], name).toEqual([bytes, sha256]);
    }
    expect(manifest?.digest).toBe(manifest?.files[bundleFiles.weights]?.sha256);
  });

  it("is uploaded with the manifest last, and only once", async () => {
    const sent = await uploadBundle(store, folder);
    expect(written).toEqual(sent);
    expect(written.at(-1)).toBe(bundleFiles.manifest);
    expect(await uploadBundle(store, folder)).toEqual([]);
  });

  it("is completed where the bucket lost a file or has another one", async () => {
    await uploadBundle(store, folder);
    await store.delete(modelKey("tiny", bundleFiles.tokenizer));
    await store.put(modelKey("tiny", bundleFiles.decodeGraph), "half");
    const sent = await uploadBundle(store, folder);
    expect(sent.toSorted()).toEqual(
      [bundleFiles.decodeGraph, bundleFiles.manifest, bundleFiles.tokenizer].toSorted(),
    );
  });

  it("replaces a manifest that cannot be read", async () => {
    await store.put(modelKey("tiny", bundleFiles.manifest), "{");
    await uploadBundle(store, folder);
    const object = await store.get(modelKey("tiny", bundleFiles.manifest));
    expect(JSON.parse(new TextDecoder().decode(await object?.bytesBody()))).toEqual(await readBundle(folder));
  });

  it("is not uploaded when a file is not what the manifest says", async () => {
    await writeFile(join(folder, bundleFiles.tokenizer), "{}");
    await expect(uploadBundle(store, folder)).rejects.toThrow(BundleError);
    expect(written).not.toContain(bundleFiles.manifest);
  });

  it("is told from a folder without one", async () => {
    expect(await readBundle("/nowhere")).toBeUndefined();
    await writeFile(join(folder, bundleFiles.manifest), "[]");
    await expect(readBundle(folder)).rejects.toThrow(BundleError);
  });
});
