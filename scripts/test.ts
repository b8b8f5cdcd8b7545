/** `npm test`: runs vitest, passing arguments on, and leaves its results in `.foreword/test-results.json`. */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { requireNode } from "./check/require-node.ts";

const root = join(import.meta.dirname, "..");
const results = join(root, ".foreword", "test-results.json");

requireNode();
mkdirSync(join(root, ".foreword"), { recursive: true });
// Results of an earlier run must not pass for those of this one.
rmSync(results, { force: true });

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
const child = spawn(process.execPath, [vitest, "run", ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
    WRANGLER_SEND_METRICS: "false",
  },
});
// Ctrl-C reaches vitest too, which ends by itself and is waited for.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.once("error", (error) => {
  console.error(`vitest cannot be started: ${error.message}`);
  process.exitCode = 1;
});
child.once("exit", (status) => {
  process.exitCode = status ?? 1;
});
