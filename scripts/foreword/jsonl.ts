import { createReadStream } from "node:fs";
import { readLines } from "../../shared/formats/jsonl.ts";
import { CliError, exitCodes } from "./exit-codes.ts";

/** The bytes of a file, or of the standard input where the file is "-". */
export function openInput(file: string): AsyncIterable<Uint8Array> {
  return file === "-" ? process.stdin : createReadStream(file);
}

export interface JsonLine {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

/** The lines of a file, one at a time. Throws CliError (validation) naming the line that cannot be read. */
export async function* readTextLines(file: string): AsyncGenerator<JsonLine> {
  for await (const line of readLines(openInput(file))) {
    if ("error" in line) throw badLine(line.number, line.error.message);
    yield line;
  }
}

/** An error that names the line it was found on. */
export function badLine(number: number, message: string): CliError {
  return new CliError(`Line ${number}: ${message}`, exitCodes.validation, { code: "invalid_row" });
}
