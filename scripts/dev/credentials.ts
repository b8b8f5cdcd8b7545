import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { KEY_PREFIX } from "../../shared/contracts/key.ts";
import { credentialsFile } from "./paths.ts";

export const credentialsSchema = z.object({
  apiKey: z.string(),
  adminKey: z.string(),
  trainerKey: z.string(),
  s3: z.object({
    endpoint: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    bucket: z.string(),
    region: z.string(),
  }),
});
/** `.foreword/credentials.json`: everything needed to talk to the local stack. */
export type Credentials = z.infer<typeof credentialsSchema>;

const OWNER_ONLY = 0o600;
const SECRET_BYTES = 24;

/** The credentials of an earlier start, or null. Throws when the file is there but is no credentials file. */
export function readCredentials(): Credentials | null {
  return existsSync(credentialsFile)
    ? credentialsSchema.parse(JSON.parse(readFileSync(credentialsFile, "utf8")))
    : null;
}

/** Keeps credentials where only their owner can read them. */
export function writeCredentials(credentials: Credentials): void {
  mkdirSync(dirname(credentialsFile), { recursive: true });
  writeFileSync(credentialsFile, `${JSON.stringify(credentials, null, 2)}\n`, { mode: OWNER_ONLY });
}

/** A new random key in the manner of the Worker's own. */
export function newAdminKey(): string {
  return KEY_PREFIX + randomBytes(SECRET_BYTES).toString("base64url");
}
