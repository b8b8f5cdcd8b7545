import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import OpenAI, { toFile } from "openai";
import { beforeAll, describe, expect, test } from "vitest";
import worker from "../../functions/worker.ts";
import type { LeaseAnswer, TunedPrompt } from "../../shared/contracts/job.ts";
import { ask, call, migrate, newKey } from "./app.ts";
import { seedBaseModel } from "./base-model.ts";

const model = "minimind2-small";
const rows = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      messages: [
        { role: "user", content: `Question ${i}` },
        { role: "assistant", content: `Answer ${i}` },
      ],
    }),
  ).join("\n");
const tuned: TunedPrompt = {
  base_digest: "0".repeat(64),
  method: "prompt_tuning",
  virtual_tokens: 4,
  row_format: "messages",
  labels: null,
  files: {},
  evaluation: null,
  steps: 7,
  trained_tokens: 11,
  tuning_seconds: 1,
};

let key: string;
let trainer: string;
let openai: OpenAI;
beforeAll(async () => {
  await migrate();
  await seedBaseModel();
  key = await newKey("acme");
  trainer = await newKey("acme", ["trainer"]);
  openai = new OpenAI({
    apiKey: key,
    baseURL: "http://foreword.test/v1",
    maxRetries: 0,
    fetch: (input, init) => exports.default.fetch(new Request(input, init)),
  });
});

const upload = async (text: string, name = "My Rows.jsonl") =>
  openai.files.create({ file: await toFile(new TextEncoder().encode(text), name), purpose: "fine-tune" });

describe("the unmodified OpenAI client", () => {
  test("uploads a file, tunes on it, follows the job and reads its result file", async () => {
    const text = rows(5);
    const file = await upload(text);
    expect(file).toMatchObject({ object: "file", filename: "My Rows.jsonl", bytes: text.length });
    expect(await (await openai.files.content(file.id)).text()).toBe(text);

    // What OpenAI's API has no words for goes beside it.
    const ours = { foreword: { virtual_tokens: 9, priority: 1 } };
    const created = await openai.fineTuning.jobs.create({
      ...ours,
      model,
      training_file: file.id,
      suffix: "mine",
      seed: 3,
      metadata: { team: "red" },
      method: {
        type: "supervised",
        supervised: { hyperparameters: { n_epochs: 2, learning_rate_multiplier: 2 } },
      },
    });
    expect(created).toMatchObject({
      status: "queued",
      training_file: file.id,
      seed: 3,
      metadata: { team: "red" },
      hyperparameters: { n_epochs: 2, batch_size: "auto", learning_rate_multiplier: 2 },
    });
    expect((await openai.files.retrieve(file.id)).status).toBe("processed");

    const { job, lease } = await ask<LeaseAnswer>(trainer, "POST", "/v1/trainer/leases", {});
    expect(job).toMatchObject({
      id: created.id,
      settings: { epochs: 2, learning_rate: 0.2, seed: 3, virtual_tokens: 9 },
    });
    for (const step of [1, 2, 3]) {
      const progress = { phase: "tuning", step, total_steps: 3, train_loss: 1 / step };
      await ask(trainer, "POST", `/v1/trainer/jobs/${job.id}/heartbeat`, { token: lease.token, progress });
    }
    await ask(trainer, "POST", `/v1/trainer/jobs/${job.id}/complete`, { token: lease.token, prompt: tuned });

    const done = await openai.fineTuning.jobs.retrieve(created.id);
    expect(done).toMatchObject({ status: "succeeded", trained_tokens: 11 });
    expect(done.fine_tuned_model).toMatch(/^ft:minimind2-small:acme:mine:sp_/);
    const messages: string[] = [];
    for await (const event of openai.fineTuning.jobs.listEvents(created.id, { limit: 2 }))
      messages.push(event.message);
    expect(messages).toEqual([
      `New fine-tuned model created: ${done.fine_tuned_model}`,
      "Step 3/3",
      "Step 2/3",
      "Step 1/3",
      "Tuning started",
      `Created fine-tuning job: ${created.id}`,
    ]);
    const checkpoints = await openai.fineTuning.jobs.checkpoints.list(created.id);
    expect(checkpoints.data).toMatchObject([
      { fine_tuned_model_checkpoint: done.fine_tuned_model, step_number: 7 },
    ]);
    const csv = await (await openai.files.content(done.result_files[0] ?? "")).text();
    expect(csv.trim().split("\n")).toHaveLength(4);
    expect(csv).toContain("2,0.5,,");
    const mine = await openai.fineTuning.jobs.list({ metadata: { team: "red" } });
    expect(mine.data.map(({ id }) => id)).toEqual([created.id]);
    expect((await openai.fineTuning.jobs.list({ metadata: { team: "blue" } })).data).toEqual([]);
  });

  test("uploads once, registers once: the background validation finds nothing left to do", async () => {
    const file = await upload(rows(3));
    const job = await openai.fineTuning.jobs.create({ model, training_file: file.id });
    await deliver(file.id);
    await deliver(file.id);
    const jobs = (await openai.fineTuning.jobs.list({ limit: 100 })).data;
    expect(jobs.filter(({ training_file }) => training_file === file.id).map(({ id }) => id)).toEqual([
      job.id,
    ]);
    await openai.fineTuning.jobs.cancel(job.id);
  });

  test("is told which row of a file is bad when it tunes on it", async () => {
    const file = await upload(`${rows(2)}\nnot json`);
    const creation = openai.fineTuning.jobs.create({ model, training_file: file.id });
    await expect(creation).rejects.toMatchObject({ status: 400, code: "invalid_training_file" });
    await expect(creation).rejects.toThrow("line 3");
    expect((await openai.files.retrieve(file.id)).status).toBe("error");
  });

  test("calls a waiting job off at once, and an ended one not at all", async () => {
    const file = await upload(rows(2));
    const job = await openai.fineTuning.jobs.create({ model, training_file: file.id });
    expect(await openai.fineTuning.jobs.cancel(job.id)).toMatchObject({ status: "cancelled", error: null });
    expect((await openai.fineTuning.jobs.cancel(job.id)).status).toBe("cancelled");
  });

  test("calls a running job off by its trainer's next heartbeat", async () => {
    const file = await upload(rows(2));
    const { id } = await openai.fineTuning.jobs.create({ model, training_file: file.id });
    const { job, lease } = await ask<LeaseAnswer>(trainer, "POST", "/v1/trainer/leases", {});
    expect(job.id).toBe(id);
    await openai.fineTuning.jobs.cancel(id);
    const beat = await ask<{ cancel: boolean }>(trainer, "POST", `/v1/trainer/jobs/${id}/heartbeat`, {
      token: lease.token,
    });
    expect(beat.cancel).toBe(true);
    const failure = { token: lease.token, error: { code: "cancelled", message: "x" }, retry: false };
    await ask(trainer, "POST", `/v1/trainer/jobs/${id}/fail`, failure);
    expect(await openai.fineTuning.jobs.retrieve(id)).toMatchObject({ status: "cancelled", error: null });
  });

  test("deletes a file; what runs on it is told to stop and fails for that reason", async () => {
    const file = await upload(rows(2));
    const { id } = await openai.fineTuning.jobs.create({ model, training_file: file.id });
    const { lease } = await ask<LeaseAnswer>(trainer, "POST", "/v1/trainer/leases", {});
    expect(await openai.files.delete(file.id)).toMatchObject({ deleted: true });
    const beat = await ask<{ cancel: boolean }>(trainer, "POST", `/v1/trainer/jobs/${id}/heartbeat`, {
      token: lease.token,
    });
    expect(beat.cancel).toBe(true);
    const failure = { token: lease.token, error: { code: "cancelled", message: "x" }, retry: false };
    await ask(trainer, "POST", `/v1/trainer/jobs/${id}/fail`, failure);
    expect(await openai.fineTuning.jobs.retrieve(id)).toMatchObject({
      status: "failed",
      error: { code: "dataset_gone" },
    });
    await expect(openai.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
  });

  test("pages through files and is refused what is wrong", async () => {
    const ids: string[] = [];
    for await (const file of openai.files.list({ limit: 2, purpose: "fine-tune" })) ids.push(file.id);
    expect(ids.length).toBeGreaterThan(3);
    expect(ids).toEqual(ids.toSorted().toReversed());
    const body = { model, training_file: ids[0], foreword: { virtual_tokens: 4 }, extra: 1 };
    expect((await call(key, "POST", "/v1/fine_tuning/jobs", body)).status).toBe(400);
    await expect(openai.fineTuning.jobs.create({ model: "none", training_file: "x" })).rejects.toMatchObject({
      status: 404,
    });
    await expect(openai.fineTuning.jobs.create({ model, training_file: "file_x" })).rejects.toMatchObject({
      status: 404,
      param: "training_file",
    });
  });
});

/** The event of a file's dataset, as the queue would bring it. */
async function deliver(id: string) {
  const row = await env.DB.prepare("SELECT dataset FROM files WHERE id = ?")
    .bind(id)
    .first<{ dataset: string }>();
  const body = {
    action: "put",
    bucket: "foreword",
    key: `datasets/acme/${row?.dataset}/train.jsonl`,
    etag: null,
  };
  const batch = createMessageBatch("foreword-bucket-events", [{ id: "0", timestamp: 0, attempts: 1, body }]);
  const context = createExecutionContext();
  await worker.queue(batch, env);
  expect((await getQueueResult(batch, context)).explicitAcks).toEqual(["0"]);
}
