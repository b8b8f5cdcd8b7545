import { CommanderError } from "commander";
import { z } from "zod";
import { ForewordError } from "../../shared/errors.ts";
import { CliError, exitCodeOfStatus, exitCodes } from "./exit-codes.ts";
import { note, paint } from "./output.ts";
import { createProgram } from "./program.ts";

// A reader that has seen enough, such as head, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  throw error;
});

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** Says what went wrong, on stderr, and gives the exit code that fits. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has said it already; asking for help is no error.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
  const { message, exitCode, code } = explain(error);
  if (process.argv.includes("--json"))
    note(JSON.stringify({ error: { message, code, exit_code: exitCode } }));
  else note(`${paint("red", "Error:", process.stderr)} ${message}`);
  return exitCode;
}

function explain(error: unknown): { message: string; exitCode: number; code: string | null } {
  if (error instanceof CliError) return error;
  if (error instanceof ForewordError)
    return { message: error.message, exitCode: exitCodeOfStatus(error.status), code: error.code };
  if (error instanceof z.ZodError)
    return { message: z.prettifyError(error), exitCode: exitCodes.validation, code: "invalid_data" };
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    const exitCode = error.code === "ENOENT" ? exitCodes.notFound : exitCodes.failed;
    return { message: error.message, exitCode, code: error.code };
  }
  return {
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    exitCode: exitCodes.failed,
    code: null,
  };
}
