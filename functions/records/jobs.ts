import { z } from "zod";
import {
  jobProgressSchema,
  tuneSettingsSchema,
  type JobProgress,
  type JobStatus,
  type TuneSettings,
} from "../../shared/contracts/job.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../shared/ports/sql-database.ts";

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
  list(organization: string, page: { after?: string | undefined; limit: number }): Promise<JobRecord[]>;
}

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
    async list(organization, { after, limit }) {
      const sql = `SELECT * FROM jobs WHERE organization = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3`;
      return (await database.all(sql, organization, after ?? null, limit)).map(toJobRecord);
    },
  };
}

export type NewJob = Pick<
  JobRecord,
  "id" | "organization" | "datasetId" | "eventKey" | "baseModel" | "suffix" | "settings" | "createdAt"
>;

/** The insertion of a queued job; changes nothing when its event has made one already. */
export function insertJob(job: NewJob): SqlStatement {
  return {
    sql: `INSERT INTO jobs (id, organization, dataset_id, event_key, base_model, suffix, settings_json, status, created_at)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8) ON CONFLICT (event_key) DO NOTHING`,
    parameters: [
      job.id,
      job.organization,
      job.datasetId,
      job.eventKey,
      job.baseModel,
      job.suffix,
      JSON.stringify(job.settings),
      job.createdAt,
    ],
  };
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
