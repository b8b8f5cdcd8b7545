import type { Context, MiddlewareHandler } from "hono";
import { ConflictError, InvalidDataError, InvalidRequestError } from "../../shared/errors.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "./app-env.ts";
import { seal, unseal } from "./sealed-text.ts";

/** How long an answer is kept for being given again. */
export const KEEP_MS = 24 * 60 * 60_000;
/** A call under way for longer than this died with its isolate. */
const ABANDONED_MS = 5 * 60_000;
const MAX_KEY_LENGTH = 255;
/** Longer answers would not fit a row of the database; calls that give them may simply be made again. */
const MAX_ANSWER_CHARACTERS = 256 * 1024;
/** Longer bodies are told apart by length alone: hashing them takes a copy in memory. */
const MAX_HASHED_BYTES = 16 * 1024 * 1024;

/**
 * Lets a POST that carries `Idempotency-Key` take effect once: repeated within a day, it gets the first call's answer.
 * Answers may hold a key that is shown once, or somebody's text, so they are encrypted under the caller's API key, which
 * is nowhere in the database. Failures of ours and streams are not kept.
 */
export function idempotent({ database, now }: Pick<Deps, "database" | "now">): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const key = c.req.header("idempotency-key");
    if (c.req.method !== "POST" || key === undefined) return next();
    if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
      throw new InvalidRequestError(
        `Header "idempotency-key" has ${key.length} characters, wanted 1 to ${MAX_KEY_LENGTH}`,
        { code: "invalid_idempotency_key" },
      );
    }
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

/** What makes two requests the same: method, path and body. A multipart body's boundary differs with each attempt. */
async function fingerprintOf(c: Context<AppEnv>): Promise<string> {
  const length = Number(c.req.header("content-length") ?? 0);
  const multipart = c.req.header("content-type")?.startsWith("multipart/") ?? false;
  const start = `${c.req.method} ${c.req.path}\n`;
  if (multipart || length > MAX_HASHED_BYTES) return sha256Hex(`${start}${multipart ? "form" : length}`);
  // A copy, because the handler reads the body too.
  return sha256Hex(start + (await c.req.raw.clone().text()));
}
