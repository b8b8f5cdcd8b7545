import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKernelEngine } from "../../functions/kernel/engine.ts";
import { bundleFiles, type ModelManifest } from "../../shared/contracts/model.ts";
import { serializeSafetensors } from "../../shared/formats/safetensors.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { loadNodeEngine } from "../../trainer/adapters/onnxruntime-node-engine.ts";
import { loadBaseModel } from "../../trainer/base-model.ts";
import { uploadBundle } from "../../trainer/model/bundle.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { dequantise } from "../../trainer/model/quantisation.ts";
import { parseWeights } from "../../trainer/model/weights.ts";
import { createScore, NOTHING } from "../../trainer/tuning/prompt-objective.ts";
import { kernelModule } from "../kernel/support.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { fixtures, writeFixture, type Fixture } from "./hugging-face-fixtures.ts";
import { embeddingRows, referenceLogits } from "./reference-llama.ts";

const IDS = [1, 103, 17, 265, 39, 80, 80, 210, 30, 2, 118, 5, 99, 140, 7, 61, 258, 33, 12, 9];

const folders: string[] = [];
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "foreword-import-"));
  folders.push(folder);
  return folder;
}
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  const apart = Array.from(wanted, (value, i) => Math.abs(value - (found[i] ?? NaN)));
  expect(Math.max(...apart)).toBeLessThan(tolerance);
}
const flat = (rows: readonly Float64Array[]) => rows.flatMap((row) => [...row]);

describe.each(Object.entries(fixtures))("%s", (name, fixture) => {
  let source: string;
  let bundle: string;
  let stored: Map<string, Float32Array>;
  let manifest: ModelManifest;
  let store: ObjectStore;
  /** Logits of the int8 weights, computed in float64. */
  let wanted: Float64Array[];
  beforeAll(async () => {
    source = join(await temporaryFolder(), name);
    bundle = join(await temporaryFolder(), "bundle");
    stored = await writeFixture(fixture, source);
    manifest = await importModel(source, bundle);
    store = createMemoryStore();
    await uploadBundle(store, bundle);
    const weights = parseWeights(await readFile(join(bundle, bundleFiles.weights)), fixture.architecture);
    const reference = new Map([...weights].map(([key, weight]) => [key, dequantise(weight)]));
    wanted = referenceLogits(
      fixture.architecture,
      reference,
      embeddingRows(fixture.architecture, reference, IDS),
    );
  });

  const logitsOf = async (engine: InferenceEngine) => {
    const logits = await engine.start().append(IDS, [...IDS.keys()]);
    engine.close();
    return logits;
  };

  it("is read as what it is", () => {
    expect(manifest.architecture).toEqual(fixture.architecture);
    expect(manifest.specialTokens).toEqual(fixture.specialTokens);
    expect(manifest.name).toBe(name.toLowerCase());
  });

  it("keeps its values, where they are not quantised", async () => {
    const plain = join(await temporaryFolder(), "bundle");
    await importModel(source, plain, { format: "float32" });
    const weights = parseWeights(await readFile(join(plain, bundleFiles.weights)), fixture.architecture);
    for (const [key, values] of stored) expect(weights.get(key)?.values, key).toEqual(values);
    const rows = embeddingRows(fixture.architecture, stored, IDS);
    const engine = await loadNodeEngine(join(plain, bundleFiles.decodeGraph), fixture.architecture, {
      threads: 1,
    });
    expectClose(await logitsOf(engine), flat(referenceLogits(fixture.architecture, stored, rows)), 2e-4);
  });

  it("answers as the reference in onnxruntime's decode graph", async () => {
    const path = join(bundle, bundleFiles.decodeGraph);
    // Two int8 digits keep about fifteen bits of an activation.
    expectClose(
      await logitsOf(await loadNodeEngine(path, fixture.architecture, { threads: 1 })),
      flat(wanted),
      2e-3,
    );
  });

  it("answers as the reference in the edge's kernel", async () => {
    const engine = await loadKernelEngine(kernelModule, store, manifest);
    expectClose(await logitsOf(engine), flat(wanted), 2e-3);
  });

  it("answers as the reference in the trainer's graph", async () => {
    const base = await loadBaseModel(store, manifest.name, await temporaryFolder());
    const model = {
      architecture: fixture.architecture,
      weights: base.weights,
      tokensBefore: [],
      tokensAfter: [],
      threads: 1,
    };
    const example = { context: IDS.slice(0, 5), completions: [IDS.slice(5)] };
    const [scores] = await createScore(model, NOTHING)([example]);
    const logProbabilities = IDS.slice(5).map((id, i) => {
      const row = wanted[4 + i] as Float64Array;
      return (row[id] as number) - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
    });
    expectClose(scores?.[0]?.logProbabilities ?? [], logProbabilities, 1e-4);
  });
});

describe("a folder that is no model of ours", () => {
  const broken = async (change: Partial<Fixture>, after?: (folder: string) => Promise<unknown>) => {
    const folder = await temporaryFolder();
    await writeFixture({ ...(fixtures["smollm2"] as Fixture), ...change }, folder);
    await after?.(folder);
    return importModel(folder, join(await temporaryFolder(), "bundle"));
  };
  const changed = (change: object) => broken({ config: { ...fixtures["smollm2"]?.config, ...change } });

  it("is refused by the name of its architecture", async () => {
    await expect(changed({ model_type: "gpt2", hidden_size: undefined })).rejects.toThrow(
      '"config.json" has model_type "gpt2", wanted one of llama, mistral, minimind, qwen2, qwen3',
    );
  });

  it("is refused for a tensor too many, too few, or of another size", async () => {
    await expect(changed({ model_type: "qwen2" })).rejects.toThrow(
      'Found no tensor "model.layers.0.self_attn.q_proj.bias"',
    );
    await expect(changed({ num_hidden_layers: 1 })).rejects.toThrow(
      'Tensor "model.layers.1.input_layernorm.weight" has no place in the model',
    );
    await expect(changed({ intermediate_size: 64 })).rejects.toThrow("has shape [48,32], wanted [64,32]");
  });

  it("is refused for a head that is not the embedding it is said to be", async () => {
    const { config, architecture } = fixtures["mistral"] as Fixture;
    await expect(broken({ config: { ...config, tie_word_embeddings: true }, architecture })).rejects.toThrow(
      "Embeddings are said to be tied, but embedding and head differ",
    );
  });

  it("is refused for a vocabulary smaller than the tokenizer's", async () => {
    await expect(changed({ vocab_size: 200 })).rejects.toThrow(
      "The tokenizer has a token 265, the model's vocabulary 200",
    );
  });

  it("is refused for a file that is cut short, not there, or elsewhere", async () => {
    const cut = async (folder: string) => {
      const path = join(folder, "model.safetensors");
      await writeFile(path, (await readFile(path)).subarray(0, -3));
    };
    await expect(broken({}, cut)).rejects.toThrow("data bytes");
    await expect(
      broken({ shards: 2 }, (folder) => rm(join(folder, "model-00002-of-00002.safetensors"))),
    ).rejects.toThrow('has no "model-00002-of-00002.safetensors"');
    const index = (file: string) => (folder: string) =>
      writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: { a: file } }));
    await expect(broken({ shards: 2 }, index("../x.safetensors"))).rejects.toThrow(
      "does not say in which files beside it",
    );
    await expect(broken({ shards: 2 }, index("model-00001-of-00002.safetensors"))).rejects.toThrow(
      'has no tensor "a"',
    );
    await expect(broken({}, (folder) => rm(join(folder, "tokenizer.json")))).rejects.toThrow(
      'has no "tokenizer.json"',
    );
  });

  it("is refused for weights that are no numbers", async () => {
    const holds = async (value: number, type: "F32" | "I32") => {
      const names = new Map([
        [
          "model.embed_tokens.weight",
          { type, shape: [272, 32], bytes: new Uint8Array(new Float32Array(272 * 32).fill(value).buffer) },
        ],
      ]);
      return broken({}, (folder) =>
        writeFile(join(folder, "model.safetensors"), serializeSafetensors(names)),
      );
    };
    await expect(holds(Number.NaN, "F32")).rejects.toThrow("not finite");
    await expect(holds(1, "I32")).rejects.toThrow("has type I32, wanted F32, F16 or BF16");
  });
});
