import { InvalidArgumentError, type Command } from "commander";
import { createClient, type Client } from "./client.ts";
import { readProfile } from "./profile.ts";

/** What every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
}

/** A command that does something: it takes `--json`, and its help ends with examples. */
export function leaf(
  parent: Command,
  usage: string,
  summary: string,
  examples: readonly [string, ...string[]],
): Command {
  return parent
    .command(usage)
    .description(summary)
    .option("--json", "print JSON instead of text")
    .addHelpText("after", helpOf(examples));
}

/** A command that only groups others. */
export function group(parent: Command, name: string, summary: string, example: string): Command {
  return parent
    .command(name)
    .description(summary)
    .addHelpText("after", helpOf([example]));
}

function helpOf(examples: readonly string[]): string {
  const lines = examples.map(
    (example) => `  $ ${example.includes("foreword") ? example : `foreword ${example}`}`,
  );
  return `\n${examples.length === 1 ? "Example" : "Examples"}:\n${lines.join("\n")}`;
}

/** The API of the server that the user is logged in to. Throws CliError (auth). */
export function connect(): Client {
  return createClient(readProfile());
}

/** The same with the key that may make keys, where there is one of its own. */
export function connectAsAdmin(): Client {
  const profile = readProfile();
  return createClient({ url: profile.url, key: profile.adminKey ?? profile.key });
}

/** Parses an option that is a whole number of at least `least`. */
export function wholeNumber(least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Found "${text}", wanted a whole number of at least ${least}`);
  };
}

/** Parses an option that is a number above zero. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`Found "${text}", wanted a number above 0`);
}
