import type OpenAI from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { openRealApp } from "./support/real-app.ts";
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
