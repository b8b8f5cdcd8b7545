import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelManifest } from "../../shared/contracts/model.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { inferenceOf } from "../../functions/inference/service.ts";
import { storePrompt } from "./support/tuned-prompt.ts";
import { createTinyApp, tinyModel, type TinyApp } from "./support/tiny-app.ts";

const user = (content: unknown = "a b") => ({ role: "user", content });
const chat = (fields: object) => ({ model: tinyModel, messages: [user()], max_tokens: 2, ...fields });
const text = (fields: object) => ({ model: tinyModel, prompt: "a b", max_tokens: 2, ...fields });

interface ErrorAnswer {
  error: { message: string; type: string; param: string | null; code: string | null };
}

describe("a bad value of a known field", () => {
  const chatCases: [string, object][] = [
    ["messages", { messages: [] }],
    ["messages", { messages: undefined }],
    ["messages", { messages: "a" }],
    ["messages.0.role", { messages: [{ role: "robot", content: "a" }] }],
    ["messages.0.content", { messages: [user(5)] }],
    ["messages.0.content", { messages: [user([{ type: "image_url", image_url: { url: "x" } }])] }],
    ["model", { model: "" }],
    ["model", { model: 4 }],
    ["temperature", { temperature: 2.1 }],
    ["temperature", { temperature: "hot" }],
    ["top_p", { top_p: -0.1 }],
    ["top_k", { top_k: 1.5 }],
    ["min_p", { min_p: 2 }],
    ["frequency_penalty", { frequency_penalty: 3 }],
    ["presence_penalty", { presence_penalty: -3 }],
    ["repetition_penalty", { repetition_penalty: 0 }],
    ["logit_bias.x", { logit_bias: { x: 1 } }],
    ["logit_bias.5", { logit_bias: { 5: 101 } }],
    ["logit_bias", { logit_bias: { 99999: 1 } }],
    ["seed", { seed: 0.5 }],
    ["stop", { stop: "" }],
    ["stop", { stop: ["a", "b", "c", "d", "e"] }],
    ["n", { n: 0 }],
    ["n", { n: 1000 }],
    ["stream", { stream: "yes" }],
    ["stream_options", { stream_options: { include_usage: true } }],
    ["max_tokens", { max_tokens: 0 }],
    ["max_completion_tokens", { max_completion_tokens: -1 }],
    ["logprobs", { logprobs: 1 }],
    ["top_logprobs", { top_logprobs: 2 }],
    ["top_logprobs", { logprobs: true, top_logprobs: 21 }],
    ["response_format.type", { response_format: { type: "xml" } }],
    ["response_format.json_schema", { response_format: { type: "json_schema" } }],
  ];
  const textCases: [string, object][] = [
    ["prompt", { prompt: undefined }],
    ["prompt", { prompt: [] }],
    ["prompt", { prompt: [[1], "a"] }],
    ["prompt", { prompt: [99999] }],
    ["prompt", { prompt: { text: "a" } }],
    ["logprobs", { logprobs: 6 }],
    ["suffix", { suffix: "end" }],
    ["best_of", { best_of: 3 }],
    ["max_tokens", { max_tokens: 0 }],
    ["echo", { echo: "no" }],
  ];
  const cases = [
    ...chatCases.map(([param, fields]) => ["/v1/chat/completions", param, chat(fields)] as const),
    ...textCases.map(([param, fields]) => ["/v1/completions", param, text(fields)] as const),
  ];

  it.each(cases)("%s names %s", async (path, param, body) => {
    const app = await createTinyApp();
    const answer = await app.post(path, body);
    expect(answer).toMatchObject({ status: 400, body: { error: { param, type: "invalid_request_error" } } });
    expect((answer.body as ErrorAnswer).error.message).not.toMatch(/\.$/);
  });

  it("while null counts as left out, and unknown fields are ignored", async () => {
    const app = await createTinyApp();
    const fields = [
      "temperature",
      "top_p",
      "n",
      "stop",
      "seed",
      "logit_bias",
      "stream",
      "max_tokens",
      "user",
      "logprobs",
    ];
    const nulls = Object.fromEntries(fields.map((field) => [field, null]));
    const body = {
      ...chat({ ...nulls, max_completion_tokens: 2 }),
      colour: "red",
      tool_choice: { deep: [1] },
    };
    expect((await app.post("/v1/chat/completions", body)).status).toBe(200);
  });
});

describe("a request that cannot be answered", () => {
  it("is told about its length", async () => {
    const app = await createTinyApp();
    const long = await app.post("/v1/chat/completions", chat({ messages: [user("a ".repeat(200))] }));
    expect(long).toMatchObject({
      status: 400,
      body: { error: { code: "context_length_exceeded", param: "messages" } },
    });
    const batch = await app.post("/v1/completions", text({ prompt: ["a", "a ".repeat(200)] }));
    expect(batch).toMatchObject({
      status: 400,
      body: { error: { code: "context_length_exceeded", param: "prompt" } },
    });
    const scored = await app.post("/v1/classifications", {
      model: tinyModel,
      input: "a ".repeat(200),
      labels: ["b", "c"],
    });
    expect(scored).toMatchObject({
      status: 400,
      body: { error: { code: "context_length_exceeded", param: "input" } },
    });
  });

  it("is told about its model as OpenAI's API tells it", async () => {
    const app = await createTinyApp();
    for (const model of [
      "gpt-4o",
      "ft:tiny:acme:test:sp_none",
      "../tiny",
      "models/tiny",
      "ft:",
      "a".repeat(200),
    ]) {
      expect(await app.post("/v1/chat/completions", chat({ model }))).toMatchObject({
        status: 404,
        body: {
          error: {
            message: `The model \`${model}\` does not exist or you do not have access to it.`,
            param: "model",
            code: "model_not_found",
          },
        },
      });
    }
  });

  it("is told about malformed JSON, other content types and size", async () => {
    const app = await createTinyApp();
    expect(await app.post("/v1/chat/completions", '{"model":')).toMatchObject({
      status: 400,
      body: { error: { code: "invalid_json" } },
    });
    const send = (type: string | undefined, body: BodyInit) =>
      app.app.request("/v1/chat/completions", {
        method: "POST",
        body,
        ...(type ? { headers: { "content-type": type } } : {}),
      });
    const xml = await send("text/xml", "<a/>");
    expect(xml.status).toBe(400);
    expect(await xml.json()).toMatchObject({ error: { code: "unsupported_content_type" } });
    expect((await send("application/json; charset=utf-8", JSON.stringify(chat({})))).status).toBe(200);
    const large = await send("application/json", " ".repeat(5 * 1024 * 1024));
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ error: { code: "body_too_large" } });
  });

  it("is told what is offered instead of embeddings: nothing", async () => {
    const app = await createTinyApp();
    expect(await app.post("/v1/embeddings", { model: tinyModel, input: "a" })).toMatchObject({ status: 404 });
  });

  it("needs a key for inference", async () => {
    const app = await createTinyApp({ caller: { organization: "acme", keyId: "k", scopes: ["datasets"] } });
    for (const path of ["/v1/chat/completions", "/v1/completions", "/v1/classifications"]) {
      expect(await app.post(path, chat({}))).toMatchObject({
        status: 403,
        body: { error: { code: "insufficient_scope" } },
      });
    }
  });
});

describe("what goes wrong", () => {
  /** Refuses to give what lies under a key, as long as it is told to. */
  function breakableStore() {
    const store = createMemoryStore();
    const broken = new Map<string, Uint8Array | "down">();
    const get: typeof store.get = async (key) => {
      const instead = [...broken].find(([end]) => key.endsWith(end))?.[1];
      if (instead === "down") throw new Error("network");
      const object = await store.get(key);
      return object && instead ? { ...object, bytesBody: async () => instead } : object;
    };
    return { broken, bucket: { ...store, get } };
  }

  it("has a status and a code of its own each, and the isolate goes on serving others", async () => {
    const { broken, bucket } = breakableStore();
    const { app, post, deps, manifest } = await createTinyApp({ bucket });
    const tuned = async (id: string, stored: ModelManifest = manifest) =>
      (await storePrompt(deps, { id, manifest: stored, tokens: 4 })).model;
    const ask = async (body: unknown, type = "application/json") => {
      const sent = typeof body === "string" ? body : JSON.stringify(body);
      const response = await app.request("/v1/chat/completions", {
        method: "POST",
        headers: { "content-type": type },
        body: sent,
      });
      const { error } = (await response.json()) as Partial<ErrorAnswer>;
      return [response.status, error?.code, error?.param];
    };
    const met: Record<string, unknown> = {};

    broken.set("tokenizer.json", new Uint8Array(manifest.files["tokenizer.json"]?.bytes ?? 0));
    met["corrupt base bundle"] = await ask(chat({}));
    broken.set("tokenizer.json", "down");
    met["bucket down"] = await ask(chat({}));
    broken.clear();

    met["too long"] = await ask(chat({ messages: [user("a ".repeat(200))] }));
    met["unknown role"] = await ask(chat({ messages: [{ role: "robot", content: "a" }] }));
    met["no messages"] = await ask(chat({ messages: [] }));
    met["10 MB"] = await ask(" ".repeat(10_000_000));
    met["malformed JSON"] = await ask('{"model":');
    met["not JSON at all"] = await ask("a=b", "application/x-www-form-urlencoded");
    const tampered = await tuned("sp_tampered");
    broken.set("adapter_model.safetensors", new Uint8Array(8));
    met["tampered soft prompt"] = await ask(chat({ model: tampered }));
    broken.clear();
    const foreign = await tuned("sp_foreign", { ...manifest, digest: "0".repeat(64) });
    met["foreign soft prompt"] = await ask(chat({ model: foreign }));

    expect(met).toEqual({
      "corrupt base bundle": [500, "corrupt_object", null],
      "bucket down": [503, "storage_unavailable", null],
      "too long": [400, "context_length_exceeded", "messages"],
      "unknown role": [400, "invalid_value", "messages.0.role"],
      "no messages": [400, "invalid_value", "messages"],
      "10 MB": [413, "body_too_large", null],
      "malformed JSON": [400, "invalid_json", null],
      "not JSON at all": [400, "unsupported_content_type", null],
      "tampered soft prompt": [500, "corrupt_prompt", null],
      "foreign soft prompt": [409, "base_model_mismatch", "model"],
    });
    expect((await post("/v1/chat/completions", chat({}))).status).toBe(200);
    expect(inferenceOf(deps).admission.counts()).toEqual({ active: 0, waiting: 0 });
  });
});

describe("any body at all", () => {
  /** Mostly sensible bodies with some fields put out of joint. */
  const field = fc.oneof(
    fc.anything({ maxDepth: 2 }),
    fc.constantFrom(null, 0, 1, "a", true, [], {}, ["a"], 1e308),
  );
  const fields = fc.constantFrom(
    "model",
    "messages",
    "prompt",
    "input",
    "labels",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "n",
    "stop",
    "seed",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "stream_options",
    "echo",
    "max_tokens",
    "response_format",
    "__proto__",
    "user",
  );
  const body = fc.record({
    changes: fc.array(fc.tuple(fields, field), { maxLength: 4 }),
    path: fc.constantFrom("/v1/chat/completions", "/v1/completions", "/v1/classifications"),
  });

  async function expectDefined(app: TinyApp, path: string, sent: string): Promise<void> {
    const { status, body: answer } = await app.post(path, sent);
    expect([200, 400, 404]).toContain(status);
    if (status !== 200) expect(typeof (answer as ErrorAnswer).error.message).toBe("string");
  }

  it("gets an answer or an error that is its own fault, and leaves nothing behind", async () => {
    const app = await createTinyApp();
    await fc.assert(
      fc.asyncProperty(body, async ({ path, changes }) => {
        const base = path.includes("chat")
          ? chat({})
          : path.includes("class")
            ? { model: tinyModel, input: "a", labels: ["b", "c"] }
            : text({});
        const changed = {
          ...base,
          ...Object.fromEntries(changes.map(([name, value]) => [name, value])),
          stream: false,
        };
        await expectDefined(
          app,
          path,
          JSON.stringify(changed, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
        );
      }),
      { numRuns: 500 },
    );
    await fc.assert(
      fc.asyncProperty(fc.json(), async (sent) => expectDefined(app, "/v1/chat/completions", sent)),
      { numRuns: 100 },
    );
    await fc.assert(
      fc.asyncProperty(fc.string(), async (sent) => expectDefined(app, "/v1/completions", sent)),
      { numRuns: 100 },
    );
    expect(inferenceOf(app.deps).admission.counts()).toEqual({ active: 0, waiting: 0 });
    expect(app.engines.map(({ open }) => open.sequences)).toEqual([0]);
  });
});
