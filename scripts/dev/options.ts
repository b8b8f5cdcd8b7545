import { parseArgs } from "node:util";
import { InvalidRequestError } from "../../shared/errors.ts";

export interface StackOptions {
  /** End with status 0 once the example is tuned and answered. */
  readonly exit: boolean;
  /** Print one summary line of JSON last; everything else goes to stderr. */
  readonly json: boolean;
  /** Upload, tune and ask the bundled example. */
  readonly example: boolean;
  readonly port: number;
  readonly s3Port: number;
}

const USAGE = "npm start -- [--exit] [--json] [--no-example]";

/** Reads flags, `PORT` and `S3_PORT`. Throws InvalidRequestError with the usage. */
export function readOptions(
  args: readonly string[],
  environment: Record<string, string | undefined>,
): StackOptions {
  const port = (name: string, preset: number) => {
    const chosen = Number(environment[name] ?? preset);
    if (Number.isInteger(chosen) && chosen > 0 && chosen < 65536) return chosen;
    throw new InvalidRequestError(`${name} is "${environment[name]}", wanted a port number`);
  };
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { exit: { type: "boolean" }, json: { type: "boolean" }, "no-example": { type: "boolean" } },
    });
    return {
      exit: values.exit ?? false,
      json: values.json ?? false,
      example: !(values["no-example"] ?? false),
      port: port("PORT", 8787),
      s3Port: port("S3_PORT", 8788),
    };
  } catch (cause) {
    throw new InvalidRequestError(`${(cause as Error).message}\nUsage: ${USAGE}`, { cause });
  }
}
