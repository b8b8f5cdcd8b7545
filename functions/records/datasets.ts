import { validationReportSchema, type ValidationReport } from "../../shared/contracts/dataset.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../shared/ports/sql-database.ts";

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
}

export interface DatasetRecords {
  findVersion(organization: string, name: string, etag: string): Promise<DatasetRecord | null>;
  find(organization: string, id: string): Promise<DatasetRecord | null>;
  /** The newest version of a dataset. */
  latest(organization: string, name: string): Promise<DatasetRecord | null>;
  /** Every version, newest first. */
  list(organization: string, name?: string): Promise<DatasetRecord[]>;
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
    findVersion: (organization, name, etag) =>
      first("organization = ?1 AND name = ?2 AND etag = ?3", organization, name, etag),
    find: (organization, id) => first("organization = ?1 AND id = ?2", organization, id),
    latest: (organization, name) => first("organization = ?1 AND name = ?2", organization, name),
    async list(organization, name) {
      const sql =
        "SELECT * FROM datasets WHERE organization = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY id DESC";
      return (await database.all(sql, organization, name ?? null)).map(toRecord);
    },
  };
}

/** The insertion of a version; changes nothing when that version is known already. */
export function insertDataset(record: DatasetRecord): SqlStatement {
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
  };
}
