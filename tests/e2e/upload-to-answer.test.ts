import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inferenceLimits } from "../../functions/inference/limits.ts";
import { datasetKey } from "../../shared/contracts/dataset.ts";
import { describeLineage } from "./lineage.ts";
import { startLocalStack, type StackProcess } from "./local-stack.ts";

const rows = readFileSync(new URL("../../scripts/example/train.jsonl", import.meta.url), "utf8").split("\n");
const POLL_MS = 250;

let stack: StackProcess;
let client: OpenAI;
beforeAll(async () => {
  stack = await startLocalStack(["--no-example"]);
  await stack.printed("Serving");
  client = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: (await stack.credentials()).apiKey });
}, 120_000);
afterAll(async () => {
  stack.child.kill("SIGINT");
  await stack.exited;
  await stack.clean();
});

test("an upload is tuned and answers, with nothing else called", async () => {
  const bucket = await stack.bucket();
  await bucket.put(
    datasetKey("local", "tiny", "tune.json"),
    JSON.stringify({ epochs: 1, virtual_tokens: 4 }),
  );
  await bucket.put(datasetKey("local", "tiny", "test.jsonl"), rows.slice(32, 40).join("\n"));
  await bucket.put(datasetKey("local", "tiny", "train.jsonl"), rows.slice(0, 32).join("\n"));
  const job = await finishedJob();
  expect(job.error).toBeNull();
  expect(job.status).toBe("succeeded");
  const model = job.fine_tuned_model ?? "";
  expect(model).toMatch(/^ft:minimind2-small:local:tiny:sp_/);

  const prompt = "Subject: You won\nClaim your free prize now\nLabel:";
  const answer = await client.completions.create({ model, prompt, max_tokens: 4, temperature: 0 });
  expect(answer.model).toBe(model);
  expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
  const base = await client.chat.completions.create({
    model: "minimind2-small",
    messages: [
      { role: "system", content: "You are a helpful assistant" },
      { role: "user", content: "What is the capital of France?" },
    ],
    temperature: 0,
  });
  expect(base.choices[0]?.message.content).toBe("The capital of France is Paris.");

  const prompts = new Set<string>();
  for await (const { key } of bucket.list("prompts/local/")) prompts.add(key.split("/").at(-1) ?? "");
  expect([...prompts].toSorted()).toEqual(
    expect.arrayContaining([
      "adapter_config.json",
      "adapter_model.safetensors",
      "evaluation.json",
      "prefix.safetensors",
    ]),
  );
}, 240_000);

describeLineage(() => stack);

test("callers who leave give their places back", async () => {
  // No answer ends by itself: its end tokens are forbidden.
  const body = { model: "minimind2-small", prompt: "Once", logit_bias: { "0": -100, "2": -100 } };
  const leaving = await Promise.all(
    Array.from({ length: inferenceLimits.activeRequests }, async () => {
      const stream = await client.completions.create({ ...body, max_tokens: 450, stream: true });
      // Its beginning proves that it has a place.
      await stream[Symbol.asyncIterator]().next();
      return stream;
    }),
  );
  const next = client.completions.create({ ...body, max_tokens: 1 }).withResponse();
  for (const { controller } of leaving) controller.abort();
  // Were they still being answered, the next one would wait for thousands of steps.
  const queued = /queue;dur=(\d+)/.exec((await next).response.headers.get("server-timing") ?? "")?.[1];
  expect(Number(queued)).toBeLessThan(2000);
}, 120_000);

test("a part that dies ends the stack with its last words, and Ctrl-C ends all parts", async () => {
  const second = await startLocalStack(["--no-example"], { FOREWORD_THREADS: "nonsense" });
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain("trainer ended by itself");
  expect(second.output()).toContain("FOREWORD_THREADS");
  await second.clean();
}, 120_000);

test("a port in use is a clear error", async () => {
  const port = new URL(stack.url).port;
  const second = await startLocalStack(["--no-example"], { PORT: port });
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(`Port ${port} of 127.0.0.1 is in use`);
  await second.clean();
}, 60_000);

async function finishedJob() {
  for (;;) {
    const [job] = (await client.fineTuning.jobs.list()).data;
    if (job && job.status !== "queued" && job.status !== "running") return job;
    await sleep(POLL_MS);
  }
}
