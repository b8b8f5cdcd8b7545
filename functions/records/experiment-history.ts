import { z } from "zod";
import type { SqlDatabase, SqlStatement } from "../../shared/ports/sql-database.ts";

/** One change of an experiment: who did what, and why. */
export interface NewHistoryEntry {
  /** A key's id, or "policy" or "job". */
  readonly actor: string;
  readonly action: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface HistoryEntry extends Required<NewHistoryEntry> {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

const detailSchema = z.record(z.string(), z.unknown());

/** The insertion of an entry, where the experiment still has the version that the change starts from. */
export function insertHistory(
  id: string,
  experiment: { readonly id: string; readonly version: number },
  now: number,
  entry: NewHistoryEntry,
): SqlStatement {
  return {
    sql: `INSERT INTO experiment_history (id, experiment_id, actor, action, detail_json, created_at)
      SELECT ?3, ?1, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM experiments WHERE id = ?1 AND version = ?2)`,
    parameters: [
      experiment.id,
      experiment.version,
      id,
      entry.actor,
      entry.action,
      JSON.stringify(entry.detail ?? {}),
      now,
    ],
  };
}

/** An experiment's changes, oldest first. */
export async function listHistory(database: SqlDatabase, experiment: string): Promise<HistoryEntry[]> {
  const sql = "SELECT * FROM experiment_history WHERE experiment_id = ?1 ORDER BY created_at, rowid";
  return (await database.all(sql, experiment)).map((row) => ({
    id: row["id"] as string,
    actor: row["actor"] as string,
    action: row["action"] as string,
    detail: detailSchema.parse(JSON.parse(row["detail_json"] as string)),
    createdAt: row["created_at"] as number,
  }));
}
