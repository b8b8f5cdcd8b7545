import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { SqlDatabase, SqlRow, SqlValue } from "../../shared/ports/sql-database.ts";

const migrationsFolder = fileURLToPath(new URL("../../functions/migrations", import.meta.url));

/** The app's tables in a SQLite file (`:memory:` for none), brought up to date by the same migrations as D1. */
export function openSqliteDatabase(path: string): SqlDatabase {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON");
  migrate(database);
  const run = (sql: string, parameters: readonly SqlValue[]) =>
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

/** `user_version` counts the migrations that the file has seen. */
function migrate(database: DatabaseSync): void {
  const { user_version: done } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  const files = readdirSync(migrationsFolder)
    .filter((file) => file.endsWith(".sql"))
    .toSorted();
  for (const [index, file] of files.entries()) {
    if (index < done) continue;
    database.exec(
      `BEGIN; ${readFileSync(join(migrationsFolder, file), "utf8")}; PRAGMA user_version = ${index + 1}; COMMIT`,
    );
  }
}
