import { ForewordError } from "../../shared/errors.ts";
import { askBoth } from "./answers.ts";
import { tuneExample } from "./example.ts";
import { readOptions, type StackOptions } from "./options.ts";
import { createOutput, type Output } from "./output.ts";
import { reportExample, reportUsage, summary } from "./report.ts";
import { startStack, type Stack } from "./stack.ts";

/** `npm start`: the whole of Foreword on this machine. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  const output = createOutput(options.json ? process.stderr : process.stdout);
  const interrupted = interruption();
  const stack = await startStack(options, output);
  try {
    await Promise.race([run(stack, options, output), stack.died, interrupted]);
    if (!options.exit) {
      output.line("\nServing; Ctrl-C ends everything");
      await Promise.race([stack.died, interrupted]);
    }
  } finally {
    await stack.stop();
  }
}

async function run(stack: Stack, options: StackOptions, output: Output): Promise<void> {
  if (!options.example) return;
  const example = await tuneExample(stack, output);
  const [, baseModel = ""] = example.model.split(":");
  const answers = await askBoth(stack, baseModel, example.model);
  reportExample(output, example, answers);
  reportUsage(output, stack, example.model);
  if (options.json) process.stdout.write(`${JSON.stringify(summary(example, answers))}\n`);
}

/** Rejects at the first Ctrl-C; later ones change nothing, since the parts are being ended. */
function interruption(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => reject(new Interrupted()));
  promise.catch(() => undefined);
  return promise;
}

class Interrupted extends Error {}

try {
  await main();
} catch (error) {
  if (!(error instanceof Interrupted)) {
    const explained = error instanceof ForewordError || isDiskFull(error);
    console.error(`\n${explained ? (error as Error).message : ((error as Error).stack ?? String(error))}`);
    process.exitCode = 1;
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}
