import { checkpointPromptId, tunedPromptSchema, type TunedPrompt } from "../../shared/contracts/job.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../shared/ports/sql-database.ts";

/** A soft prompt in the registry. */
export interface PromptRecord {
  readonly id: string;
  readonly organization: string;
  /** The tuned model's name, `ft:...`. */
  readonly model: string;
  readonly baseModel: string;
  readonly jobId: string | null;
  readonly datasetId: string | null;
  readonly prompt: TunedPrompt;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface PromptRecords {
  /** One organisation's tuned model by name; another organisation's is as absent as a missing one. */
  findByModel(organization: string, model: string): Promise<PromptRecord | null>;
  find(organization: string, id: string): Promise<PromptRecord | null>;
  /** Newest first, without those of earlier steps of a run. */
  list(organization: string): Promise<PromptRecord[]>;
  /** Those of earlier steps of the run that ended with this one, latest step first. */
  checkpoints(organization: string, id: string): Promise<PromptRecord[]>;
  /** False when there is no such prompt. */
  remove(organization: string, id: string, now: number): Promise<boolean>;
}

const LIVE = "organization = ?1 AND deleted_at IS NULL";

export function createPromptRecords(database: SqlDatabase): PromptRecords {
  return {
    async findByModel(organization, model) {
      const row = await database.first(
        `SELECT * FROM prompts WHERE ${LIVE} AND model = ?2`,
        organization,
        model,
      );
      return row && toRecord(row);
    },
    async find(organization, id) {
      const row = await database.first(`SELECT * FROM prompts WHERE ${LIVE} AND id = ?2`, organization, id);
      return row && toRecord(row);
    },
    async list(organization) {
      const sql = `SELECT * FROM prompts WHERE ${LIVE} AND checkpoint_of IS NULL ORDER BY id DESC`;
      return (await database.all(sql, organization)).map(toRecord);
    },
    async checkpoints(organization, id) {
      const sql = `SELECT * FROM prompts WHERE ${LIVE} AND checkpoint_of = ?2 ORDER BY prompt_json ->> '$.steps' DESC`;
      return (await database.all(sql, organization, id)).map(toRecord);
    },
    async remove(organization, id, now) {
      const sql = `UPDATE prompts SET deleted_at = ?3 WHERE ${LIVE} AND id = ?2`;
      return (await database.run(sql, organization, id, now)) > 0;
    },
  };
}

/**
 * The soft prompts of a job that has just succeeded under this lease, those of earlier steps last; without that, nothing is
 * inserted.
 */
export function insertPromptsOfJob(
  jobId: string,
  leaseToken: number,
  { promptId, model }: { readonly promptId: string; readonly model: string },
  { checkpoints = [], ...prompt }: TunedPrompt,
  now: number,
): SqlStatement[] {
  const earlier = checkpoints.map(({ step, files, metrics }): SqlStatement => ({
    sql: `INSERT INTO prompts (id, organization, model, base_model, dataset_id, checkpoint_of, prompt_json, created_at)
          SELECT ?6, organization, ?3, base_model, dataset_id, prompt_id, ?4, ?5 ${SUCCEEDED}`,
    parameters: [
      jobId,
      leaseToken,
      `${model}:ckpt-step-${step}`,
      JSON.stringify({ ...prompt, files, metrics, steps: step, evaluation: null }),
      now,
      checkpointPromptId(promptId, step),
    ],
  }));
  return [
    {
      sql: `INSERT INTO prompts (id, organization, model, base_model, job_id, dataset_id, prompt_json, created_at)
            SELECT prompt_id, organization, ?3, base_model, id, dataset_id, ?4, ?5 ${SUCCEEDED}`,
      parameters: [jobId, leaseToken, model, JSON.stringify(prompt), now],
    },
    ...earlier,
  ];
}

const SUCCEEDED = "FROM jobs WHERE id = ?1 AND lease_token = ?2 AND status = 'succeeded'";

/** The insertion of a soft prompt that no job made. */
export function insertPrompt(record: PromptRecord): SqlStatement {
  return {
    sql: `INSERT INTO prompts (id, organization, model, base_model, job_id, dataset_id, prompt_json, created_at)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
    parameters: [
      record.id,
      record.organization,
      record.model,
      record.baseModel,
      record.jobId,
      record.datasetId,
      JSON.stringify(record.prompt),
      record.createdAt,
    ],
  };
}

function toRecord(row: SqlRow): PromptRecord {
  return {
    id: row["id"] as string,
    organization: row["organization"] as string,
    model: row["model"] as string,
    baseModel: row["base_model"] as string,
    jobId: row["job_id"] as string | null,
    datasetId: row["dataset_id"] as string | null,
    prompt: tunedPromptSchema.parse(JSON.parse(row["prompt_json"] as string)),
    createdAt: row["created_at"] as number,
  };
}
