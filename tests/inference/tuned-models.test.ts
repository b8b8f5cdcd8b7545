import OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { inferenceOf } from "../../functions/inference/service.ts";
import { france, openRealApp } from "./support/real-app.ts";
import type { RealModel } from "./support/real-model.ts";
import type { TestApp } from "./support/test-app.ts";
import { storePrompt } from "./support/tuned-prompt.ts";

const model = "minimind2-small";
let real: RealModel;
let target: TestApp;
let openai: OpenAI;
beforeAll(async () => {
  ({ real, target, openai } = await openRealApp());
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
