import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { z } from "zod";
import { baseModelFolder } from "../support/model-cache.ts";

const root = join(import.meta.dirname, "../..");
const callSchema = z.object({ args: z.array(z.string()), input: z.string() });
export type Call = z.infer<typeof callSchema>;

/** Stands in for wrangler: notes every call, and remembers what was created, in files of its own folder. */
const PROGRAM = `#!/usr/bin/env node
const { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { createHash } = require("node:crypto");
const { join } = require("node:path");
const args = process.argv.slice(2);
const input = readFileSync(0, "utf8");
appendFileSync(join(__dirname, "calls.jsonl"), JSON.stringify({ args, input }) + "\\n");
const line = args.join(" ");
if (process.env.FAKE_FAIL && line.startsWith(process.env.FAKE_FAIL)) {
  console.error("Authentication error [code: 10000]");
  process.exit(1);
}
const place = (name) => join(__dirname, "things", createHash("sha256").update(name).digest("hex"));
const has = (name) => existsSync(place(name));
const make = (name, text = "") => {
  mkdirSync(join(__dirname, "things"), { recursive: true });
  writeFileSync(place(name), text);
};
const need = (name) => {
  if (has(name)) process.stdout.write(readFileSync(place(name), "utf8"));
  else { console.error(name + " does not exist"); process.exit(1); }
};
const [a, b, c, d] = args;
if (line.startsWith("r2 bucket info")) need("bucket " + d);
else if (line.startsWith("r2 bucket create")) make("bucket " + d);
else if (line.startsWith("queues info")) need("queue " + c);
else if (line.startsWith("queues create")) make("queue " + c);
else if (line.startsWith("d1 list")) console.log(has("database") ? '[{"uuid":"11111111-2222-3333-4444-555555555555","name":"foreword"}]' : "[]");
else if (line.startsWith("d1 create")) make("database");
else if (line.startsWith("d1 migrations")) make("config", readFileSync(args[args.indexOf("--config") + 1], "utf8"));
else if (line.startsWith("r2 bucket notification list")) console.log(has("rule") ? readFileSync(place("rule"), "utf8") : "");
else if (line.startsWith("r2 bucket notification create")) make("rule", "rule_id:     1\\nqueue_name:  foreword-bucket-events\\nprefix:      datasets/\\nsuffix:      train.jsonl\\nevent_type:  PutObject\\n");
else if (line.startsWith("r2 object get")) need(d);
else if (line.startsWith("r2 object put")) make(d, d.endsWith("manifest.json") ? readFileSync(args[5], "utf8") : "");
else if (line.startsWith("secret list")) console.log(has("secret") ? '[{"name":"ADMIN_KEY","type":"secret_text"}]' : "[]");
else if (line.startsWith("secret put")) make("secret");
else if (line.startsWith("deploy")) console.log("Uploaded foreword\\n  https://foreword.example.workers.dev");
else { console.error("Unknown: " + line); process.exit(1); }
`;

export interface FakeCloudflare {
  /** Folder that the local state, and so a new admin key, is in. */
  readonly state: string;
  calls(): Call[];
  deploy(
    args?: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; stdout: string; stderr: string }>;
}

/** An empty account, and `npm run deploy` with a wrangler on the PATH that works on it. */
export function createFakeCloudflare(): FakeCloudflare {
  const folder = mkdtempSync(join(tmpdir(), "foreword-deploy-"));
  writeFileSync(join(folder, "package.json"), '{"type": "commonjs"}');
  writeFileSync(join(folder, "wrangler"), PROGRAM);
  chmodSync(join(folder, "wrangler"), 0o755);
  const state = join(folder, "state");
  mkdirSync(join(state, "models"), { recursive: true });
  symlinkSync(baseModelFolder, join(state, "models", "minimind2-small"));
  const log = join(folder, "calls.jsonl");
  return {
    state,
    calls: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .trim()
            .split("\n")
            .map((line) => callSchema.parse(JSON.parse(line)))
        : [],
    deploy: (args = [], environment = {}) =>
      new Promise((resolve) => {
        const path = [folder, dirname(process.execPath), process.env["PATH"]].join(delimiter);
        execFile(
          process.execPath,
          [join(root, "scripts/deploy.ts"), ...args],
          { env: { ...process.env, PATH: path, FOREWORD_STATE: state, ...environment } },
          (error, stdout, stderr) => resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
        );
      }),
  };
}
