import { describe, expect, it } from "vitest";
import { loadPrefix } from "../../functions/inference/load-prefix.ts";
import type { PromptRecord } from "../../functions/records/prompts.ts";
import { promptFiles, promptKey } from "../../shared/contracts/job.ts";
import { serializeSafetensors } from "../../shared/formats/safetensors.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { createTinyApp, tinyAppArchitecture, type TinyApp } from "./support/tiny-app.ts";
import { randomVectors, storePrompt, tensor } from "./support/tuned-prompt.ts";

const { layers, kvHeads, headSize } = tinyAppArchitecture;
const P = 3;
const kvShape = [layers, 2, kvHeads, P, headSize];
const kvSize = kvShape.reduce((product, size) => product * size, 1);

/** A prompt whose keys and values lie beside its vectors. */
async function withKv(
  app: TinyApp,
  shape: readonly number[] = kvShape,
  data = randomVectors(shape.reduce((product, size) => product * size, 1)),
  metadata: Record<string, string> = {},
): Promise<PromptRecord> {
  const record = await storePrompt(app.deps, {
    id: `sp_${Math.random()}`,
    manifest: app.manifest,
    tokens: P,
  });
  const file = serializeSafetensors(new Map([["kv", tensor(shape, data)]]), metadata);
  await app.deps.bucket.put(promptKey(record.organization, record.id, promptFiles.prefix), file);
  const files = {
    ...record.prompt.files,
    [promptFiles.prefix]: { bytes: file.length, sha256: await sha256Hex(file) },
  };
  return { ...record, prompt: { ...record.prompt, files } };
}

async function setup() {
  const app = await createTinyApp();
  const model = await app.deps.models.load(app.manifest.name);
  const given: string[] = [];
  const engine = {
    ...model.engine,
    computePrefix: (vectors: { tokens: number; data: Float32Array }) => {
      given.push(`vectors ${vectors.tokens} ${vectors.data.length}`);
      return model.engine.computePrefix(vectors);
    },
    loadPrefix: (kv: { tokens: number; data: Float32Array }) => {
      given.push(`kv ${kv.tokens} ${kv.data.length}`);
      return model.engine.loadPrefix(kv);
    },
  };
  const load = (record: PromptRecord) => loadPrefix(app.deps.bucket, { ...model, engine }, record);
  return { app, given, load };
}

describe("loading a soft prompt", () => {
  it("takes keys and values where there are some, and computes them where there are none", async () => {
    const { app, given, load } = await setup();
    await load(await withKv(app, kvShape, randomVectors(kvSize), { base_digest: app.manifest.digest }));
    await load(await storePrompt(app.deps, { id: "sp_vectors", manifest: app.manifest, tokens: P }));
    expect(given).toEqual([`kv ${P} ${kvSize}`, `vectors ${P} ${P * tinyAppArchitecture.hiddenSize}`]);
  });

  it("refuses keys and values of another base model, shape or nature", async () => {
    const { app, given, load } = await setup();
    const foreign = await withKv(app, kvShape, randomVectors(kvSize), { base_digest: "0".repeat(64) });
    await expect(load(foreign)).rejects.toMatchObject({ status: 409, code: "base_model_mismatch" });
    await expect(load(await withKv(app, [layers, 2, kvHeads, P + 1, headSize]))).rejects.toMatchObject({
      code: "corrupt_prompt",
    });
    await expect(load(await withKv(app, [kvSize]))).rejects.toThrow(`wanted F32 [${kvShape}]`);
    const broken = randomVectors(kvSize);
    broken[3] = Number.POSITIVE_INFINITY;
    await expect(load(await withKv(app, kvShape, broken))).rejects.toThrow("not finite");
    expect(given).toEqual([]);
  });

  it("refuses a record without any file, and says when the bucket is down", async () => {
    const { app, load } = await setup();
    const record = await storePrompt(app.deps, { id: "sp_empty", manifest: app.manifest, tokens: P });
    await expect(load({ ...record, prompt: { ...record.prompt, files: {} } })).rejects.toMatchObject({
      code: "corrupt_prompt",
    });
    const model = await app.deps.models.load(app.manifest.name);
    const down = { ...app.deps.bucket, get: () => Promise.reject(new Error("network")) };
    await expect(loadPrefix(down, model, record)).rejects.toMatchObject({
      status: 503,
      code: "storage_unavailable",
    });
  });
});
