import { z } from "zod";
import { KEY_PREFIX, scopeSchema, type Scope } from "../../shared/contracts/key.ts";
import { newId } from "../../shared/ids.ts";
import type { SqlRow } from "../../shared/ports/sql-database.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import type { Deps } from "../deps.ts";

/** An API key as it may be shown: never the key itself. */
export interface KeyRecord {
  readonly id: string;
  readonly organization: string;
  readonly name: string;
  /** The last characters, to tell keys apart. */
  readonly hint: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  /** Null means the usual limit. */
  readonly requestsPerMinute: number | null;
  /** When a key that was rotated ends. */
  readonly expiresAt: number | null;
}

export interface KeyRecords {
  /** The key of this digest, unless it was revoked or is over. */
  findLive(sha256: string): Promise<KeyRecord | null>;
  /** Sets when the key was used last. */
  noteUse(id: string): Promise<void>;
  /** Makes a key; `key` is given out here and never again. */
  create(
    organization: string,
    name: string,
    scopes: readonly Scope[],
    requestsPerMinute?: number | null,
  ): Promise<{ record: KeyRecord; key: string }>;
  /** A new key with the rights of another, which goes on for `graceMs`; null when there is no such live key. */
  rotate(
    organization: string,
    id: string,
    graceMs: number,
  ): Promise<{ record: KeyRecord; key: string } | null>;
  list(organization: string): Promise<KeyRecord[]>;
  /** False when the organisation has no such live key. */
  revoke(organization: string, id: string): Promise<boolean>;
}

/** 192 bits: beyond guessing, and short enough to paste. */
const KEY_BYTES = 24;
const HINT_LENGTH = 4;
const LIVE = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)";
const scopesSchema = z.array(scopeSchema);

type KeyDeps = Pick<Deps, "database" | "now">;

export function createKeyRecords({ database, now }: KeyDeps): KeyRecords {
  return {
    async findLive(sha256) {
      const row = await database.first(`SELECT * FROM keys WHERE sha256 = ?1 AND ${LIVE}`, sha256, now());
      return row && toRecord(row);
    },

    async noteUse(id) {
      await database.run("UPDATE keys SET last_used_at = ?2 WHERE id = ?1", id, now());
    },

    create,

    async rotate(organization, id, graceMs) {
      const row = await database.first(
        `SELECT * FROM keys WHERE organization = ?1 AND id = ?3 AND ${LIVE}`,
        organization,
        now(),
        id,
      );
      if (!row) return null;
      const { name, scopes, requestsPerMinute } = toRecord(row);
      const made = await create(organization, name, scopes, requestsPerMinute);
      await database.run("UPDATE keys SET expires_at = ?2 WHERE id = ?1", id, now() + graceMs);
      return made;
    },

    async list(organization) {
      const sql = `SELECT * FROM keys WHERE organization = ?1 AND ${LIVE} ORDER BY id DESC`;
      return (await database.all(sql, organization, now())).map(toRecord);
    },

    async revoke(organization, id) {
      const sql =
        "UPDATE keys SET revoked_at = ?3 WHERE organization = ?1 AND id = ?2 AND revoked_at IS NULL";
      return (await database.run(sql, organization, id, now())) > 0;
    },
  };

  async function create(
    organization: string,
    name: string,
    scopes: readonly Scope[],
    requestsPerMinute: number | null = null,
  ) {
    const key = KEY_PREFIX + base64Url(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
    const record: KeyRecord = {
      id: newId("key", now()),
      organization,
      name,
      hint: key.slice(-HINT_LENGTH),
      scopes,
      createdAt: now(),
      lastUsedAt: null,
      requestsPerMinute,
      expiresAt: null,
    };
    await database.run(
      `INSERT INTO keys (id, organization, name, sha256, hint, scopes_json, created_at, requests_per_minute)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
      record.id,
      organization,
      name,
      await sha256Hex(key),
      record.hint,
      JSON.stringify(scopes),
      record.createdAt,
      requestsPerMinute,
    );
    return { record, key };
  }
}

function toRecord(row: SqlRow): KeyRecord {
  return {
    id: row["id"] as string,
    organization: row["organization"] as string,
    name: row["name"] as string,
    hint: row["hint"] as string,
    scopes: scopesSchema.parse(JSON.parse(row["scopes_json"] as string)),
    createdAt: row["created_at"] as number,
    lastUsedAt: row["last_used_at"] as number | null,
    requestsPerMinute: row["requests_per_minute"] as number | null,
    expiresAt: row["expires_at"] as number | null,
  };
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
