import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SqlDatabase, SqlRow, SqlValue } from "../../shared/ports/sql-database.ts";

const migrations = join(import.meta.dirname, "../../functions/migrations");

/** The database port over SQLite in memory, with all tables made. */
export function createSqliteDatabase(): SqlDatabase {
  const database = new DatabaseSync(":memory:");
  for (const file of readdirSync(migrations).toSorted())
    database.exec(readFileSync(join(migrations, file), "utf8"));
  // D1 binds by position; node:sqlite takes ?1 by name or in order, and wants every value to be used.
  const bind = (sql: string, parameters: readonly SqlValue[]) =>
    Object.fromEntries(
      parameters.flatMap((value, i) =>
        new RegExp(`\\?${i + 1}\\b`).test(sql) ? [[`?${i + 1}`, value]] : [],
      ),
    );
  const all = (sql: string, parameters: readonly SqlValue[]) =>
    database.prepare(sql).all(bind(sql, parameters)) as SqlRow[];
  const run = (sql: string, parameters: readonly SqlValue[]) =>
    Number(database.prepare(sql).run(bind(sql, parameters)).changes);
  return {
    all: async (sql, ...parameters) => all(sql, parameters),
    first: async (sql, ...parameters) => all(sql, parameters)[0] ?? null,
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
