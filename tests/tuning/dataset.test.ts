import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tuneSettingsSchema, type LeasedJob } from "../../shared/contracts/job.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import { DatasetGoneError, readTrainingData, type TrainingData } from "../../trainer/dataset.ts";
import { planBatches } from "../../trainer/tuning/plan-batches.ts";
import { createMemoryStore } from "../support/memory-store.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "foreword-dataset-"));
});
afterAll(() => rm(folder, { recursive: true }));

const BEGINNING = 1;
const END = 2;
/** A token for each character. */
const tokenizer: TextTokenizer = {
  specialTokens: { beginning: BEGINNING, end: [END] },
  encode: (text) => Array.from(text, (character) => character.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
  renderChat: (messages, generate) =>
    messages.map(({ role, content }) => `${role === "user" ? "U" : "A"}${content}`).join("") +
    (generate ? "A" : ""),
};
const ids = (text: string) => tokenizer.encode(text);

async function read(rows: readonly object[], signal = new AbortController().signal): Promise<TrainingData> {
  const store = createMemoryStore();
  const etag = await store.put("datasets/o/d/train.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
  return readTrainingData(store, jobOf(etag), tokenizer, folder, signal);
}
const jobOf = (etag: string): LeasedJob => ({
  id: "ftjob_1",
  organization: "o",
  base_model: "tiny",
  dataset: { id: "file_1", name: "d", format: "label", rows: 1, etag },
  settings: tuneSettingsSchema.parse({}),
  attempt: 1,
  prompt_id: "sp_1",
});

test("rows come back from disk as they were tokenised, without what all begin with", async () => {
  using data = await read([
    { prompt: "To be", completion: "x" },
    { prompt: "To go", completion: "yz" },
  ]);
  expect(data.sharedTokens).toEqual([BEGINNING, ...ids("To ")]);
  expect([...data.train]).toEqual([
    { context: ids("be"), completions: [[...ids("x"), END]], contextTargets: [] },
    { context: ids("go"), completions: [[...ids("yz"), END]], contextTargets: [] },
  ]);
  expect(data.train.at(1)?.context).toEqual(ids("go"));
  expect(data.train.at(2)).toBeUndefined();
  expect(data.labels).toBeNull();
});

test("earlier turns of an assistant stay targets, and end what is shared", async () => {
  const turn = (answer: string) => [
    { role: "user", content: "q" },
    { role: "assistant", content: answer },
  ];
  using data = await read([
    { messages: [...turn("a"), ...turn("b")] },
    { messages: [...turn("a"), ...turn("c")] },
  ]);
  expect(data.sharedTokens).toEqual(ids("UqA"));
  expect(data.train.at(0)).toMatchObject({
    context: ids("aUqA"),
    contextTargets: [0],
    completions: [ids("b")],
  });
});

test("each row keeps its label", async () => {
  const labels = ["no", "yes", "no", "maybe", "yes", "no", "maybe", "no", "yes"];
  using data = await read(labels.map((label, i) => ({ text: `${i}`, label })));
  expect(data.labels).toEqual([" maybe", " no", " yes"]);
  expect(data.answers?.map((answer) => data.labels?.[answer]?.trim())).toEqual(labels);
});

test("a dataset is not held in memory", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = async (count: number) => {
    const store = createMemoryStore();
    const row = (i: number) =>
      JSON.stringify({ text: `${i} ${"abcdefghij".repeat(30)}`, label: i % 2 ? "a" : "b" });
    const etag = await store.put(
      "datasets/o/d/train.jsonl",
      Array.from({ length: count }, (_, i) => row(i)).join("\n"),
    );
    collect();
    const before = process.memoryUsage().heapUsed;
    using data = await readTrainingData(store, jobOf(etag), tokenizer, folder, new AbortController().signal);
    const { steps } = planBatches(data.train, { batchSize: 16, epochs: 1, seed: 1 });
    collect();
    expect(steps.flat()).toHaveLength(data.train.length);
    return process.memoryUsage().heapUsed - before;
  };
  // Where a row begins, its label and its place in the plan: as an object, its 300 tokens would take 2,400 bytes.
  const [few, many] = [await held(400), await held(4000)];
  expect((many - few) / 3600).toBeLessThan(100);
});

test("nothing is left on disk, nor begun for a job that ends", async () => {
  using data = await read([{ prompt: "a", completion: "b" }]);
  expect(data.train.length).toBe(1);
  const ended = AbortSignal.abort(new Error("lease lost"));
  await expect(read([{ prompt: "a", completion: "b" }], ended)).rejects.toThrow("lease lost");
  expect(await readdir(folder)).toEqual([]);
  const store = createMemoryStore();
  await expect(
    readTrainingData(store, jobOf("other"), tokenizer, folder, new AbortController().signal),
  ).rejects.toThrow(DatasetGoneError);
});
