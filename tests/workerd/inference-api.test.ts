import { env, exports } from "cloudflare:workers";
import OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { createD1Database } from "../../functions/adapters/d1.ts";
import { insertPrompt } from "../../functions/records/prompts.ts";
import { promptFiles, promptKey, tunedModelName } from "../../shared/contracts/job.ts";
import { serializeSafetensors } from "../../shared/formats/safetensors.ts";
import { newId } from "../../shared/ids.ts";
import { createRandom } from "../../shared/random.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import { ask, call, migrate, newKey } from "./app.ts";
import { seedBaseModel, type SeededModel } from "./base-model.ts";

const model = "minimind2-small";
const france = [
  { role: "system" as const, content: "You are a helpful assistant" },
  { role: "user" as const, content: "What is the capital of France?" },
];
const PARIS = "The capital of France is Paris.";
/** More than may be in progress at once. */
const CALLERS = 32;

let seeded: SeededModel;
let key: string;
let openai: OpenAI;
beforeAll(async () => {
  await migrate();
  seeded = await seedBaseModel();
  key = await newKey("acme");
  openai = new OpenAI({
    apiKey: key,
    baseURL: "http://foreword.test/v1",
    maxRetries: 0,
    fetch: (input, init) => exports.default.fetch(new Request(input, init)),
  });
});

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

/** A soft prompt of random vectors in bucket and registry, as a finished job leaves it. */
async function storePrompt(tokens: number, labels: string[] | null): Promise<string> {
  const id = newId("prompt");
  const { manifest, bucket } = seeded;
  const { hiddenSize } = manifest.architecture;
  const random = createRandom(tokens);
  const vectors = Float32Array.from({ length: tokens * hiddenSize }, () => random.normal() * 0.05);
  const tensor = { type: "F32" as const, shape: [tokens, hiddenSize], bytes: new Uint8Array(vectors.buffer) };
  const file = serializeSafetensors(new Map([["prompt_embeddings", tensor]]), { format: "pt" });
  await bucket.put(promptKey("acme", id, promptFiles.adapterModel), file);
  const name = tunedModelName(model, "acme", "test", id);
  const record = {
    id,
    organization: "acme",
    model: name,
    baseModel: model,
    jobId: null,
    datasetId: null,
    createdAt: Date.now(),
    prompt: {
      base_digest: manifest.digest,
      method: "prompt_tuning" as const,
      virtual_tokens: tokens,
      row_format: labels ? ("label" as const) : ("messages" as const),
      labels,
      files: { [promptFiles.adapterModel]: { bytes: file.length, sha256: await sha256Hex(file) } },
      evaluation: null,
      steps: 1,
      trained_tokens: 1,
      tuning_seconds: 1,
    },
  };
  await createD1Database(env.DB).transaction([insertPrompt(record)]);
  return name;
}

describe("the API inside workerd, with the unmodified client", () => {
  it("answers the way the model is known to", async () => {
    const request = openai.chat.completions.create({ model, messages: france, temperature: 0 });
    const { data, response } = await request.withResponse();
    expect(data.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: PARIS } });
    expect(data.usage).toEqual({ prompt_tokens: 33, completion_tokens: 11, total_tokens: 44 });
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    expect(response.headers.get("server-timing")).toMatch(
      /^queue;dur=\d+, prefix;dur=\d+, prefill;dur=\d+, decode;dur=\d+$/,
    );
  });

  it("streams", async () => {
    const request = {
      model,
      messages: france,
      temperature: 0,
      stream_options: { include_usage: true },
      logprobs: true,
    };
    const chunks = await collect(await openai.chat.completions.create({ ...request, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(PARIS);
    const tokens = chunks.flatMap(({ choices }) => choices[0]?.logprobs?.content ?? []);
    expect(tokens.map(({ token }) => token).join("")).toBe(PARIS);
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(44);
  });

  it("frees the places of callers who stop reading", async () => {
    // If their places stayed taken, the last one would wait for a minute.
    for (let caller = 0; caller < 12; caller++) {
      const stream = await openai.chat.completions.create({
        model,
        messages: france,
        temperature: 1.5,
        stream: true,
      });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    }
    const answer = await openai.chat.completions.create({ model, messages: france, temperature: 0 });
    expect(answer.choices[0]?.message.content).toBe(PARIS);
  });

  it(`serves ${CALLERS} callers at once, base and tuned models mixed, and drops none`, async () => {
    const tuned = await Promise.all([storePrompt(5, null), storePrompt(100, null)]);
    const names = Array.from({ length: CALLERS }, (_, i) => [model, ...tuned][i % 3] as string);
    const answer = async (name: string) => {
      const { choices } = await openai.chat.completions.create({
        model: name,
        messages: france,
        temperature: 0,
        max_tokens: 12,
      });
      return choices[0]?.message.content;
    };
    const alone = new Map<string, string | null | undefined>();
    for (const name of [model, ...tuned]) alone.set(name, await answer(name));
    expect(await Promise.all(names.map(answer))).toEqual(names.map((name) => alone.get(name)));
  });

  it("answers callers who stay as if alone while others, computed beside them, leave in the middle", async () => {
    const request = { model, messages: france, temperature: 0 };
    const stays = async () => (await openai.chat.completions.create(request)).choices[0]?.message.content;
    const leaves = async () => {
      const stream = await openai.chat.completions.create({ ...request, temperature: 1.5, stream: true });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
      return PARIS;
    };
    const answers = Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? leaves() : stays()));
    expect(await Promise.all(answers)).toEqual(new Array(8).fill(PARIS));
  });

  it("classifies with the labels that a model was tuned on", async () => {
    const name = await storePrompt(20, [" ham", " spam"]);
    interface Classification {
      data: { label: string; scores: { label: string; probability: number }[] }[];
    }
    const answer = await ask<Classification>(key, "POST", "/v1/classifications", {
      model: name,
      input: ["Win a prize", "Lunch at 12?"],
    });
    expect(answer.data).toHaveLength(2);
    for (const { label, scores } of answer.data) {
      expect(scores.map((score) => score.label).toSorted()).toEqual(["ham", "spam"]);
      expect(label).toBe(scores[0]?.label);
      expect(scores.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9);
    }
  });

  it("keeps answers to a JSON schema", async () => {
    const schema = {
      type: "object",
      properties: { city: { enum: ["Paris", "Rome"] }, sure: { type: "boolean" } },
      required: ["city", "sure"],
      additionalProperties: false,
    };
    const answer = await openai.chat.completions.create({
      model,
      messages: france,
      temperature: 0,
      response_format: { type: "json_schema", json_schema: { name: "answer", schema } },
    });
    const parsed = JSON.parse(answer.choices[0]?.message.content ?? "") as Record<string, unknown>;
    expect(["Paris", "Rome"]).toContain(parsed["city"]);
    expect(typeof parsed["sure"]).toBe("boolean");
  });

  it("lists base and tuned models, for their organization only", async () => {
    const name = await storePrompt(3, null);
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(
      expect.arrayContaining([model, name]) as string[],
    );
    const rival = await newKey("rival");
    const { data } = await ask<{ data: { id: string }[] }>(rival, "GET", "/v1/models");
    expect(data.map(({ id }) => id)).toEqual([model]);
    expect(
      (await call(rival, "POST", "/v1/chat/completions", { model: name, messages: france })).status,
    ).toBe(404);
  });

  it("says what is wrong as OpenAI's API does", async () => {
    const bad = new OpenAI({
      apiKey: "fw_wrong",
      baseURL: "http://foreword.test/v1",
      maxRetries: 0,
      fetch: (input, init) => exports.default.fetch(new Request(input, init)),
    });
    await expect(bad.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(
      openai.chat.completions.create({ model: "gpt-4o", messages: france }),
    ).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(
      openai.chat.completions.create({ model, messages: france, temperature: 3 }),
    ).rejects.toMatchObject({ status: 400, param: "temperature" });
    await expect(
      openai.chat.completions.create({ model, messages: [{ role: "user", content: "word ".repeat(2000) }] }),
    ).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
    expect((await call(key, "POST", "/v1/chat/completions", "{")).status).toBe(400);
    expect((await call(key, "POST", "/v1/embeddings", { model, input: "x" })).status).toBe(404);
  });
});
