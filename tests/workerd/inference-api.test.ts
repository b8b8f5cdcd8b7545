import { exports } from "cloudflare:workers";
import OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { migrate, newKey } from "./app.ts";
import { seedBaseModel } from "./base-model.ts";

const model = "minimind2-small";
const france = [
  { role: "system" as const, content: "You are a helpful assistant" },
  { role: "user" as const, content: "What is the capital of France?" },
];
const PARIS = "The capital of France is Paris.";

let openai: OpenAI;
beforeAll(async () => {
  await migrate();
  await seedBaseModel();
  openai = new OpenAI({
    apiKey: await newKey("acme"),
    baseURL: "http://foreword.test/v1",
    maxRetries: 0,
    fetch: (input, init) => exports.default.fetch(new Request(input, init)),
  });
});

describe("the API inside workerd, with the unmodified client", () => {
  it("answers the way the model is known to", async () => {
    const { data, response } = await openai.chat.completions
      .create({ model, messages: france, temperature: 0 })
      .withResponse();
    expect(data.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: PARIS } });
    expect(data.usage).toEqual({ prompt_tokens: 33, completion_tokens: 11, total_tokens: 44 });
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    expect(response.headers.get("server-timing")).toMatch(
      /^queue;dur=\d+, prefix;dur=\d+, prefill;dur=\d+, decode;dur=\d+$/,
    );
  });

  it("streams", async () => {
    const stream = await openai.chat.completions.create({
      model,
      messages: france,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let total: number | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      total = chunk.usage?.total_tokens ?? total;
    }
    expect(text).toBe(PARIS);
    expect(total).toBe(44);
  });
});
