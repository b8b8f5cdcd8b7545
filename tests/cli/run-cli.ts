import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const launcher = join(import.meta.dirname, "../../scripts/foreword/cli.mjs");

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly folder?: string;
}

/** A folder of its own, in which nothing is found that a test did not put there. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "foreword-cli-"));
}

/** Runs the real tool in a process of its own, with a home and a folder that hold nothing. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const home = emptyFolder();
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: options.folder ?? home,
    env: { PATH: process.env["PATH"], HOME: home, NO_COLOR: "1", ...options.environment },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (piece: Buffer) => (output.stdout += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (output.stderr += piece.toString()));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, ...output };
}
