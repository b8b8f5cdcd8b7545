import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { SqlDatabase, SqlRow, SqlValue } from "../../shared/ports/sql-database.ts";

const migrationsFolder = fileURLToPath(new URL("../../functions/migrations", import.meta.url));

/** The app's tables in a SQLite file (`:memory:` for none), brought up to date by the same migrations as D1. */
export function openSqliteDatabase(path: string): SqlDatabase {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON");
  migrate(database);
  const prepare = preparing(database);
  const run = (sql: string, parameters: readonly SqlValue[]) => {
    const { statement, bind } = prepare(sql);
    return Number(statement.run(bind(parameters)).changes);
  };
  const all = (sql: string, parameters: readonly SqlValue[]) => {
    const { statement, bind } = prepare(sql);
    return statement.all(bind(parameters)) as SqlRow[];
  };
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

interface Prepared {
  readonly statement: StatementSync;
  bind(parameters: readonly SqlValue[]): Record<string, SqlValue>;
}

/** Statements are prepared once. D1 binds `?2` to the second value; node:sqlite knows it by that name, and wants no others. */
function preparing(database: DatabaseSync): (sql: string) => Prepared {
  const known = new Map<string, Prepared>();
  return (sql) => {
    const before = known.get(sql);
    if (before) return before;
    const numbers = new Set([...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number)));
    const prepared: Prepared = {
      statement: database.prepare(sql),
      bind: (parameters) =>
        Object.fromEntries([...numbers].map((number) => [`?${number}`, parameters[number - 1] ?? null])),
    };
    known.set(sql, prepared);
    return prepared;
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
