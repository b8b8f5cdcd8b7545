import { isCancel, password, text } from "@clack/prompts";
import type { Command } from "commander";
import { createClient } from "../client.ts";
import { leaf, type CommonOptions } from "../command.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { note, printJson } from "../output.ts";
import { configFile, saveProfile } from "../profile.ts";
import { modelListShape } from "../shapes.ts";

const LOCAL_URL = "http://127.0.0.1:8787";
/** Keys have some 40 characters; whatever pipes in more is something else. */
const MAX_KEY_LENGTH = 1024;

/** `foreword login`: keep a server and a key. The key is asked for or read from stdin, never an argument. */
export function addLogin(program: Command): void {
  leaf(program, "login", "Keep a server's address and a key; the key is asked for, or read from stdin", [
    "login",
    "login --url https://foreword.example.workers.dev < key.txt",
  ])
    .option("--url <url>", "the server's address")
    .action(async ({ url: given, json }: CommonOptions & { url?: string }) => {
      const url = given ?? (process.env["FOREWORD_URL"] || (await askUrl()));
      if (!URL.canParse(url)) {
        throw new CliError(`Found the address "${url}", wanted one such as "${LOCAL_URL}"`, exitCodes.usage);
      }
      const key = await readKey();
      await createClient({ url, key }).call("v1/models", modelListShape);
      saveProfile(url, key);
      if (json) printJson({ url, file: configFile() });
      note(`Logged in to ${url}; kept in ${configFile()}`);
    });
}

async function askUrl(): Promise<string> {
  if (!process.stdin.isTTY) return LOCAL_URL;
  const answer = await text({
    message: "Address of the server",
    placeholder: LOCAL_URL,
    defaultValue: LOCAL_URL,
    output: process.stderr,
  });
  if (isCancel(answer)) throw new CliError("Login was called off", exitCodes.failed);
  return answer;
}

async function readKey(): Promise<string> {
  const key = process.stdin.isTTY ? await askKey() : await pipedKey();
  if (key !== "") return key;
  throw new CliError("Found no key, wanted one typed in or piped to stdin", exitCodes.auth);
}

async function askKey(): Promise<string> {
  const answer = await password({ message: "API key", output: process.stderr });
  if (isCancel(answer)) throw new CliError("Login was called off", exitCodes.failed);
  return answer.trim();
}

async function pipedKey(): Promise<string> {
  let piped = "";
  for await (const piece of process.stdin) {
    piped += String(piece);
    if (piped.length > MAX_KEY_LENGTH) {
      throw new CliError(
        `Found more than ${MAX_KEY_LENGTH} characters on stdin, wanted a key`,
        exitCodes.usage,
      );
    }
  }
  return piped.trim();
}
