import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { inferenceOf } from "../../functions/inference/service.ts";
import { importRealModel, type RealModel } from "./support/real-model.ts";
import { isValid } from "./support/schema-validator.ts";
import { createTestApp, type TestApp } from "./support/test-app.ts";
import { storePrompt } from "./support/tuned-prompt.ts";

const model = "minimind2-small";
const france = [
  { role: "system" as const, content: "You are a helpful assistant" },
  { role: "user" as const, content: "What is the capital of France?" },
];
const PARIS = "The capital of France is Paris.";

let real: RealModel;
let target: TestApp;
let openai: OpenAI;
beforeAll(async () => {
  real = await importRealModel();
  target = createTestApp({ models: (bucket) => real.catalog(bucket) });
  await real.fill(target.deps.bucket);
  ({ openai } = target);
});

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
const contents = (chunks: readonly ChatCompletionChunk[], index = 0) =>
  chunks
    .flatMap(({ choices }) =>
      choices.filter((choice) => choice.index === index).map(({ delta }) => delta.content ?? ""),
    )
    .join("");

describe("chat completions", () => {
  it("answers the way the model is known to", async () => {
    const answer = await openai.chat.completions.create({ model, messages: france, temperature: 0 });
    expect(answer.choices).toMatchObject([
      {
        index: 0,
        finish_reason: "stop",
        message: { role: "assistant", content: PARIS, refusal: null },
        logprobs: null,
      },
    ]);
    const { usage } = answer;
    expect(usage?.prompt_tokens).toBe(33);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    expect(answer).toMatchObject({
      object: "chat.completion",
      model,
      id: expect.stringMatching(/^chatcmpl-/) as string,
    });
    expect(answer.system_fingerprint).toMatch(/^fp_[0-9a-f]{12}$/);
  });

  it("streams the same answer, the role first, the usage last", async () => {
    const stream = await openai.chat.completions.create({
      model,
      messages: france,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "", refusal: null });
    expect(contents(chunks)).toBe(PARIS);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 33, completion_tokens: 11, total_tokens: 44 },
    });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  it("works with the client's own accumulating stream", async () => {
    const stream = openai.chat.completions.stream({ model, messages: france, temperature: 0 });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(PARIS);
  });

  it("takes content parts and the developer role for what they are", async () => {
    const answer = await openai.chat.completions.create({
      model,
      temperature: 0,
      messages: [
        {
          role: "developer",
          content: [
            { type: "text", text: "You are a helpful " },
            { type: "text", text: "assistant" },
          ],
        },
        { role: "user", content: "What is the capital of France?" },
      ],
    });
    expect(answer.choices[0]?.message.content).toBe(PARIS);
  });

  it("stops before a stop sequence, and after the most tokens", async () => {
    const stopped = await openai.chat.completions.create({
      model,
      messages: france,
      temperature: 0,
      stop: ["is Par", "zzz"],
    });
    expect(stopped.choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { content: "The capital of France " },
    });
    const short = await openai.chat.completions.create({
      model,
      messages: france,
      temperature: 0,
      max_completion_tokens: 3,
    });
    expect(short.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "The capital" } });
    expect(short.usage?.completion_tokens).toBe(3);
  });

  it("gives log-probabilities that belong to the text", async () => {
    const answer = await openai.chat.completions.create({
      model,
      messages: france,
      temperature: 0,
      logprobs: true,
      top_logprobs: 3,
    });
    const tokens = answer.choices[0]?.logprobs?.content ?? [];
    expect(tokens.map(({ token }) => token).join("")).toBe(PARIS);
    for (const { token, logprob, bytes, top_logprobs: top } of tokens) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top).toHaveLength(3);
      expect(top[0]).toMatchObject({ token, logprob });
      expect(new TextDecoder().decode(Uint8Array.from(bytes ?? []))).toBe(token);
    }
  });

  it("gives several answers that differ, and the same ones for the same seed", async () => {
    const ask = async (seed: number) => {
      const answer = await openai.chat.completions.create({
        model,
        messages: france,
        n: 3,
        seed,
        temperature: 1.5,
        max_tokens: 12,
      });
      return answer.choices.map(({ index, message }) => [index, message.content] as const);
    };
    const first = await ask(7);
    expect(first.map(([index]) => index)).toEqual([0, 1, 2]);
    expect(new Set(first.map(([, content]) => content)).size).toBe(3);
    expect(await ask(7)).toEqual(first);
    const streamed = await collect(
      await openai.chat.completions.create({
        model,
        messages: france,
        n: 3,
        seed: 7,
        temperature: 1.5,
        max_tokens: 12,
        stream: true,
      }),
    );
    expect([0, 1, 2].map((index) => [index, contents(streamed, index)])).toEqual(first);
  });

  it("keeps answers to a JSON schema, streamed or not", async () => {
    const schema = {
      type: "object",
      properties: {
        city: { enum: ["Paris", "London", "Rome"] },
        population: { type: "integer" },
        capital: { type: "boolean" },
      },
      required: ["city", "population", "capital"],
      additionalProperties: false,
    };
    const request = {
      model,
      messages: france,
      temperature: 0,
      max_tokens: 60,
      response_format: { type: "json_schema" as const, json_schema: { name: "city", schema, strict: true } },
    };
    const answer = await openai.chat.completions.create(request);
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    const text = answer.choices[0]?.message.content ?? "";
    expect(isValid(JSON.parse(text), schema)).toBe(true);
    const chunks = await collect(await openai.chat.completions.create({ ...request, stream: true }));
    expect(contents(chunks)).toBe(text);

    const free = await openai.completions.create({
      model,
      prompt: "{",
      temperature: 0.7,
      seed: 1,
      max_tokens: 50,
      response_format: { type: "json_object" },
    } as never);
    const { choices } = free as OpenAI.Completion;
    expect(choices[0]?.text).toMatch(/^\{/);
    if (choices[0]?.finish_reason === "stop")
      expect(isValid(JSON.parse(choices[0].text), { type: "object" })).toBe(true);

    const refused = {
      ...request,
      response_format: {
        type: "json_schema" as const,
        json_schema: { name: "x", schema: { type: "string", pattern: "a" } },
      },
    };
    await expect(openai.chat.completions.create(refused)).rejects.toMatchObject({
      status: 400,
      code: "unsupported_schema",
      param: "response_format.json_schema.schema",
    });
  });

  it("frees the sequence of a caller who stops reading", async () => {
    const stream = await openai.chat.completions.create({
      model,
      messages: france,
      temperature: 1.5,
      max_tokens: 900,
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await expect.poll(() => inferenceOf(target.deps).admission.counts().active).toBe(0);
  });

  it("serves callers at the same time, each with the right answer", async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () =>
        openai.chat.completions.create({ model, messages: france, temperature: 0 }),
      ),
    );
    expect(answers.map(({ choices }) => choices[0]?.message.content)).toEqual(new Array(12).fill(PARIS));
    expect(inferenceOf(target.deps).admission.counts()).toEqual({ active: 0, waiting: 0 });
  });
});

describe("completions", () => {
  it("continues each of several prompts, given as text or tokens", async () => {
    const answer = await openai.completions.create({
      model,
      prompt: ["1, 2, 3, 4,", "The sky"],
      temperature: 0,
      max_tokens: 4,
      n: 2,
    });
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(answer.choices[0]?.text).toBe(answer.choices[1]?.text);
    const tokenizer = await target.deps.models.tokenizer(model);
    const tokens = await openai.completions.create({
      model,
      prompt: [1, ...tokenizer.encode("The sky")],
      temperature: 0,
      max_tokens: 4,
    });
    expect(tokens.choices[0]?.text).toBe(answer.choices[2]?.text);
  });

  it("echoes the prompt with the log-probabilities that scoring it step by step gives", async () => {
    const prompt = "The capital of France is Paris";
    const answer = await openai.completions.create({
      model,
      prompt,
      echo: true,
      logprobs: 2,
      max_tokens: 1,
      temperature: 0,
    });
    const { text = "", logprobs } = answer.choices[0] ?? {};
    expect(text.startsWith(prompt)).toBe(true);
    const offsets = logprobs?.text_offset ?? [];
    logprobs?.tokens?.forEach((token, i) => {
      // The token that begins a text has a name and no text.
      expect(text.slice(offsets[i], offsets[i + 1])).toBe(i === 0 ? "" : token);
    });
    expect(logprobs?.token_logprobs?.[0]).toBeNull();

    const { engine, tokenizer } = await target.deps.models.load(model);
    const ids = [1, ...tokenizer.encode(prompt)];
    for (const position of [1, 3, ids.length - 1]) {
      const sequence = engine.start();
      const row = await sequence.append(ids.slice(0, position));
      const total = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(logprobs?.token_logprobs?.[position]).toBeCloseTo(
        (row[ids[position] as number] as number) - total,
        3,
      );
      sequence.close();
    }
  });

  it("scores a prompt without generating anything", async () => {
    const answer = await openai.completions.create({
      model,
      prompt: "The sky is",
      echo: true,
      logprobs: 0,
      max_tokens: 0,
    });
    expect(answer.choices[0]).toMatchObject({ text: "The sky is", finish_reason: "length" });
    expect(answer.usage?.completion_tokens).toBe(0);
  });

  it("streams", async () => {
    const whole = await openai.completions.create({
      model,
      prompt: "The sky",
      temperature: 0,
      max_tokens: 8,
      echo: true,
    });
    const chunks = await collect(
      await openai.completions.create({
        model,
        prompt: "The sky",
        temperature: 0,
        max_tokens: 8,
        echo: true,
        stream: true,
      }),
    );
    expect(chunks.map(({ choices }) => choices[0]?.text).join("")).toBe(whole.choices[0]?.text);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe(whole.choices[0]?.finish_reason);
  });
});

describe("tuned models", () => {
  it("answer after their soft prompt, each with its own, exactly as if its vectors were tokens of the text", async () => {
    const tokenizer = await target.deps.models.tokenizer(model);
    const question = tokenizer.encode("My favourite animal is");
    const beginnings = [
      "I am a cat.",
      "Cars are fast. Cars are red.",
      "London is the capital of England.",
    ].map((text) => [1, ...tokenizer.encode(text)]);
    const names = await Promise.all(
      beginnings.map(async (ids, i) => {
        const prompt = {
          id: `sp_${i}`,
          manifest: real.manifest,
          tokens: ids.length,
          vectors: await real.embeddings(ids),
        };
        return (await storePrompt(target.deps, prompt)).model;
      }),
    );
    const ask = async (name: string, prompt: number[]) => {
      const answer = await openai.completions.create({ model: name, prompt, temperature: 0, max_tokens: 12 });
      return answer.choices[0]?.text;
    };
    const expected = await Promise.all(beginnings.map((ids) => ask(model, [...ids, ...question])));
    expect(new Set(expected).size).toBe(3);
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      for (const i of order) expect(await ask(names[i] as string, question)).toBe(expected[i]);
    }
    expect(inferenceOf(target.deps).prefixes.count).toBe(3);
  });

  it("read a single message the way their rows were written", async () => {
    const { model: name } = await storePrompt(target.deps, {
      id: "sp_label",
      manifest: real.manifest,
      tokens: 4,
      rowFormat: "label",
      labels: [" ham", " spam"],
    });
    const chat = await openai.chat.completions.create({
      model: name,
      messages: [{ role: "user", content: "Buy now" }],
      temperature: 0,
      max_tokens: 5,
    });
    const plain = await openai.completions.create({
      model: name,
      prompt: "Buy now\nLabel:",
      temperature: 0,
      max_tokens: 5,
    });
    expect(chat.choices[0]?.message.content).toBe(plain.choices[0]?.text.replace(/^ /, ""));
    expect(chat.usage?.prompt_tokens).toBe(plain.usage?.prompt_tokens);
  });

  it("belong to their organisation alone", async () => {
    const { model: name } = await storePrompt(target.deps, {
      id: "sp_other",
      manifest: real.manifest,
      tokens: 4,
      organization: "rival",
    });
    await expect(openai.chat.completions.create({ model: name, messages: france })).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
    expect((await openai.models.list()).data.some(({ id }) => id === name)).toBe(false);
  });

  it("are described, and gone once deleted", async () => {
    const { model: name, id } = await storePrompt(target.deps, {
      id: "sp_gone",
      manifest: real.manifest,
      tokens: 4,
    });
    expect(await openai.models.retrieve(name)).toMatchObject({
      id: name,
      owned_by: "acme",
      base_model: model,
      virtual_tokens: 4,
      prompt_id: id,
    });
    expect(await openai.models.delete(name)).toEqual({ id: name, object: "model", deleted: true });
    await expect(openai.models.retrieve(name)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(openai.models.delete(model)).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it("are refused with a reason when their files are not what was tuned", async () => {
    const chat = (name: string) => target.post("/v1/chat/completions", { model: name, messages: france });
    const tampered = await storePrompt(target.deps, {
      id: "sp_tampered",
      manifest: real.manifest,
      tokens: 4,
    });
    const key = "prompts/acme/sp_tampered/adapter_model.safetensors";
    const bytes = (await (await target.deps.bucket.get(key))?.bytesBody())?.slice() ?? new Uint8Array();
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await target.deps.bucket.put(key, bytes);
    expect(await chat(tampered.model)).toMatchObject({
      status: 500,
      body: { error: { code: "corrupt_prompt" } },
    });

    const missing = await storePrompt(target.deps, { id: "sp_missing", manifest: real.manifest, tokens: 4 });
    await target.deps.bucket.delete("prompts/acme/sp_missing/adapter_model.safetensors");
    expect(await chat(missing.model)).toMatchObject({
      status: 500,
      body: { error: { code: "corrupt_prompt" } },
    });

    const digest = "0".repeat(64);
    const foreign = await storePrompt(target.deps, {
      id: "sp_foreign",
      manifest: { ...real.manifest, digest },
      tokens: 4,
    });
    expect(await chat(foreign.model)).toMatchObject({
      status: 409,
      body: { error: { code: "base_model_mismatch" } },
    });

    // The isolate goes on serving others.
    expect((await chat(model)).status).toBe(200);
    expect(inferenceOf(target.deps).admission.counts().active).toBe(0);
  });
});

describe("classifications", () => {
  it("ranks all labels, and agrees with scoring them one by one through completions", async () => {
    const labels = ["spam", "ham", "not spam"];
    const text = "Win a free prize now!";
    const { status, body } = await target.post("/v1/classifications", {
      model,
      inputs: [text, "See you at lunch"],
      labels,
    });
    expect(status).toBe(200);
    const { data } = body as {
      data: { label: string; scores: { label: string; logprob: number; probability: number }[] }[];
    };
    expect(data).toHaveLength(2);
    const scores = data[0]?.scores ?? [];
    expect(scores.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 10);
    expect(data[0]?.label).toBe(scores[0]?.label);
    const tokenizer = await target.deps.models.tokenizer(model);
    for (const label of labels) {
      const tokens = tokenizer.encode(` ${label}`);
      const prompt = [1, ...tokenizer.encode(`${text}\nLabel:`), ...tokens];
      const echoed = await openai.completions.create({
        model,
        prompt,
        echo: true,
        logprobs: 0,
        max_tokens: 0,
      });
      const logprobs = (echoed.choices[0]?.logprobs?.token_logprobs ?? []).slice(-tokens.length);
      const sum = logprobs.reduce<number>((all, logprob) => all + (logprob ?? Number.NaN), 0);
      expect(scores.find((score) => score.label === label)?.logprob).toBeCloseTo(sum, 3);
    }
  });

  it("takes the labels that the model was tuned on", async () => {
    const { model: name } = await storePrompt(target.deps, {
      id: "sp_labels",
      manifest: real.manifest,
      tokens: 4,
      rowFormat: "label",
      labels: [" ham", " spam"],
    });
    const own = await target.post("/v1/classifications", { model: name, input: "Buy now" });
    const named = await target.post("/v1/classifications", {
      model: name,
      input: "Buy now",
      labels: ["spam", "ham"],
    });
    expect(own.body).toEqual(named.body);
    expect((own.body as { data: { label: string }[] }).data[0]?.label).toMatch(/^(ham|spam)$/);
  });

  it("asks for labels where there are none", async () => {
    expect(await target.post("/v1/classifications", { model, input: "x" })).toMatchObject({
      status: 400,
      body: { error: { param: "labels", code: "missing_required_parameter" } },
    });
    expect(await target.post("/v1/classifications", { model, labels: ["a", "b"] })).toMatchObject({
      status: 400,
      body: { error: { param: "input" } },
    });
    expect(await target.post("/v1/classifications", { model, input: "x", labels: ["a", "a"] })).toMatchObject(
      { status: 400, body: { error: { param: "labels" } } },
    );
  });
});
