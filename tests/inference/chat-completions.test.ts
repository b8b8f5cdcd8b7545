import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import type OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { inferenceOf } from "../../functions/inference/service.ts";
import { france, openRealApp } from "./support/real-app.ts";
import { isValid } from "./support/schema-validator.ts";
import type { TestApp } from "./support/test-app.ts";

const model = "minimind2-small";
const PARIS = "The capital of France is Paris.";

let target: TestApp;
let openai: OpenAI;
beforeAll(async () => {
  ({ target, openai } = await openRealApp());
});

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
    const chunks = await Array.fromAsync(stream);
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
    const streamed = await Array.fromAsync(
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
    const chunks = await Array.fromAsync(await openai.chat.completions.create({ ...request, stream: true }));
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
