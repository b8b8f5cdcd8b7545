import type { Context, MiddlewareHandler } from "hono";
import { ConflictError, InvalidDataError, InvalidRequestError } from "../../shared/errors.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "./app-env.ts";
import { seal, unseal } from "./sealed-text.ts";
import { isForm, limitBody, readForm } from "./upload.ts";

/** How long an answer is kept for being given again. */
export const KEEP_MS = 24 * 60 * 60_000;
/** A call under way for longer than this died with its isolate. */
const ABANDONED_MS = 5 * 60_000;
const MAX_KEY_LENGTH = 255;
/** Longer answers would not fit a row of the database; calls that give them may simply be made again. */
const MAX_ANSWER_CHARACTERS = 256 * 1024;
/** Files are hashed in pieces of this size, so that no second copy of one is held in memory. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Lets a POST that carries `Idempotency-Key` take effect once: repeated within a day, it gets the first call's answer.
 * Answers may hold a key that is shown once, or somebody's text, so they are encrypted under the caller's API key, which
 * is nowhere in the database. Failures of ours and streams are not kept.
 */
export function idempotent({ database, now }: Pick<Deps, "database" | "now">): MiddlewareHandler<AppEnv> {
  const limit = limitBody();
  return async (c, next) => {
    const key = c.req.header("idempotency-key");
    if (c.req.method !== "POST" || key === undefined) return next();
    if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
      throw new InvalidRequestError(
        `Header "idempotency-key" has ${key.length} characters, wanted 1 to ${MAX_KEY_LENGTH}`,
        { code: "invalid_idempotency_key" },
      );
    }
    // Before it is read for its digest.
    await limit(c, async () => undefined);
    const passphrase = `${c.req.header("authorization")}\n${key}`;
    const id = await sha256Hex(`${c.get("caller").keyId}\n${key}`);
    const fingerprint = await fingerprintOf(c);
    const time = now();
    await database.run(
      "DELETE FROM idempotent_calls WHERE id = ?1 AND (created_at < ?2 OR (status IS NULL AND created_at < ?3))",
      id,
      time - KEEP_MS,
      time - ABANDONED_MS,
    );
    const insert = `INSERT INTO idempotent_calls (id, fingerprint, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING`;
    if ((await database.run(insert, id, fingerprint, time)) === 0) {
      const row = await database.first("SELECT * FROM idempotent_calls WHERE id = ?1", id);
      if (row && row["fingerprint"] !== fingerprint) {
        throw new InvalidDataError(`Idempotency key "${key}" was used for another request`, {
          code: "idempotency_key_reused",
        });
      }
      if (!row || row["status"] === null) {
        throw new ConflictError(`The first request with idempotency key "${key}" is still under way`, {
          code: "idempotency_in_progress",
          retryAfter: 1,
        });
      }
      c.header("idempotency-replayed", "true");
      c.header("content-type", row["content_type"] as string);
      return c.body(await unseal(passphrase, row["answer"] as string), row["status"] as 200);
    }
    await next();
    await keep(c, passphrase, id);
  };

  async function keep(c: Context<AppEnv>, passphrase: string, id: string): Promise<void> {
    const { status, headers } = c.res;
    const type = headers.get("content-type") ?? "";
    const text =
      status < 500 && status !== 429 && type.startsWith("application/json") ? await c.res.clone().text() : "";
    if (text === "" || text.length > MAX_ANSWER_CHARACTERS) {
      await database.run("DELETE FROM idempotent_calls WHERE id = ?1", id);
      return;
    }
    await database.run(
      "UPDATE idempotent_calls SET status = ?2, content_type = ?3, answer = ?4 WHERE id = ?1",
      id,
      status,
      type,
      await seal(passphrase, text),
    );
  }
}

/** What makes two requests the same: method, path and content. What is read here, the handler finds read. */
async function fingerprintOf(c: Context<AppEnv>): Promise<string> {
  const content = isForm(c) ? await contentOfForm(c) : await c.req.text();
  return sha256Hex(`${c.req.method} ${c.req.path}\n${content}`);
}

/** A form's fields and files, whatever its boundary is: that differs with each attempt. */
async function contentOfForm(c: Context<AppEnv>): Promise<string> {
  const parts: unknown[] = [];
  for (const [name, value] of (await readForm(c)) as unknown as Iterable<[string, File | string]>)
    parts.push(
      typeof value === "string" ? [name, value] : [name, value.name, value.type, await digestsOf(value)],
    );
  return JSON.stringify(parts);
}

async function digestsOf(file: Blob): Promise<string[]> {
  const digests: string[] = [];
  for (let at = 0; at < file.size; at += PIECE_BYTES)
    digests.push(await sha256Hex(new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer())));
  return digests;
}
