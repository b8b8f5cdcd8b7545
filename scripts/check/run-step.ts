import { spawn } from "node:child_process";

export interface Step {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * Runs one program and prints a line of how it went: its last line of output where it passed, and all of it where it failed.
 *
 * Resolves to whether it passed; a program that cannot be started has failed.
 */
export async function runStep(
  { name, program, args }: Step,
  options: { cwd: string; env: NodeJS.ProcessEnv },
  print: (text: string) => void = console.log,
): Promise<boolean> {
  const start = performance.now();
  const { passed, output } = await run(program, args, options);
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
  const last = output.trimEnd().split("\n").at(-1)?.trim() ?? "";
  print(`${passed ? "ok  " : "FAIL"} ${seconds} s  ${name}${passed && last !== "" ? `: ${last}` : ""}`);
  if (!passed) print(`\n${output.trim()}\n`);
  return passed;
}

function run(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<{ passed: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const read = (piece: string) => (output += piece);
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.once("error", (error) =>
      resolve({ passed: false, output: `"${program}" cannot be started: ${error.message}` }),
    );
    child.once("close", (status) => resolve({ passed: status === 0, output }));
  });
}
