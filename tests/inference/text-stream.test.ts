import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTextStream } from "../../functions/inference/text-stream.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import { byteFallbackTokenizer, minimindTokenizer, MINIMIND_VOCABULARY } from "./support/tokenizers.ts";

const minimind = minimindTokenizer();

function stream(tokenizer: TextTokenizer, ids: readonly number[]): string[] {
  const text = createTextStream(tokenizer);
  return [...ids.map((id) => text.push(id)), text.flush()];
}

/** Tokens that are single bytes, so that characters come apart in every way. */
const byteTokens = Array.from({ length: MINIMIND_VOCABULARY }, (_, id) => id).filter(
  (id) => minimind.decode([id]) === "\uFFFD",
);

describe("text stream", () => {
  it("joins to exactly what decoding all tokens gives, for any tokens", () => {
    const anyToken = fc.integer({ min: 0, max: MINIMIND_VOCABULARY - 1 });
    const token = fc.oneof(anyToken, fc.constantFrom(...byteTokens), fc.constantFrom(0, 1, 2));
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (ids) => {
        expect(stream(minimind, ids).join("")).toBe(minimind.decode(ids));
      }),
      { numRuns: 1000 },
    );
  });

  it("joins exactly for long runs of bytes that are no characters, without looking back ever further", () => {
    let longest = 0;
    const counting: TextTokenizer = {
      ...minimind,
      decode(ids) {
        longest = Math.max(longest, ids.length);
        return minimind.decode(ids);
      },
    };
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...byteTokens), { minLength: 40, maxLength: 200 }), (ids) => {
        longest = 0;
        expect(stream(counting, ids).join("")).toBe(minimind.decode(ids));
        expect(longest).toBeLessThan(45);
      }),
      { numRuns: 200 },
    );
  });

  it("joins exactly for any vocabulary of byte sequences, characters cut up and run together in every way", () => {
    const pieces = ["a", "é", "你", "🙂", "你🙂"].flatMap((text) => {
      const bytes = new TextEncoder().encode(text);
      return [...bytes.keys()].flatMap((begin) =>
        [1, 2, 3].map((length) => bytes.slice(begin, begin + length)),
      );
    });
    const tokenizer: TextTokenizer = {
      ...minimind,
      decode: (ids) =>
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(
          Uint8Array.from(ids.flatMap((id) => [...(pieces[id] ?? [])])),
        ),
    };
    const runs = fc.array(fc.nat(pieces.length - 1), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(runs, (ids) => {
        expect(stream(tokenizer, ids).join("")).toBe(tokenizer.decode(ids));
      }),
      { numRuns: 2000 },
    );
  });

  it("never shows a part of a character of well-formed text", () => {
    const unicode = fc
      .string({ unit: "binary", maxLength: 30 })
      .filter((text) => !text.includes("\uFFFD") && text.isWellFormed());
    fc.assert(
      fc.property(unicode, (text) => {
        const pieces = stream(minimind, minimind.encode(text));
        expect(pieces.join("")).toBe(minimind.decode(minimind.encode(text)));
        for (const piece of pieces) {
          expect(piece).not.toContain("\uFFFD");
          expect(piece.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps spaces and characters of byte-fallback tokenizers whole", () => {
    const tokenizer = byteFallbackTokenizer();
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "é", "你", "🙂"), maxLength: 20 }),
        (text) => {
          const ids = tokenizer.encode(text);
          const pieces = stream(tokenizer, ids);
          expect(pieces.join("")).toBe(tokenizer.decode(ids));
          for (const piece of pieces) expect(piece).not.toContain("\uFFFD");
        },
      ),
      { numRuns: 500 },
    );
  });

  it("gives text as soon as it is certain", () => {
    const ids = minimind.encode("Hello there");
    const pieces = stream(minimind, ids);
    expect(pieces.slice(0, -1).every((piece) => piece !== "")).toBe(true);
    expect(pieces.at(-1)).toBe("");
  });
});
