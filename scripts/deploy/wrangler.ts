import { spawn } from "node:child_process";

/** What a command of wrangler came to. */
export interface WranglerResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `wrangler <args>`; `input` goes to its standard input, for what must not be an argument. */
export type Wrangler = (args: readonly string[], input?: string) => Promise<WranglerResult>;

/** A step of the deployment failed; the message says which command, and what wrangler said. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}

/** Nobody is there to answer a question, and nothing but the deployment itself is sent. */
const environment = { CI: "1", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false" };

/** The wrangler on the PATH, which for npm scripts is the project's own. */
export function createWrangler(folder: string): Wrangler {
  return (args, input = "") =>
    new Promise((resolve, reject) => {
      const child = spawn("wrangler", args, { cwd: folder, env: { ...process.env, ...environment } });
      const output = { stdout: "", stderr: "" };
      child.stdout.on("data", (piece: Buffer) => (output.stdout += piece.toString()));
      child.stderr.on("data", (piece: Buffer) => (output.stderr += piece.toString()));
      // A wrangler that ends early needs no input any more.
      child.stdin.on("error", () => undefined);
      child.stdin.end(input);
      child.once("error", (error) =>
        reject(new DeployError(`wrangler cannot be started (${error.message}), wanted it on the PATH`)),
      );
      child.once("close", (status) => resolve({ status: status ?? 1, ...output }));
    });
}

/** Runs nothing: prints each command, and answers as an empty account would, so that every step is shown. */
export function createDryRun(print: (line: string) => void): Wrangler {
  return async (args, input) => {
    print(`  wrangler ${args.map(quote).join(" ")}${input === undefined ? "" : " < (a secret, on stdin)"}`);
    const isQuestion = ["info", "list", "get"].some((word) => args.includes(word));
    if (isQuestion) return { status: 1, stdout: "[]", stderr: "does not exist" };
    return { status: 0, stdout: "", stderr: "" };
  };
}

/** Runs a command that has to succeed. Throws DeployError. */
export async function must(wrangler: Wrangler, args: readonly string[], input?: string): Promise<string> {
  const result = await wrangler(args, input);
  if (result.status === 0) return result.stdout;
  throw failure(args, result);
}

/** Runs a question about a thing: its answer, or null where the thing is not there. Throws DeployError. */
export async function ask(wrangler: Wrangler, args: readonly string[]): Promise<string | null> {
  const result = await wrangler(args);
  if (result.status === 0) return result.stdout;
  const said = result.stdout + result.stderr;
  if (/does not exist|not found|no such|no event notification|code: 10006/i.test(said)) return null;
  throw failure(args, result);
}

function failure(args: readonly string[], { status, stdout, stderr }: WranglerResult): DeployError {
  const said = (stderr.trim() || stdout.trim()).slice(-2000);
  return new DeployError(`"wrangler ${args.join(" ")}" ended with status ${status}:\n${said}`);
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`;
}
