import { validationReportSchema, type ValidationReport } from "../../shared/contracts/dataset.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../shared/ports/sql-database.ts";
import { LAST_ID } from "./jobs.ts";

/** One version of a dataset: what was found in the `train.jsonl` that had this etag. */
export interface DatasetRecord {
  readonly id: string;
  readonly organization: string;
  readonly name: string;
  readonly etag: string;
  readonly bytes: number;
  readonly status: "accepted" | "refused";
  readonly report: ValidationReport;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** When it was found to be gone, or null while it lies in the bucket. */
  readonly deletedAt: number | null;
}

export interface DatasetRecords {
  findVersion(organization: string, name: string, etag: string): Promise<DatasetRecord | null>;
  find(organization: string, id: string): Promise<DatasetRecord | null>;
  /** The newest version of a dataset. */
  latest(organization: string, name: string): Promise<DatasetRecord | null>;
  /** Versions, newest first; `after` is the id of the last one of the page before. */
  list(
    organization: string,
    page: { name?: string | undefined; after?: string | undefined; limit: number },
  ): Promise<DatasetRecord[]>;
  /** A known version lies in the bucket again. */
  revive(organization: string, id: string): Promise<void>;
}

export function createDatasetRecords(database: SqlDatabase): DatasetRecords {
  const first = async (where: string, ...parameters: string[]) => {
    const row = await database.first(
      `SELECT * FROM datasets WHERE ${where} ORDER BY id DESC LIMIT 1`,
      ...parameters,
    );
    return row && toRecord(row);
  };
  return {
    // Deleted versions too: the same object version never makes a second dataset.
    findVersion: (organization, name, etag) =>
      first("organization = ?1 AND name = ?2 AND etag = ?3", organization, name, etag),
    find: (organization, id) => first(`${LIVE} AND id = ?2`, organization, id),
    latest: (organization, name) => first(`${LIVE} AND name = ?2`, organization, name),
    async list(organization, { name, after, limit }) {
      const named = name === undefined ? "" : "AND name = ?4";
      const sql = `SELECT * FROM datasets WHERE ${LIVE} AND id < ?2 ${named} ORDER BY id DESC LIMIT ?3`;
      const parameters = [organization, after ?? LAST_ID, limit, ...(name === undefined ? [] : [name])];
      return (await database.all(sql, ...parameters)).map(toRecord);
    },
    async revive(organization, id) {
      await database.run(
        "UPDATE datasets SET deleted_at = NULL WHERE organization = ?1 AND id = ?2",
        organization,
        id,
      );
    },
  };
}

const LIVE = "organization = ?1 AND deleted_at IS NULL";

/** Says of all versions of a dataset that they are gone. */
export function markDatasetGone(organization: string, name: string, now: number): SqlStatement {
  return {
    sql: `UPDATE datasets SET deleted_at = ?3 WHERE ${LIVE} AND name = ?2`,
    parameters: [organization, name, now],
  };
}

/** The insertion of a version; changes nothing when that version is known already. */
export function insertDataset(record: Omit<DatasetRecord, "deletedAt">): SqlStatement {
  return {
    sql: `INSERT INTO datasets (id, organization, name, etag, bytes, status, report_json, created_at)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING`,
    parameters: [
      record.id,
      record.organization,
      record.name,
      record.etag,
      record.bytes,
      record.status,
      JSON.stringify(record.report),
      record.createdAt,
    ],
  };
}

function toRecord(row: SqlRow): DatasetRecord {
  return {
    id: row["id"] as string,
    organization: row["organization"] as string,
    name: row["name"] as string,
    etag: row["etag"] as string,
    bytes: row["bytes"] as number,
    status: row["status"] as DatasetRecord["status"],
    report: validationReportSchema.parse(JSON.parse(row["report_json"] as string)),
    createdAt: row["created_at"] as number,
    deletedAt: row["deleted_at"] as number | null,
  };
}
