import type { SqlDatabase, SqlRow, SqlValue } from "../../shared/ports/sql-database.ts";

/** D1 as a SQL database. */
export function createD1Database(d1: D1Database): SqlDatabase {
  const prepare = (sql: string, parameters: readonly SqlValue[]) => d1.prepare(sql).bind(...parameters);
  return {
    all: async (sql, ...parameters) => (await prepare(sql, parameters).all<SqlRow>()).results,
    first: (sql, ...parameters) => prepare(sql, parameters).first<SqlRow>(),
    run: async (sql, ...parameters) => (await prepare(sql, parameters).run()).meta.changes,
    async transaction(statements) {
      const results = await d1.batch(statements.map(({ sql, parameters }) => prepare(sql, parameters)));
      return results.map((result) => result.meta.changes);
    },
  };
}
