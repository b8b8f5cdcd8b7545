import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "../../scripts/chaos/main.ts");

test("a storm over the real stack leaves everything in order", { timeout: 240_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, "--seeds", "1"]);
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^seeds 1, faults \d+, violations 0$/);
});
