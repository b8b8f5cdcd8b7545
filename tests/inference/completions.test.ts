import type OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { openRealApp } from "./support/real-app.ts";
import type { TestApp } from "./support/test-app.ts";

const model = "minimind2-small";
let target: TestApp;
let openai: OpenAI;
beforeAll(async () => {
  ({ target, openai } = await openRealApp());
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
    const chunks = await Array.fromAsync(
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
