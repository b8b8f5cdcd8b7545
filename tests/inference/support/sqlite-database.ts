import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SqlDatabase, SqlRow } from "../../../shared/ports/sql-database.ts";

const migrations = join(import.meta.dirname, "../../../functions/migrations");

/** The app's tables in an in-memory SQLite. */
export function createSqliteDatabase(): SqlDatabase {
  const database = new DatabaseSync(":memory:");
  for (const file of readdirSync(migrations).toSorted())
    database.exec(readFileSync(join(migrations, file), "utf8"));
  const run = (sql: string, parameters: readonly (string | number | null)[]) =>
    Number(database.prepare(sql).run(...parameters).changes);
  return {
    all: async (sql, ...parameters) => database.prepare(sql).all(...parameters) as SqlRow[],
    first: async (sql, ...parameters) =>
      (database.prepare(sql).get(...parameters) as SqlRow | undefined) ?? null,
    run: async (sql, ...parameters) => run(sql, parameters),
    async transaction(statements) {
      database.exec("BEGIN");
      try {
        const changes = statements.map(({ sql, parameters }) => run(sql, parameters));
        database.exec("COMMIT");
        return changes;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}
