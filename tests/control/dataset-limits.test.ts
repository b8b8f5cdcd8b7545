import { expect, test } from "vitest";
import { datasetLimits } from "../../shared/contracts/dataset.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import { validateDataset } from "../../shared/text/validate-dataset.ts";
import { createControlDeps } from "./control-deps.ts";

const MAX_TOKENS = 1000;
const CHUNK = 1024 * 1024;
/** As large as a dataset may be. */
const BYTES = datasetLimits.bytes;
const encode = (text: string) => new TextEncoder().encode(text);

async function validate(chunks: Iterable<Uint8Array>) {
  const tokenizer: TextTokenizer = await createControlDeps().models.tokenizer("tiny");
  async function* stream() {
    yield* chunks;
  }
  return validateDataset(stream(), tokenizer, MAX_TOKENS);
}
function* repeated(chunk: Uint8Array, times: number, look: () => void = () => undefined) {
  for (let i = 0; i < times; i++) {
    if (i % 64 === 0) look();
    // A stream's chunks are not one and the same.
    yield chunk.slice();
  }
}
/** The most memory outside of the heap and in it, beyond what was there before. */
function memory() {
  const used = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  let most = 0;
  return { look: () => void (most = Math.max(most, used() - before)), most: () => most };
}

test("a line that goes on for half a gigabyte is one error, and is not held", async () => {
  const { look, most } = memory();
  const report = await validate(repeated(new Uint8Array(CHUNK).fill(97), BYTES / CHUNK, look));
  expect(report).toMatchObject({ rows: 1, errorCount: 1, errors: [{ line: 1, code: "line_too_long" }] });
  expect(report.errors[0]?.message).toContain(String(BYTES));
  expect(most()).toBeLessThan(256 * CHUNK);
});

test("floods of bad rows and of equal rows are counted; the first hundred are listed", async () => {
  const { look, most } = memory();
  const bad = await validate(repeated(encode("nonsense\n".repeat(1000)), 20, look));
  expect(bad).toMatchObject({ rows: 20_000, errorCount: 20_000 });
  expect(bad.errors).toHaveLength(datasetLimits.reportedErrors);
  const equal = await validate(repeated(encode('{"prompt":"a","completion":" b"}\n'.repeat(1000)), 20, look));
  expect(equal).toMatchObject({ rows: 20_000, errorCount: 0 });
  expect(most()).toBeLessThan(256 * CHUNK);
});

test("what is wrong with a line is said by line and code", async () => {
  const deep = `{"prompt":${"[".repeat(100_000)}${"]".repeat(100_000)},"completion":"x"}`;
  const lines = [
    encode('\uFEFF{"prompt":"a","completion":" b"}\r\n'),
    Uint8Array.of(0x7b, 0xff, 0xfe, 10),
    encode(`${deep}\n`),
    encode("\n"),
    encode('{"prompt":"a","completion":" b"}'),
  ];
  const report = await validate(lines);
  expect(report.errors.map(({ line, code }) => [line, code])).toEqual([
    [2, "invalid_utf8"],
    [3, "too_deep"],
  ]);
  expect(report.rows).toBe(4);
});
