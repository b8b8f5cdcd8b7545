import { tunedPromptSchema, tuneSettingsSchema, type TunedPrompt } from "../../shared/contracts/job.ts";
import type { ExperimentEntry } from "../../shared/contracts/experiment.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../shared/ports/sql-database.ts";

/** What became of a tuned model that wanted to enter an experiment. */
export interface EntryRecord {
  readonly jobId: string;
  readonly organization: string;
  readonly name: string;
  readonly model: string;
  readonly status: "waiting" | "entered" | "refused";
  readonly reason: string;
  readonly experimentId: string | null;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** A tuned model that has not been decided about. */
export interface Candidate {
  readonly jobId: string;
  readonly organization: string;
  readonly model: string;
  readonly baseModel: string;
  readonly prompt: TunedPrompt;
  readonly entry: ExperimentEntry;
  /** The reason it still waits for, where it has been looked at before. */
  readonly waiting: string | null;
}

/** Oldest first: whoever was tuned first enters first. */
export async function listCandidates(database: SqlDatabase): Promise<Candidate[]> {
  const rows = await database.all(
    `SELECT j.id, j.organization, j.settings_json, p.model, p.base_model, p.prompt_json, e.reason
     FROM jobs j JOIN prompts p ON p.job_id = j.id AND p.deleted_at IS NULL
     LEFT JOIN experiment_entries e ON e.job_id = j.id
     WHERE j.status = 'succeeded' AND j.settings_json ->> '$.experiment.name' IS NOT NULL
       AND (e.status IS NULL OR e.status = 'waiting')
     ORDER BY j.finished_at, j.id LIMIT 100`,
  );
  return rows.flatMap((row) => {
    const settings = tuneSettingsSchema.parse(JSON.parse(row["settings_json"] as string));
    if (!settings.experiment) return [];
    return {
      jobId: row["id"] as string,
      organization: row["organization"] as string,
      model: row["model"] as string,
      baseModel: row["base_model"] as string,
      prompt: tunedPromptSchema.parse(JSON.parse(row["prompt_json"] as string)),
      entry: settings.experiment,
      waiting: row["reason"] as string | null,
    };
  });
}

/** Records what became of a candidate; what was decided stays. */
export function recordEntry(
  { jobId, organization, model, entry }: Candidate,
  status: EntryRecord["status"],
  reason: string,
  experimentId: string | null,
  now: number,
): SqlStatement {
  return {
    sql: `INSERT INTO experiment_entries (job_id, organization, name, model, status, reason, experiment_id, created_at, updated_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
      ON CONFLICT DO UPDATE SET status = excluded.status, reason = excluded.reason,
        experiment_id = excluded.experiment_id, updated_at = excluded.updated_at
      WHERE experiment_entries.status = 'waiting'`,
    parameters: [jobId, organization, entry.name, model, status, reason, experimentId, now],
  };
}

export async function findEntry(
  database: SqlDatabase,
  organization: string,
  model: string,
): Promise<EntryRecord | null> {
  const sql = "SELECT * FROM experiment_entries WHERE organization = ?1 AND model = ?2";
  const row = await database.first(sql, organization, model);
  return row && toEntry(row);
}

function toEntry(row: SqlRow): EntryRecord {
  return {
    jobId: row["job_id"] as string,
    organization: row["organization"] as string,
    name: row["name"] as string,
    model: row["model"] as string,
    status: row["status"] as EntryRecord["status"],
    reason: row["reason"] as string,
    experimentId: row["experiment_id"] as string | null,
    updatedAt: row["updated_at"] as number,
  };
}
