import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "../../scripts/chaos/main.ts");

test("a storm over the real stack leaves everything in order", { timeout: 240_000 }, async () => {
  // Whatever it ends with, what it said is shown where it is not as wanted.
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, [main, "--seeds", "1"], (error, stdout, stderr) => {
      resolve(`${stderr}${error ? `${error.message}\n` : ""}${stdout.trimEnd()}`);
    });
  });
  expect(said).not.toContain("Command failed");
  expect(said).toMatch(/(^|\n)seeds 1, faults \d+, violations 0$/);
});
