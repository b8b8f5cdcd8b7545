import { jobProgressSchema, type JobProgress } from "../../shared/contracts/job.ts";
import { newId } from "../../shared/ids.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../shared/ports/sql-database.ts";
import { LAST_ID } from "./jobs.ts";

export interface JobEvent {
  readonly id: string;
  readonly level: "info" | "warn" | "error";
  readonly type: "message" | "metrics";
  readonly message: string;
  readonly data: unknown;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface NewJobEvent {
  readonly level?: JobEvent["level"];
  readonly message: string;
  /** Makes it an event of type `metrics`. */
  readonly metrics?: unknown;
}

/**
 * The insertion of an event in a job's history; nothing where there is no such job, or, given a lease's token, where the job
 * has not just succeeded under it.
 */
export function insertJobEvent(
  jobId: string,
  now: number,
  event: NewJobEvent,
  succeededUnder: number | null = null,
): SqlStatement {
  return {
    sql: `INSERT INTO job_events (id, job_id, level, type, message, data_json, created_at)
          SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (
            SELECT 1 FROM jobs WHERE id = ?2 AND (?8 IS NULL OR (lease_token = ?8 AND status = 'succeeded')))`,
    parameters: [
      newId("event", now),
      jobId,
      event.level ?? "info",
      event.metrics === undefined ? "message" : "metrics",
      event.message,
      event.metrics === undefined ? null : JSON.stringify(event.metrics),
      now,
      succeededUnder,
    ],
  };
}

/** A job's events, newest first; `after` is the id of the last event of the page before. */
export async function listJobEvents(
  database: SqlDatabase,
  jobId: string,
  page: { after?: string | undefined; limit: number },
): Promise<JobEvent[]> {
  const sql = "SELECT * FROM job_events WHERE job_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
  return (await database.all(sql, jobId, page.after ?? LAST_ID, page.limit)).map(toEvent);
}

/** What a job's trainer reported while it tuned, oldest first: the rows of its result file. */
export async function listMetrics(database: SqlDatabase, jobId: string): Promise<JobProgress[]> {
  const sql = "SELECT data_json FROM job_events WHERE job_id = ?1 AND type = 'metrics' ORDER BY id";
  const rows = await database.all(sql, jobId);
  return rows.map((row) => jobProgressSchema.parse(JSON.parse(row["data_json"] as string)));
}

function toEvent(row: SqlRow): JobEvent {
  return {
    id: row["id"] as string,
    level: row["level"] as JobEvent["level"],
    type: row["type"] as JobEvent["type"],
    message: row["message"] as string,
    data: typeof row["data_json"] === "string" ? JSON.parse(row["data_json"]) : null,
    createdAt: row["created_at"] as number,
  };
}
