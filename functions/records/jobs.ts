import { z } from "zod";
import {
  jobProgressSchema,
  tuneSettingsSchema,
  type JobProgress,
  type JobStatus,
  type TuneSettings,
} from "../../shared/contracts/job.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../shared/ports/sql-database.ts";

const metadataSchema = z.record(z.string(), z.string());
const jobErrorSchema = z.object({ code: z.string(), message: z.string() });

/** A tuning job. Times are milliseconds since 1970. */
export interface JobRecord {
  readonly id: string;
  readonly organization: string;
  readonly datasetId: string;
  readonly eventKey: string | null;
  readonly baseModel: string;
  readonly suffix: string;
  readonly settings: TuneSettings;
  readonly status: JobStatus;
  readonly cancelRequested: boolean;
  readonly attempt: number;
  readonly leaseToken: number;
  readonly leaseExpiresAt: number | null;
  /** Larger goes first within its organisation. */
  readonly priority: number;
  /** Why it is to stop while it runs, other than by its user. */
  readonly stopReason: "dataset_gone" | "time_limit" | null;
  readonly validationDatasetId: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** The call or event that made it. */
  readonly requestId: string | null;
  readonly promptId: string | null;
  readonly progress: JobProgress | null;
  readonly error: z.infer<typeof jobErrorSchema> | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

export interface JobRecords {
  find(organization: string, id: string): Promise<JobRecord | null>;
  /** Newest first; `after` is the id of the last job of the page before. */
  list(
    organization: string,
    page: { after?: string | undefined; limit: number; metadata?: Readonly<Record<string, string>> },
  ): Promise<JobRecord[]>;
  /** Calls a job off: at once where it waits, by its trainer's next heartbeat where it runs. False when it has ended. */
  cancel(organization: string, id: string, now: number): Promise<boolean>;
}

/** Sorts behind every id: what a first page starts after. */
export const LAST_ID = "~";

export function createJobRecords(database: SqlDatabase): JobRecords {
  return {
    async find(organization, id) {
      const row = await database.first(
        "SELECT * FROM jobs WHERE organization = ?1 AND id = ?2",
        organization,
        id,
      );
      return row && toJobRecord(row);
    },
    async list(organization, { after, limit, metadata = {} }) {
      const sql = `SELECT * FROM jobs WHERE organization = ?1 AND id < ?2
                     AND NOT EXISTS (SELECT 1 FROM json_each(?4) AS wanted WHERE NOT EXISTS (
                       SELECT 1 FROM json_each(metadata_json) AS found
                       WHERE found.key = wanted.key AND found.value = wanted.value))
                   ORDER BY id DESC LIMIT ?3`;
      const wanted = JSON.stringify(metadata);
      return (await database.all(sql, organization, after ?? LAST_ID, limit, wanted)).map(toJobRecord);
    },
    async cancel(organization, id, now) {
      const sql = `UPDATE jobs SET cancel_requested = 1,
                     finished_at = CASE status WHEN 'queued' THEN ?3 END,
                     status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END
                   WHERE organization = ?1 AND id = ?2 AND status IN ('queued', 'running')`;
      return (await database.run(sql, organization, id, now)) > 0;
    },
  };
}

export type NewJob = Pick<
  JobRecord,
  "id" | "organization" | "datasetId" | "eventKey" | "baseModel" | "suffix" | "settings" | "createdAt"
> &
  Partial<Pick<JobRecord, "priority" | "validationDatasetId" | "metadata" | "requestId">>;

/** The insertion of a queued job; changes nothing when its event has made one already. */
export function insertJob(job: NewJob): SqlStatement {
  return {
    sql: `INSERT INTO jobs (id, organization, dataset_id, event_key, base_model, suffix, settings_json, status, created_at,
                            priority, validation_dataset_id, metadata_json, request_id)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8, ?9, ?10, ?11, ?12) ON CONFLICT (event_key) DO NOTHING`,
    parameters: [
      job.id,
      job.organization,
      job.datasetId,
      job.eventKey,
      job.baseModel,
      job.suffix,
      JSON.stringify(job.settings),
      job.createdAt,
      job.priority ?? 0,
      job.validationDatasetId ?? null,
      job.metadata ? JSON.stringify(job.metadata) : null,
      job.requestId ?? null,
    ],
  };
}

/**
 * Statements that stop the jobs of a dataset that is gone: those that wait fail at once, those that run when their
 * trainer's next heartbeat says so.
 */
export function stopJobsOfDataset(organization: string, name: string, now: number): SqlStatement[] {
  const jobs = "dataset_id IN (SELECT id FROM datasets WHERE organization = ?1 AND name = ?2)";
  const error = JSON.stringify({ code: "dataset_gone", message: `Dataset "${name}" was deleted` });
  return [
    {
      sql: `UPDATE jobs SET status = 'failed', error_json = ?3, finished_at = ?4 WHERE status = 'queued' AND ${jobs}`,
      parameters: [organization, name, error, now],
    },
    {
      sql: `UPDATE jobs SET stop_reason = 'dataset_gone' WHERE status = 'running' AND ${jobs}`,
      parameters: [organization, name],
    },
  ];
}

export function toJobRecord(row: SqlRow): JobRecord {
  return {
    id: row["id"] as string,
    organization: row["organization"] as string,
    datasetId: row["dataset_id"] as string,
    eventKey: row["event_key"] as string | null,
    baseModel: row["base_model"] as string,
    suffix: row["suffix"] as string,
    settings: tuneSettingsSchema.parse(JSON.parse(row["settings_json"] as string)),
    status: row["status"] as JobStatus,
    cancelRequested: row["cancel_requested"] === 1,
    attempt: row["attempt"] as number,
    leaseToken: row["lease_token"] as number,
    leaseExpiresAt: row["lease_expires_at"] as number | null,
    priority: row["priority"] as number,
    stopReason: row["stop_reason"] as JobRecord["stopReason"],
    validationDatasetId: row["validation_dataset_id"] as string | null,
    metadata: parseJson(row["metadata_json"], metadataSchema),
    requestId: row["request_id"] as string | null,
    promptId: row["prompt_id"] as string | null,
    progress: parseJson(row["progress_json"], jobProgressSchema),
    error: parseJson(row["error_json"], jobErrorSchema),
    createdAt: row["created_at"] as number,
    startedAt: row["started_at"] as number | null,
    finishedAt: row["finished_at"] as number | null,
  };
}

function parseJson<T>(value: unknown, schema: z.ZodType<T>): T | null {
  return typeof value === "string" ? schema.parse(JSON.parse(value)) : null;
}
