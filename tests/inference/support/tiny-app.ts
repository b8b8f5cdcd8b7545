import { createModelCatalog } from "../../../functions/inference/model-catalog.ts";
import {
  bundleFiles,
  modelKey,
  type Architecture,
  type ModelManifest,
} from "../../../shared/contracts/model.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import { sha256Hex } from "../../../shared/sha256.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { createFakeEngine, type FakeEngine, type LogitsFor } from "./fake-engine.ts";
import { createTestApp, type TestApp, type TestAppOptions } from "./test-app.ts";
import { byteFallbackTokenizerJson } from "./tokenizers.ts";

export const tinyModel = "tiny";

export interface TinyApp extends TestApp {
  readonly manifest: ModelManifest;
  readonly engines: FakeEngine[];
}

const config = JSON.stringify({
  clean_up_tokenization_spaces: false,
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  chat_template:
    "{% for m in messages %}{{ m.role[0] }} {{ m.content }} {% endfor %}{% if add_generation_prompt %}a{% endif %}",
});

/** The size of the byte-fallback tokenizer's vocabulary. */
const VOCABULARY = 266;

export const tinyAppArchitecture: Architecture = {
  family: "llama",
  hiddenSize: 8,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 2,
  intermediateSize: 16,
  vocabularySize: VOCABULARY,
  contextLength: 128,
  ropeTheta: 10000,
  normEpsilon: 1e-5,
  tiedEmbeddings: true,
  attentionBias: false,
  queryKeyNorm: false,
};

/** Writes a base model's bundle without weights. */
export async function writeTinyBundle(
  store: ObjectStore,
  name = tinyModel,
  createdAt = 1,
): Promise<ModelManifest> {
  const files: ModelManifest["files"] = {};
  for (const [file, text] of [
    [bundleFiles.tokenizer, byteFallbackTokenizerJson],
    [bundleFiles.tokenizerConfig, config],
  ] as const) {
    await store.put(modelKey(name, file), text);
    files[file] = { bytes: new TextEncoder().encode(text).length, sha256: await sha256Hex(text) };
  }
  const manifest: ModelManifest = {
    name,
    architecture: tinyAppArchitecture,
    specialTokens: { beginning: 1, end: [2] },
    digest: await sha256Hex(`weights of ${name}`),
    files,
    source: "test",
    license: "none",
    createdAt,
  };
  await store.put(modelKey(name, bundleFiles.manifest), JSON.stringify(manifest));
  return manifest;
}

/** The inference routes over a fake engine: for what our own code does, not for what a model answers. */
export async function createTinyApp(
  options: Partial<TestAppOptions> & { logitsFor?: LogitsFor } = {},
): Promise<TinyApp> {
  const bucket = options.bucket ?? createMemoryStore();
  const manifest = await writeTinyBundle(bucket);
  const engines: FakeEngine[] = [];
  const app = createTestApp({
    models: (store) =>
      createModelCatalog({
        store,
        now: Date.now,
        async createEngine({ architecture }) {
          const engine = createFakeEngine(architecture, options.logitsFor);
          engines.push(engine);
          return engine;
        },
      }),
    ...options,
    bucket,
  });
  return { ...app, manifest, engines };
}
