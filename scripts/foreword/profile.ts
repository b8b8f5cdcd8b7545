import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { CliError, exitCodes } from "./exit-codes.ts";

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];
const savedSchema = z.object({ url: z.url(), key: z.string().min(1) });
const localSchema = z.object({ apiKey: z.string(), adminKey: z.string().optional() });

/** Which server to call, with which keys, and where that was found. */
export interface Profile {
  readonly url: string;
  readonly key: string;
  /** May make keys; the usual one may do everything else. */
  readonly adminKey: string | undefined;
  readonly source: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `~/.config/foreword/config.json`, or where XDG_CONFIG_HOME says. */
export function configFile(environment: Environment = process.env): string {
  const folder = environment["XDG_CONFIG_HOME"] || join(environment["HOME"] || homedir(), ".config");
  return join(folder, "foreword", "config.json");
}

/** Keeps a server and its key where only their owner can read them. */
export function saveProfile(url: string, key: string, file: string = configFile()): void {
  mkdirSync(dirname(file), { recursive: true, mode: OWNER_ONLY_FOLDER });
  writeFileSync(file, `${JSON.stringify({ url, key }, null, 2)}\n`, { mode: OWNER_ONLY });
  // The mode above is for new files only.
  chmodSync(file, OWNER_ONLY);
}

/**
 * FOREWORD_URL and FOREWORD_API_KEY first, then what `foreword login` kept, then the local stack of the folder that this
 * runs in. A kept key is only ever sent to the server that it was kept for. Throws CliError (auth).
 */
export function readProfile(environment: Environment = process.env, folder = process.cwd()): Profile {
  // Empty is as good as not set.
  const adminKey = environment["FOREWORD_ADMIN_KEY"] || undefined;
  const url = environment["FOREWORD_URL"] || undefined;
  const key = environment["FOREWORD_API_KEY"] || adminKey;
  if (url !== undefined && !URL.canParse(url)) {
    throw new CliError(
      `FOREWORD_URL is "${url}", wanted an address such as "http://127.0.0.1:8787"`,
      exitCodes.usage,
    );
  }
  if (url && key) return { url, key, adminKey, source: "environment" };
  const kept = readKept(environment, folder);
  if (kept && (!url || fits(url, kept))) {
    return {
      url: url ?? kept.url,
      key: key ?? kept.key,
      adminKey: adminKey ?? kept.adminKey,
      source: kept.source,
    };
  }
  const found = url ? `only a server, "${url}"` : "none";
  throw new CliError(
    `No API key for a server: found ${found}, wanted FOREWORD_URL and FOREWORD_API_KEY, or a login with "foreword login"`,
    exitCodes.auth,
    { code: "missing_api_key" },
  );
}

function fits(url: string, kept: Profile): boolean {
  const wanted = new URL(url);
  const known = new URL(kept.url);
  return (
    wanted.origin === known.origin || [wanted, known].every(({ hostname }) => LOOPBACK.includes(hostname))
  );
}

function readKept(environment: Environment, folder: string): Profile | null {
  const file = configFile(environment);
  if (existsSync(file)) return { ...parse(file, savedSchema), adminKey: undefined, source: file };
  const local = findLocal(environment, folder);
  if (local === null) return null;
  const { apiKey, adminKey } = parse(local, localSchema);
  return {
    url: `http://127.0.0.1:${environment["PORT"] ?? "8787"}`,
    key: apiKey,
    adminKey,
    source: local,
  };
}

/** The credentials of the local stack, in this folder or one above it. */
function findLocal(environment: Environment, folder: string): string | null {
  const state = environment["FOREWORD_STATE"];
  if (state !== undefined)
    return existsSync(join(state, "credentials.json")) ? join(state, "credentials.json") : null;
  for (let here = folder; ; here = dirname(here)) {
    const file = join(here, ".foreword", "credentials.json");
    if (existsSync(file)) return file;
    if (dirname(here) === here) return null;
  }
}

function parse<T>(file: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new CliError(`"${file}" holds no credentials; remove it and log in again`, exitCodes.auth, {
      cause,
    });
  }
}
