import type { SqlDatabase, SqlRow } from "../../shared/ports/sql-database.ts";
import { newId } from "../../shared/ids.ts";
import { LAST_ID } from "./jobs.ts";

/** A message that no retry could deliver. Times are milliseconds since 1970. */
export interface DeadLetter {
  readonly id: string;
  readonly body: unknown;
  readonly createdAt: number;
  readonly resentAt: number | null;
}

export interface DeadLetters {
  add(body: unknown): Promise<string>;
  find(id: string): Promise<DeadLetter | null>;
  /** Newest first. */
  list(page: { after?: string | undefined; limit: number }): Promise<DeadLetter[]>;
  markResent(id: string): Promise<void>;
}

export function createDeadLetters(database: SqlDatabase, now: () => number): DeadLetters {
  return {
    async add(body) {
      const id = newId("event", now());
      const sql = "INSERT INTO dead_letters (id, body_json, created_at) VALUES (?1, ?2, ?3)";
      await database.run(sql, id, JSON.stringify(body) ?? "null", now());
      return id;
    },
    async find(id) {
      const row = await database.first("SELECT * FROM dead_letters WHERE id = ?1", id);
      return row && toLetter(row);
    },
    async list({ after, limit }) {
      const sql = "SELECT * FROM dead_letters WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
      return (await database.all(sql, after ?? LAST_ID, limit)).map(toLetter);
    },
    async markResent(id) {
      await database.run("UPDATE dead_letters SET resent_at = ?2 WHERE id = ?1", id, now());
    },
  };
}

function toLetter(row: SqlRow): DeadLetter {
  return {
    id: row["id"] as string,
    body: JSON.parse(row["body_json"] as string),
    createdAt: row["created_at"] as number,
    resentAt: row["resent_at"] as number | null,
  };
}
