import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { InvalidRequestError } from "../../shared/errors.ts";
import { FULL, QUICK } from "./serving/settings.ts";
import { toJson, toTable } from "./serving/report.ts";

/**
 * `npm run bench -- serving [--json] [--quick]`: what serving costs in workerd, beside transformers.js and llama.cpp in wasm.
 * Prints a table, or with `--json` one line; progress goes to stderr. Throws InvalidRequestError for other arguments.
 */
export async function serving(args: readonly string[]): Promise<void> {
  const { json, quick } = readArguments(args);
  // A stack of its own, gone at the end. The modules that read the folder are imported once it is set.
  const state = await mkdtemp(join(tmpdir(), "foreword-serving-"));
  process.env["FOREWORD_STATE"] = state;
  try {
    const { createOutput } = await import("../dev/output.ts");
    const { runServing } = await import("./serving/run.ts");
    const result = await runServing(quick ? QUICK : FULL, createOutput(process.stderr));
    const table = `${toTable(result)}\n`;
    (json ? process.stderr : process.stdout).write(table);
    if (json) process.stdout.write(`${toJson(result)}\n`);
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

function readArguments(args: readonly string[]) {
  try {
    const options = { json: { type: "boolean" }, quick: { type: "boolean" } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const usage = "npm run bench -- serving [--json] [--quick]";
    throw new InvalidRequestError(`${(cause as Error).message}\nUsage: ${usage}`, { cause });
  }
}
