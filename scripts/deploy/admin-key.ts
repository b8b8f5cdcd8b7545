import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { newAdminKey } from "../dev/credentials.ts";
import { parseJson, type Outcome } from "./resources.ts";
import { ask, must, type Wrangler } from "./wrangler.ts";

const SECRET = "ADMIN_KEY";
const OWNER_ONLY = 0o600;
const keptSchema = z.object({ adminKey: z.string().min(1) });

/**
 * Gives the Worker its admin key where it has none: FOREWORD_ADMIN_KEY, or a new one that is kept in `file`. The key goes
 * to wrangler's standard input, and is never printed.
 */
export async function ensureAdminKey(
  wrangler: Wrangler,
  config: readonly string[],
  { file, dryRun }: { file: string; dryRun: boolean },
): Promise<Outcome> {
  const list = await ask(wrangler, ["secret", "list", ...config]);
  const names = z.array(z.looseObject({ name: z.string() })).safeParse(parseJson(list ?? "[]"));
  if (names.success && names.data.some(({ name }) => name === SECRET)) return "there already";
  // Kept before it is sent: a key that only the Worker knows would be lost.
  const key = dryRun ? "" : process.env["FOREWORD_ADMIN_KEY"] || keptKey(file);
  await must(wrangler, ["secret", "put", SECRET, ...config], key);
  return "created";
}

function keptKey(file: string): string {
  if (existsSync(file)) return keptSchema.parse(JSON.parse(readFileSync(file, "utf8"))).adminKey;
  const adminKey = newAdminKey();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ adminKey }, null, 2)}\n`, { mode: OWNER_ONLY });
  return adminKey;
}
