import { describe, expect, it } from "vitest";
import type { ResolvedModel } from "../../functions/inference/model-resolver.ts";
import {
  labelTexts,
  renderChatInput,
  renderClassificationInput,
} from "../../functions/inference/render-request.ts";
import type { RowFormat } from "../../shared/contracts/dataset.ts";
import { tokenizeRow } from "../../shared/text/render.ts";
import { createTinyApp } from "./support/tiny-app.ts";
import { storePrompt } from "./support/tuned-prompt.ts";
import { minimindTokenizer } from "./support/tokenizers.ts";

const tokenizer = minimindTokenizer();
const user = (content: string) => [{ role: "user" as const, content }];

async function tuned(rowFormat: RowFormat, labels?: string[]): Promise<ResolvedModel> {
  const { deps, manifest } = await createTinyApp();
  const prompt = await storePrompt(deps, {
    id: "sp_1",
    manifest,
    tokens: 2,
    rowFormat,
    ...(labels ? { labels } : {}),
  });
  return { name: prompt.model, manifest, prompt };
}
async function base(): Promise<ResolvedModel> {
  return { ...(await tuned("label")), prompt: null };
}

describe("what goes into a tuned model", () => {
  it("is exactly the beginning of a row that it was tuned on", async () => {
    const text = "Is this spam?";
    const rows = {
      label: { format: "label" as const, text, label: "yes" },
      completion: { format: "completion" as const, prompt: text, completion: " yes" },
      messages: {
        format: "messages" as const,
        messages: [...user(text), { role: "assistant" as const, content: "yes" }],
      },
    };
    for (const format of ["label", "completion", "messages"] as const) {
      const { ids, targets } = tokenizeRow(rows[format], tokenizer);
      const model = await tuned(format);
      const beginning = ids.slice(0, targets[0]?.[0]);
      expect(renderChatInput(model, user(text), tokenizer).ids).toEqual(beginning);
      expect(renderClassificationInput(model, text, tokenizer)).toEqual(beginning);
    }
  });

  it("is a conversation where one is given", async () => {
    const messages = [{ role: "system" as const, content: "Be brief" }, ...user("Hi")];
    const turns = [...user("Hi"), { role: "assistant" as const, content: "Hello" }, ...user("Bye")];
    const [label, plain] = [await tuned("label"), await base()];
    expect(renderChatInput(label, turns, tokenizer)).toEqual(renderChatInput(plain, turns, tokenizer));
    expect(renderChatInput(label, messages, tokenizer)).toEqual(renderChatInput(plain, messages, tokenizer));
    expect(renderChatInput(plain, user("Hi"), tokenizer).dropLeadingSpace).toBe(false);
    expect(renderChatInput(label, user("Hi"), tokenizer).dropLeadingSpace).toBe(true);
  });
});

describe("labels", () => {
  it("are the trained ones unless others are named, and mean the trained ones where they match", async () => {
    const model = await tuned("label", [" ham", " spam"]);
    expect(labelTexts(model, null)).toEqual([
      { label: "ham", completion: " ham" },
      { label: "spam", completion: " spam" },
    ]);
    expect(labelTexts(model, ["spam", "other"])).toEqual([
      { label: "spam", completion: " spam" },
      { label: "other", completion: " other" },
    ]);
    expect(labelTexts(await tuned("completion", ["A", "B"]), ["B", "C"])).toEqual([
      { label: "B", completion: "B" },
      { label: "C", completion: "C" },
    ]);
    expect(labelTexts(await tuned("completion", [" A", " B"]), ["B", "C"])).toEqual([
      { label: "B", completion: " B" },
      { label: "C", completion: "C" },
    ]);
    expect(labelTexts(await base(), ["x", "y"])[0]).toEqual({ label: "x", completion: " x" });
    expect(labelTexts(await base(), undefined)).toEqual([]);
  });

  it("stay as they were trained where only space tells them apart", async () => {
    expect(labelTexts(await tuned("completion", ["A", " A"]), null).map(({ label }) => label)).toEqual([
      "A",
      " A",
    ]);
  });
});
