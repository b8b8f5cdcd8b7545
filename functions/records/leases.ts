import { tunedModelName, type JobProgress, type TunedPrompt } from "../../shared/contracts/job.ts";
import { ConflictError } from "../../shared/errors.ts";
import { newId } from "../../shared/ids.ts";
import type { SqlDatabase, SqlStatement } from "../../shared/ports/sql-database.ts";
import { insertJobEvent, type NewJobEvent } from "./job-events.ts";
import { toJobRecord, type JobRecord } from "./jobs.ts";
import { insertPromptOfJob } from "./prompts.ts";

/** A trainer that is silent for longer than this is taken for dead, and its job goes to another. */
export const LEASE_MS = 60_000;
/** A job that brought down so many trainers will bring down the next one too. */
export const MAX_ATTEMPTS = 3;

/** Pause after a failed attempt, times its number. */
const RETRY_PAUSE_MS = 10_000;

/** The states of a job between queue and end; every write checks the fencing token of the lease. */
export interface Leases {
  /** Gives out the oldest job that waits or whose lease ran out, or null. */
  claim(): Promise<JobRecord | null>;
  /** Extends a lease. Throws ConflictError (`lease_lost`) when it is no longer the holder's. */
  heartbeat(
    id: string,
    token: number,
    progress?: JobProgress,
  ): Promise<{ cancel: boolean; leaseExpiresAt: number }>;
  /** Ends a job with its soft prompt, exactly once; repeating it is success. Throws ConflictError (`lease_lost`). */
  complete(id: string, token: number, prompt: TunedPrompt): Promise<{ model: string }>;
  /** Ends an attempt without one. Throws ConflictError (`lease_lost`). */
  fail(id: string, token: number, error: { code: string; message: string }, retry: boolean): Promise<void>;
  /** Gives a job back untouched, for another trainer to go on. Throws ConflictError (`lease_lost`). */
  release(id: string, token: number): Promise<void>;
}

const HELD = "id = ?1 AND lease_token = ?2 AND status = 'running'";

export function createLeases(database: SqlDatabase, now: () => number): Leases {
  const held = async (id: string, token: number): Promise<JobRecord> => {
    const row = await database.first(`SELECT * FROM jobs WHERE ${HELD}`, id, token);
    if (!row) throw leaseLost(id, token);
    return toJobRecord(row);
  };
  /** Runs statements whose first one is guarded by the lease; without it nothing must have been written. */
  const write = async (id: string, token: number, statements: SqlStatement[]): Promise<void> => {
    const changes = await database.transaction(statements);
    if (changes[0] === 0) throw leaseLost(id, token);
  };

  const note = (id: string, event: NewJobEvent) => database.transaction([insertJobEvent(id, now(), event)]);

  return {
    async claim() {
      const time = now();
      await endExhausted(database, time);
      const [row] = await database.all(
        // One statement, so that of many trainers that ask at once each gets another job.
        `UPDATE jobs SET status = 'running', attempt = attempt + 1, lease_token = lease_token + 1,
           lease_expires_at = ?1, prompt_id = ?2, started_at = COALESCE(started_at, ?3)
         WHERE id = (SELECT id FROM jobs
                     WHERE (status = 'queued' AND COALESCE(lease_expires_at, 0) <= ?3)
                        OR (status = 'running' AND lease_expires_at < ?3)
                     ORDER BY created_at, id LIMIT 1)
         RETURNING *`,
        time + LEASE_MS,
        newId("prompt", time),
        time,
      );
      if (!row) return null;
      const job = toJobRecord(row);
      const message = job.attempt === 1 ? "Tuning started" : `Tuning started again, attempt ${job.attempt}`;
      await note(job.id, { message });
      return job;
    },

    async heartbeat(id, token, progress) {
      const leaseExpiresAt = now() + LEASE_MS;
      const [row] = await database.all(
        `UPDATE jobs SET lease_expires_at = ?3, progress_json = COALESCE(?4, progress_json) WHERE ${HELD} RETURNING *`,
        id,
        token,
        leaseExpiresAt,
        progress ? JSON.stringify(progress) : null,
      );
      if (!row) throw leaseLost(id, token);
      if (progress?.phase === "tuning") {
        const message = `Step ${progress.step}/${progress.total_steps}`;
        await note(id, { message, metrics: progress });
      }
      return { cancel: row["cancel_requested"] === 1, leaseExpiresAt };
    },

    async complete(id, token, prompt) {
      const done = await database.first(
        "SELECT model FROM prompts JOIN jobs ON jobs.id = job_id WHERE job_id = ?1 AND lease_token = ?2",
        id,
        token,
      );
      if (done) return { model: done["model"] as string };
      const { baseModel, organization, suffix, promptId } = await held(id, token);
      const model = tunedModelName(baseModel, organization, suffix, promptId as string);
      const time = now();
      await write(id, token, [
        {
          sql: `UPDATE jobs SET status = 'succeeded', finished_at = ?3, lease_expires_at = NULL WHERE ${HELD}`,
          parameters: [id, token, time],
        },
        insertPromptOfJob(id, token, model, prompt, time),
      ]);
      await note(id, { message: `New fine-tuned model created: ${model}` });
      return { model };
    },

    async fail(id, token, error, retry) {
      const job = await held(id, token);
      const again = retry && job.attempt < MAX_ATTEMPTS && !job.cancelRequested;
      const status = again ? "queued" : job.cancelRequested ? "cancelled" : "failed";
      const sql = `UPDATE jobs SET status = ?3, error_json = ?4, finished_at = ?5, lease_expires_at = ?6 WHERE ${HELD}`;
      // Until then a queued job is not given out again: what failed just now would most likely fail at once.
      const notBefore = again ? now() + RETRY_PAUSE_MS * job.attempt : null;
      const parameters = [id, token, status, JSON.stringify(error), again ? null : now(), notBefore];
      await write(id, token, [{ sql, parameters }]);
      await note(id, { level: again ? "warn" : "error", message: error.message });
    },

    async release(id, token) {
      // The attempt is not counted: the machine went away, the job did nothing wrong.
      const sql = `UPDATE jobs SET status = 'queued', lease_expires_at = NULL, attempt = attempt - 1 WHERE ${HELD}`;
      await write(id, token, [{ sql, parameters: [id, token] }]);
      await note(id, { message: "Trainer shut down; the job waits for another one" });
    },
  };
}

/** Fails jobs whose last allowed attempt died without a word. */
async function endExhausted(database: SqlDatabase, now: number): Promise<void> {
  const error = { code: "trainer_lost", message: `The trainer was lost ${MAX_ATTEMPTS} times` };
  await database.run(
    `UPDATE jobs SET status = CASE cancel_requested WHEN 1 THEN 'cancelled' ELSE 'failed' END,
       error_json = ?1, finished_at = ?2, lease_expires_at = NULL
     WHERE status = 'running' AND lease_expires_at < ?2 AND (attempt >= ?3 OR cancel_requested = 1)`,
    JSON.stringify(error),
    now,
    MAX_ATTEMPTS,
  );
}

function leaseLost(id: string, token: number): ConflictError {
  return new ConflictError(`Job "${id}" is not leased with token ${token} any more`, { code: "lease_lost" });
}
