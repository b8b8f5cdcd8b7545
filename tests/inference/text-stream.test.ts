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
      fc.property(fc.array(token, { maxLength: 60, size: "max" }), (ids) => {
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

  it("joins exactly for tokens that hold the end of one character and the beginning of the next", () => {
    // Every one of them ends in the middle of a character, so that no text is ever settled but by looking for a place to cut.
    const pieces = ["e4", "e4bd", "bda0e4", "a0e4", "a0e4bd", "f09f", "9880f0", "80f0", "bd", "ff"].map(
      (hex) => Buffer.from(hex, "hex"),
    );
    const tokenizer: TextTokenizer = {
      ...minimind,
      decode: (ids) =>
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(
          Uint8Array.from(ids.flatMap((id) => [...(pieces[id] ?? [])])),
        ),
    };
    const runs = fc.array(fc.nat(pieces.length - 1), { maxLength: 80, size: "max" });
    fc.assert(
      fc.property(runs, (ids) => {
        expect(stream(tokenizer, ids).join("")).toBe(tokenizer.decode(ids));
      }),
      { numRuns: 1000 },
    );
  });

  it("never shows a part of a character of well-formed text", () => {
    const unicode = fc
      .string({ unit: "binary", maxLength: 20 })
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
      { numRuns: 300 },
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
      { numRuns: 300 },
    );
  });

  it("gives text as soon as it is certain", () => {
    const ids = minimind.encode("Hello there");
    const pieces = stream(minimind, ids);
    expect(pieces.slice(0, -1).every((piece) => piece !== "")).toBe(true);
    expect(pieces.at(-1)).toBe("");
  });
});
