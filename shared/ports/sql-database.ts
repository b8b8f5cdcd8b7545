/** What SQLite columns hold. */
export type SqlValue = string | number | null;
export type SqlRow = Record<string, SqlValue>;

export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** A SQLite database: D1 at the edge, node:sqlite elsewhere. Parameters are positional (`?1`, `?2`, ...). */
export interface SqlDatabase {
  /** Every row of a query, or of a `RETURNING` clause. */
  all(sql: string, ...parameters: SqlValue[]): Promise<SqlRow[]>;
  first(sql: string, ...parameters: SqlValue[]): Promise<SqlRow | null>;
  /** Number of rows changed. */
  run(sql: string, ...parameters: SqlValue[]): Promise<number>;
  /** All of the statements or none; gives the rows changed by each. */
  transaction(statements: readonly SqlStatement[]): Promise<number[]>;
}
