import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  getQueueResult,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import worker from "../../functions/worker.ts";
import { ask, call, migrate, newKey, putDataset, putEvent } from "./app.ts";
import { seedBaseModel } from "./base-model.ts";

interface Dataset {
  readonly id: string;
  readonly status: string;
  readonly rows: number;
  readonly error_count: number;
  readonly errors: { line: number; code: string; message: string }[];
  readonly labels: Record<string, number> | null;
}
interface List<T> {
  readonly data: T[];
}

const goodRows = [
  { prompt: "one\nLabel:", completion: " ham" },
  { prompt: "two\nLabel:", completion: " spam" },
];
let key: string;
beforeAll(async () => {
  await migrate();
  await seedBaseModel();
  key = await newKey("acme");
});

async function deliver(...bodies: unknown[]) {
  const messages = bodies.map((body, i) => ({ id: String(i), timestamp: 0, attempts: 1, body }));
  const batch = createMessageBatch("foreword-bucket-events", messages);
  const context = createExecutionContext();
  await worker.queue(batch, env);
  return getQueueResult(batch, context);
}
const datasets = async (name: string) =>
  (await ask<List<Dataset>>(key, "GET", `/v1/datasets?name=${name}`)).data;
const jobs = async (dataset: string) =>
  (
    await ask<List<{ training_file: string; status: string }>>(key, "GET", "/v1/fine_tuning/jobs?limit=100")
  ).data.filter((job) => job.training_file === dataset);

describe("an upload", () => {
  test("becomes one dataset and one job, however often its event comes", async () => {
    const { key: object, etag } = await putDataset("acme", "twice", goodRows);
    const result = await deliver(putEvent(object, etag), putEvent(object, etag), putEvent(object));
    expect(result.explicitAcks).toHaveLength(3);
    await deliver(putEvent(object, etag));
    const [dataset, ...others] = await datasets("twice");
    expect(dataset).toMatchObject({ status: "accepted", rows: 2, error_count: 0 });
    expect(others).toEqual([]);
    expect(await jobs(dataset?.id ?? "")).toMatchObject([{ status: "queued" }]);
  });

  test("of a new version becomes a second dataset and job; the first one's late event changes nothing", async () => {
    const first = await putDataset("acme", "versions", goodRows);
    const second = await putDataset("acme", "versions", [
      ...goodRows,
      { prompt: "three", completion: " ham" },
    ]);
    await deliver(putEvent(first.key, first.etag));
    expect(await datasets("versions")).toEqual([]);
    await deliver(putEvent(second.key, second.etag), putEvent(first.key, first.etag));
    expect(await datasets("versions")).toMatchObject([{ rows: 3 }]);
  });

  test("that has bad rows is refused with lines and codes, and makes no job", async () => {
    const lines = [
      '{"prompt":"a","completion":" b"}',
      "not json",
      '{"prompt":"a"}',
      '{"prompt":"a","completion":"  "}',
      '{"text":"a","label":"b"}',
      JSON.stringify({ prompt: "word ".repeat(2000), completion: " b" }),
    ];
    const { key: object, etag } = await putDataset("acme", "bad", lines.join("\n"));
    await deliver(putEvent(object, etag));
    const [dataset] = await datasets("bad");
    expect(dataset).toMatchObject({ status: "refused", rows: 6, error_count: 5 });
    expect(dataset?.errors.map(({ line, code }) => [line, code])).toEqual([
      [2, "invalid_json"],
      [3, "missing_field"],
      [4, "empty_completion"],
      [5, "mixed_formats"],
      [6, "too_long"],
    ]);
    expect(await jobs(dataset?.id ?? "")).toEqual([]);
  });

  test("with wrong settings is refused, naming the field", async () => {
    const files = { "tune.json": JSON.stringify({ virtual_tokens: 0 }) };
    const { key: object, etag } = await putDataset("acme", "settings", goodRows, files);
    await deliver(putEvent(object, etag));
    const [dataset] = await datasets("settings");
    expect(dataset).toMatchObject({ status: "refused" });
    expect(dataset?.errors[0]?.message).toContain('"virtual_tokens"');
  });
});

describe("an event", () => {
  test.each([
    ["for a deleted object", { ...putEvent("datasets/acme/gone/train.jsonl"), action: "DeleteObject" }],
    ["for an object that is not there", putEvent("datasets/acme/never/train.jsonl", "0")],
    ["outside datasets/", putEvent("models/x/train.jsonl")],
    ["of another bucket", { ...putEvent("datasets/acme/gone/train.jsonl"), bucket: "other" }],
    ["with a key that only looks right", putEvent("datasets/../acme/x/train.jsonl")],
  ])("%s is acknowledged and does nothing", async (_name, event) => {
    const before = await ask<List<Dataset>>(key, "GET", "/v1/datasets");
    expect((await deliver(event)).explicitAcks).toHaveLength(1);
    expect(await ask<List<Dataset>>(key, "GET", "/v1/datasets")).toEqual(before);
  });

  test("that cannot be read is tried again, and does not hold up the others", async () => {
    const { key: object, etag } = await putDataset("acme", "beside-poison", goodRows);
    const result = await deliver({ nonsense: true }, putEvent(object, etag));
    expect(result.explicitAcks).toEqual(["1"]);
    expect(result.retryMessages).toMatchObject([{ msgId: "0" }]);
    expect(await datasets("beside-poison")).toHaveLength(1);
  });

  test("of S3, MinIO or EventBridge is taken over HTTP by an events key only", async () => {
    const events = await newKey("acme", ["events"]);
    const object = { key: "datasets/acme/my+file/train.jsonl", eTag: "x", sequencer: "1" };
    const s3 = {
      Records: [{ eventName: "ObjectCreated:Put", s3: { bucket: { name: "foreword" }, object } }],
    };
    expect(await ask(events, "POST", "/v1/bucket-events", s3)).toEqual({ accepted: 1 });
    expect((await call(key, "POST", "/v1/bucket-events", s3)).status).toBe(403);
    expect((await call(events, "POST", "/v1/bucket-events", { hello: 1 })).status).toBe(400);
  });
});

test("a lost event is healed by the scheduled run, once", async () => {
  await putDataset("acme", "lost", goodRows);
  for (let run = 0; run < 2; run++) await worker.scheduled(createScheduledController(), env);
  const found = await datasets("lost");
  expect(found).toHaveLength(1);
  expect(await jobs(found[0]?.id ?? "")).toHaveLength(1);
});
