import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { root } from "../../scripts/dev/paths.ts";
import { emptyFolder } from "../cli/run-cli.ts";
import type { StackProcess } from "../e2e/local-stack.ts";

/** Rows kept of the example: its pages tune on all of them. */
const TRAIN_ROWS = 32;
const TEST_ROWS = 8;

export interface Runner {
  /** Runs a block as a reader would, in the folder of the page; rejects with what it printed when it fails. */
  run(language: "sh" | "ts", text: string): Promise<string>;
}

/** A folder such as a reader has: the example, a little shorter, and the keys; what one block sets, the next one knows. */
export async function createRunner(stack: StackProcess): Promise<Runner> {
  const { apiKey, adminKey, s3 } = await stack.credentials();
  const folder = emptyFolder();
  mkdirSync(join(folder, "scripts/example"), { recursive: true });
  for (const [file, rows] of [
    ["train.jsonl", TRAIN_ROWS],
    ["test.jsonl", TEST_ROWS],
  ] as const) {
    const lines = readFileSync(join(root, "scripts/example", file), "utf8").split("\n");
    writeFileSync(join(folder, "scripts/example", file), lines.slice(0, rows).join("\n"));
  }
  mkdirSync(join(folder, ".foreword"));
  writeFileSync(join(folder, ".foreword/credentials.json"), JSON.stringify({ apiKey }));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/foreword"));
  symlinkSync(join(root, "node_modules/openai"), join(folder, "node_modules/openai"));
  const environment = {
    PATH: [tools(folder), dirname(process.execPath), process.env["PATH"]].join(delimiter),
    HOME: folder,
    NO_COLOR: "1",
    FOREWORD_URL: stack.url,
    FOREWORD_API_KEY: apiKey,
    FOREWORD_ADMIN_KEY: adminKey,
  };
  let count = 0;
  return {
    async run(language, text) {
      const file = `block-${++count}.${language}`;
      const here = text
        .replaceAll("http://127.0.0.1:8787", stack.url)
        .replaceAll("http://127.0.0.1:8788", s3.endpoint);
      writeFileSync(join(folder, file), here);
      const command = language === "ts" ? `node ${file}` : `source ./${file}`;
      const script = `set -euo pipefail; [ ! -f .state ] || source ./.state; set -a; ${command}; export -p > .state`;
      return inBash(script, folder, environment);
    },
  };
}

/** `npx foreword` and `npm run`, as they are in a clone. */
function tools(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const cli = join(root, "scripts/foreword/cli.mjs");
  const programs = {
    npx: `[ "$1" = foreword ] || exit 127\nshift\nexec node "${cli}" "$@"`,
    npm: `cd "${root}" && PATH="\${PATH#*:}" exec npm "$@"`,
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

async function inBash(script: string, cwd: string, env: Record<string, string>): Promise<string> {
  const child = spawn("bash", ["-c", script], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (piece: Buffer) => (output += piece.toString()));
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (status !== 0) throw new Error(`Status ${String(status)}:\n${output}`);
  return output;
}
