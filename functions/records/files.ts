import { newId } from "../../shared/ids.ts";
import type { SqlDatabase, SqlRow } from "../../shared/ports/sql-database.ts";
import { LAST_ID } from "./jobs.ts";

/** What `/v1/files` shows: an upload, a dataset version however it came into the bucket, or a job's metrics. */
export interface FileRecord {
  readonly id: string;
  readonly filename: string;
  readonly purpose: "fine-tune" | "fine-tune-results";
  readonly bytes: number;
  readonly status: "uploaded" | "processed" | "error";
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Where its bytes are: a dataset of the organisation (the version with the etag, once known), or a job. */
  readonly dataset: string | null;
  readonly etag: string | null;
  readonly job: string | null;
}

export interface NewFile {
  readonly organization: string;
  readonly dataset: string;
  readonly filename: string;
  readonly bytes: number;
  /** Whether registering the dataset also makes a job. */
  readonly tune: boolean;
}

export interface FilePage {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly purpose?: string | undefined;
}

export interface FileRecords {
  find(organization: string, id: string): Promise<FileRecord | null>;
  /** Newest first. */
  list(organization: string, page: FilePage): Promise<FileRecord[]>;
  /** Announces an upload before its bytes are in the bucket; gives its id. */
  announce(file: NewFile): Promise<string>;
  /** Takes an announcement back. */
  withdraw(id: string): Promise<void>;
  /** The announced upload that a dataset's next version came from, or null where it was put into the bucket directly. */
  awaited(organization: string, dataset: string): Promise<{ id: string; tune: boolean } | null>;
}

/** Id of a job's result file: the job's own with another prefix, so that no table needs to map one to the other. */
export function resultFileId(jobId: string): string {
  return jobId.replace(/^ftjob_/, "file_");
}

/** Sorts behind every file's id. */
const LAST_FILE_ID = `file_${LAST_ID}`;

/**
 * One page of each kind of file, to be put together: every part reads its own index, and no more rows than a page has.
 * `compare` is "=" or "<", the id is ?2, the limit ?3, the purpose or NULL ?4.
 */
const pages = (compare: "=" | "<") => `
  SELECT * FROM (
    SELECT datasets.id, COALESCE(filename, name || '.jsonl') AS filename, 'fine-tune' AS purpose, datasets.bytes,
           CASE status WHEN 'accepted' THEN 'processed' ELSE 'error' END AS status, datasets.created_at,
           name AS dataset, etag, NULL AS job
    FROM datasets LEFT JOIN files ON files.id = datasets.id
    WHERE datasets.organization = ?1 AND datasets.id ${compare} ?2 AND datasets.deleted_at IS NULL
      AND COALESCE(?4, 'fine-tune') = 'fine-tune'
    ORDER BY datasets.id DESC LIMIT ?3)
  UNION ALL
  SELECT * FROM (
    SELECT id, filename, 'fine-tune', bytes, 'uploaded', created_at, dataset, NULL, NULL FROM files
    WHERE organization = ?1 AND id ${compare} ?2 AND deleted_at IS NULL AND COALESCE(?4, 'fine-tune') = 'fine-tune'
      AND NOT EXISTS (SELECT 1 FROM datasets WHERE datasets.id = files.id)
    ORDER BY id DESC LIMIT ?3)
  UNION ALL
  SELECT * FROM (
    SELECT 'file_' || substr(id, 7), id || '.csv', 'fine-tune-results', 0, 'processed', finished_at, NULL, NULL, id
    FROM jobs WHERE organization = ?1 AND id ${compare} 'ftjob_' || substr(?2, 6) AND status = 'succeeded'
      AND COALESCE(?4, 'fine-tune-results') = 'fine-tune-results'
    ORDER BY jobs.id DESC LIMIT ?3)`;
const ONE = pages("=");
const PAGE = `SELECT * FROM (${pages("<")}) ORDER BY id DESC LIMIT ?3`;

export function createFileRecords(database: SqlDatabase, now: () => number): FileRecords {
  return {
    async find(organization, id) {
      const row = await database.first(ONE, organization, id, 1, null);
      return row && toRecord(row);
    },
    async list(organization, { after, limit, purpose }) {
      const rows = await database.all(PAGE, organization, after ?? LAST_FILE_ID, limit, purpose ?? null);
      return rows.map(toRecord);
    },
    async announce({ organization, dataset, filename, bytes, tune }) {
      const id = newId("file", now());
      await database.run(
        `INSERT INTO files (id, organization, dataset, filename, bytes, tune, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
        id,
        organization,
        dataset,
        filename,
        bytes,
        Number(tune),
        now(),
      );
      return id;
    },
    async withdraw(id) {
      await database.run("DELETE FROM files WHERE id = ?1", id);
    },
    async awaited(organization, dataset) {
      const row = await database.first(
        `SELECT id, tune FROM files WHERE organization = ?1 AND dataset = ?2 AND deleted_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM datasets WHERE datasets.id = files.id) ORDER BY id DESC LIMIT 1`,
        organization,
        dataset,
      );
      return row && { id: row["id"] as string, tune: row["tune"] === 1 };
    },
  };
}

function toRecord(row: SqlRow): FileRecord {
  return {
    id: row["id"] as string,
    filename: row["filename"] as string,
    purpose: row["purpose"] as FileRecord["purpose"],
    bytes: row["bytes"] as number,
    status: row["status"] as FileRecord["status"],
    createdAt: row["created_at"] as number,
    dataset: row["dataset"] as string | null,
    etag: row["etag"] as string | null,
    job: row["job"] as string | null,
  };
}
