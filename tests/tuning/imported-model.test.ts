import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createModelCatalog } from "../../functions/inference/model-catalog.ts";
import { loadKernelEngine } from "../../functions/kernel/engine.ts";
import { insertPrompt } from "../../functions/records/prompts.ts";
import { tunedModelName, tunedPromptSchema, tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { uploadBundle } from "../../trainer/model/bundle.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { createTrain } from "../../trainer/train.ts";
import { createTestApp, testCaller } from "../inference/support/test-app.ts";
import { kernelModule } from "../kernel/support.ts";
import { fixtures, writeFixture, type Fixture } from "../model/hugging-face-fixtures.ts";
import { createMemoryStore } from "../support/memory-store.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "foreword-imported-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("an imported Qwen2 is tuned, and served as accurately as the trainer says", async () => {
  const store = createMemoryStore();
  await writeFixture(fixtures["Qwen2.5"] as Fixture, join(folder, "qwen"));
  const manifest = await importModel(join(folder, "qwen"), join(folder, "bundle"), { name: "tiny-qwen" });
  await uploadBundle(store, join(folder, "bundle"));

  const row = (i: number) => ({
    text: `${i % 2 === 0 ? "bbc" : "ccb"} ${i}`,
    label: i % 2 === 0 ? "a" : "b",
  });
  const rows = Array.from({ length: 48 }, (_, i) => JSON.stringify(row(i)));
  const [train, heldOut] = [rows.slice(0, 36), rows.slice(36)];
  const { organization } = testCaller;
  const etag = await store.put(`datasets/${organization}/letters/train.jsonl`, train.join("\n"));
  await store.put(`datasets/${organization}/letters/test.jsonl`, heldOut.join("\n"));
  const id = "sp_QWEN";
  const tuned = tunedPromptSchema.parse(
    await createTrain({ store, workDirectory: folder, threads: 1 })(
      {
        id: "ftjob_1",
        organization,
        base_model: manifest.name,
        dataset: { id: "file_1", name: "letters", format: "label", rows: train.length, etag },
        settings: tuneSettingsSchema.parse({ epochs: 20, batch_size: 8, virtual_tokens: 8 }),
        attempt: 1,
        prompt_id: id,
      },
      () => undefined,
      new AbortController().signal,
    ),
  );
  const { evaluation } = tuned;
  expect(evaluation?.tuned.loss).toBeLessThan((evaluation?.base.loss ?? 0) / 2);

  const app = createTestApp({
    bucket: store,
    models: (bucket) =>
      createModelCatalog({
        store: bucket,
        createEngine: (model) => loadKernelEngine(kernelModule, bucket, model),
        now: Date.now,
      }),
  });
  const model = tunedModelName(manifest.name, organization, "letters", id);
  const record = {
    id,
    organization,
    model,
    baseModel: manifest.name,
    jobId: null,
    datasetId: null,
    createdAt: 1,
  };
  await app.deps.database.transaction([insertPrompt({ ...record, prompt: tuned })]);
  const { status, body } = await app.post("/v1/classifications", {
    model,
    input: heldOut.map((line) => (JSON.parse(line) as { text: string }).text),
  });
  expect([status, body]).toMatchObject([200, {}]);
  const { data } = body as { data: { label: string }[] };
  const hits = data.filter(({ label }, i) => label.trim() === row(36 + i).label).length;
  expect(hits / heldOut.length).toBe(evaluation?.tuned.accuracy);
});
