import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  jobKey,
  jobPrefix,
  METRICS_FILE,
  promptFiles,
  promptKey,
  tunedPromptSchema,
  tuneSettingsSchema,
  type LeasedJob,
} from "../../shared/contracts/job.ts";
import { parsePeftPrompt } from "../../shared/formats/peft.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { readBundle, uploadBundle } from "../../trainer/model/bundle.ts";
import { ShutdownError } from "../../trainer/run-jobs.ts";
import { createTrain } from "../../trainer/train.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { baseModelFolder } from "../support/model-cache.ts";

const store: ObjectStore = createMemoryStore();
let workDirectory: string;
let etag: string;
beforeAll(async () => {
  workDirectory = await mkdtemp(join(tmpdir(), "foreword-train-"));
  await uploadBundle(store, baseModelFolder);
  const rows = Array.from({ length: 24 }, (_, i) => {
    const good = i % 2 === 0;
    return JSON.stringify({ text: `Item ${i} is ${good ? "great" : "broken"}`, label: good ? "yes" : "no" });
  });
  etag = await store.put("datasets/local/reviews/train.jsonl", rows.slice(0, 16).join("\n"));
  await store.put("datasets/local/reviews/test.jsonl", rows.slice(16).join("\n"));
});
afterAll(() => rm(workDirectory, { recursive: true }));

const job = (id: string, attempt: number, settings: Record<string, unknown> = {}): LeasedJob => ({
  id,
  organization: "local",
  base_model: "minimind2-small",
  dataset: { id: "file_1", name: "reviews", format: "label", rows: 16, etag },
  settings: tuneSettingsSchema.parse({ epochs: 3, batch_size: 8, virtual_tokens: 8, ...settings }),
  attempt,
  prompt_id: `sp_${id.toUpperCase()}${attempt}`,
});
const read = async (key: string) => (await store.get(key))?.bytesBody();
const checkpointsOf = async (id: string) => {
  const keys: string[] = [];
  for await (const { key } of store.list(jobPrefix(id))) if (key.includes("/checkpoint-")) keys.push(key);
  return keys;
};

// With two labels "auto" takes vectors, whose optimiser has another state than a prefix's.
test.each([
  {
    id: "whole",
    settings: { method: "prefix_tuning" },
    chosen: { method: "prefix_tuning", optimizer: "adamw" },
  },
  { id: "vectors", settings: {}, chosen: { method: "prompt_tuning", optimizer: "muon" } },
])(
  "a trainer that shuts down hands on its state, and the next attempt ends as if nothing had happened: $chosen.method",
  async ({ id, settings, chosen }) => {
    const train = createTrain({ store, workDirectory, threads: 1 });
    const signal = new AbortController().signal;
    const whole = tunedPromptSchema.parse(await train(job(id, 1, settings), () => undefined, signal));
    expect(whole).toMatchObject({ method: chosen.method, virtual_tokens: 8, labels: [" no", " yes"] });
    expect(whole.chosen).toMatchObject({ ...chosen, init: "text", stopped: "finished" });
    expect(whole.evaluation).toMatchObject({ split: "test", rows: 8, majority_share: 0.5 });
    expect(whole.evaluation?.tuned.loss).toBeLessThan(whole.evaluation?.base.loss ?? 0);

    const shutdown = new AbortController();
    const steps: number[] = [];
    const stopped = train(
      job(`${id}again`, 1, settings),
      ({ step, phase }) => {
        if (phase === "tuning") steps.push(step);
        if (step === 2) shutdown.abort(new ShutdownError("Trainer is shutting down"));
      },
      shutdown.signal,
      1,
    );
    await expect(stopped).rejects.toThrow("shutting down");
    expect(await checkpointsOf(`${id}again`)).toHaveLength(1);
    const resumedSteps: number[] = [];
    await train(
      job(`${id}again`, 2, settings),
      ({ step, phase }) => void (phase === "tuning" && resumedSteps.push(step)),
      signal,
      2,
    );
    expect(steps).toEqual([1, 2]);
    expect(resumedSteps[0]).toBe(3);
    const prefix = (prompt: string) =>
      read(promptKey("local", `sp_${prompt.toUpperCase()}`, promptFiles.prefix));
    expect(await prefix(`${id}again2`)).toEqual(await prefix(`${id}1`));
    const csv = new TextDecoder().decode(await read(jobKey(`${id}again`, 2, METRICS_FILE)));
    expect(csv.split("\n")[0]).toBe("step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy");
    expect(csv.trim().split("\n")).toHaveLength((resumedSteps.at(-1) ?? 0) + 1);
  },
  240_000,
);

test("what PEFT reads of a prefix is what is served", async () => {
  const [config, adapter] = [promptFiles.adapterConfig, promptFiles.adapterModel];
  const file = async (name: string) =>
    (await read(promptKey("local", "sp_WHOLE1", name))) ?? new Uint8Array();
  const architecture = (await readBundle(baseModelFolder))?.architecture;
  if (!architecture) throw new Error("The base model has no manifest");
  const peft = parsePeftPrompt(await file(config), await file(adapter), architecture);
  const kv = await file(promptFiles.prefix);
  const data = peft.method === "prefix_tuning" ? peft.kv.data : new Float32Array();
  expect(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).toEqual(kv.slice(-data.byteLength));
}, 240_000);

test("a prompt can start from another one, and is compared with the one that serves", async () => {
  const train = createTrain({ store, workDirectory, threads: 1 });
  const next = {
    ...job("next", 1, { method: "prefix_tuning", init: "prompt:sp_WHOLE1", epochs: 0.5 }),
    current: { model: "serving", prompt_id: "sp_WHOLE1" },
  };
  const tuned = await train(next, () => undefined, new AbortController().signal);
  const { evaluation } = tuned;
  expect(evaluation?.current?.model).toBe("serving");
  expect(evaluation?.current?.scores.loss).toBeLessThan(evaluation?.base.loss ?? 0);
  const wrong = job("wrong", 1, { init: "prompt:sp_NONE" });
  await expect(train(wrong, () => undefined, new AbortController().signal)).rejects.toThrow(
    '"init" names soft prompt "sp_NONE", which does not exist',
  );
}, 240_000);

test("as many virtual tokens as fit are tuned", async () => {
  const train = createTrain({
    store,
    workDirectory,
    threads: 1,
    overrides: { epochs: 0.5, candidateShare: 0 },
  });
  const settings = { method: "prompt_tuning", virtual_tokens: 300 };
  const tuned = await train(job("wide", 1, settings), () => undefined, new AbortController().signal);
  expect(tuned).toMatchObject({ method: "prompt_tuning", virtual_tokens: 300, steps: 1 });
}, 240_000);

test("more virtual tokens than half the context are refused by name", async () => {
  const train = createTrain({ store, workDirectory, threads: 1, overrides: { virtualTokens: 600 } });
  await expect(train(job("long", 1), () => undefined, new AbortController().signal)).rejects.toThrow(
    '"virtual_tokens" is 600, at most half the base model\'s context of 1024 is allowed',
  );
});

test("Muon, which takes matrices of one size, is refused for P-tuning", async () => {
  const train = createTrain({ store, workDirectory, threads: 1 });
  const mixed = job("mixed", 1, { method: "p_tuning", optimizer: "muon" });
  await expect(train(mixed, () => undefined, new AbortController().signal)).rejects.toThrow(
    '"optimizer" is "muon", with "p_tuning" only "adamw" and "adafactor" are allowed',
  );
});
