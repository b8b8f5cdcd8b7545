import { tunedModelName, type JobProgress, type TunedPrompt } from "../../shared/contracts/job.ts";
import { ConflictError } from "../../shared/errors.ts";
import { newId } from "../../shared/ids.ts";
import type { SqlDatabase, SqlStatement } from "../../shared/ports/sql-database.ts";
import { insertJobEvent, type NewJobEvent } from "./job-events.ts";
import { toJobRecord, type JobRecord } from "./jobs.ts";
import { insertPromptsOfJob } from "./prompts.ts";

/** A trainer that is silent for longer than this is taken for dead, and its job goes to another. */
export const LEASE_MS = 60_000;
/** A job that brought down so many trainers will bring down the next one too. */
export const MAX_ATTEMPTS = 3;

/** An attempt that takes longer is stuck, or was never going to end: tuning takes minutes. */
export const MAX_RUN_MS = 6 * 60 * 60_000;
/** Pause after a failed attempt, times its number: this part of a lease. */
const RETRY_PAUSE = 1 / 6;

/** The states of a job between queue and end; every write checks the fencing token of the lease. */
export interface Leases {
  /**
   * Gives out a job that waits or whose lease ran out, or null. Organisations take turns, so that one that queues
   * thousands of jobs delays another's by one; within an organisation priority decides, then age.
   *
   * @param request the trainer's name for this call: repeated because its answer was lost, it gets the same job
   */
  claim(request?: string): Promise<JobRecord | null>;
  /** Ends jobs whose trainers are lost for good and puts those of the others back in the queue. */
  heal(): Promise<void>;
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

/** @param leaseMs the usual length of a lease; tests of what happens after it make it shorter */
export function createLeases(database: SqlDatabase, now: () => number, leaseMs: number = LEASE_MS): Leases {
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
    async heal() {
      await database.transaction(healing(now(), leaseMs));
    },

    async claim(request) {
      const time = now();
      await database.transaction(healing(time, leaseMs));
      const given = request === undefined ? null : await database.first(GIVEN, request, time);
      if (given) return toJobRecord(given);
      const [row] = await database.all(CLAIM, time + leaseMs, newId("prompt", time), time, request ?? null);
      if (!row) return null;
      const job = toJobRecord(row);
      const message = job.attempt === 1 ? "Tuning started" : `Tuning started again, attempt ${job.attempt}`;
      await note(job.id, { message });
      return job;
    },

    async heartbeat(id, token, progress) {
      const time = now();
      const [row] = await database.all(
        `UPDATE jobs SET lease_expires_at = ?3, progress_json = COALESCE(?4, progress_json),
           stop_reason = CASE WHEN stop_reason IS NULL AND attempt_started_at < ?5 THEN 'time_limit' ELSE stop_reason END
         WHERE ${HELD} RETURNING *`,
        id,
        token,
        time + leaseMs,
        progress ? JSON.stringify(progress) : null,
        time - MAX_RUN_MS,
      );
      if (!row) throw leaseLost(id, token);
      if (progress?.phase === "tuning") {
        const message = `Step ${progress.step}/${progress.total_steps}`;
        await note(id, { message, metrics: progress });
      }
      const cancel = row["cancel_requested"] === 1 || row["stop_reason"] !== null;
      return { cancel, leaseExpiresAt: time + leaseMs };
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
      const messages = [
        ...(prompt.chosen ? [`Settings: ${prompt.chosen.reason}`] : []),
        `New fine-tuned model created: ${model}`,
      ];
      await write(id, token, [
        {
          sql: `UPDATE jobs SET status = 'succeeded', finished_at = ?3, lease_expires_at = NULL WHERE ${HELD}`,
          parameters: [id, token, time],
        },
        ...insertPromptsOfJob(id, token, { promptId: promptId as string, model }, prompt, time),
        // With the status, so that whoever sees that the job is over finds its last events.
        ...messages.map((message) => insertJobEvent(id, time, { message }, token)),
      ]);
      return { model };
    },

    async fail(id, token, error, retry) {
      const job = await held(id, token);
      const again = retry && job.attempt < MAX_ATTEMPTS && !job.cancelRequested && job.stopReason === null;
      const status = again ? "queued" : job.cancelRequested ? "cancelled" : "failed";
      const told = job.stopReason === null ? error : stopError(job.stopReason);
      const sql = `UPDATE jobs SET status = ?3, error_json = ?4, finished_at = ?5, lease_expires_at = ?6 WHERE ${HELD}`;
      // Until then a queued job is not given out again: what failed just now would most likely fail at once.
      const notBefore = again ? now() + leaseMs * RETRY_PAUSE * job.attempt : null;
      // A cancelled job has no fault to tell of.
      const kept = status === "cancelled" ? null : JSON.stringify(told);
      const parameters = [id, token, status, kept, again ? null : now(), notBefore];
      await write(id, token, [{ sql, parameters }]);
      const message = status === "cancelled" ? "Job was cancelled" : told.message;
      await note(id, { level: again ? "warn" : status === "cancelled" ? "info" : "error", message });
    },

    async release(id, token) {
      // The attempt is not counted: the machine went away, the job did nothing wrong.
      const sql = `UPDATE jobs SET status = 'queued', lease_expires_at = NULL, attempt = attempt - 1 WHERE ${HELD}`;
      await write(id, token, [{ sql, parameters: [id, token] }]);
      await note(id, { message: "Trainer shut down; the job waits for another one" });
    },
  };
}

/** The job that this very call was given before, if its trainer still holds it. */
const GIVEN = "SELECT * FROM jobs WHERE lease_request = ?1 AND status = 'running' AND lease_expires_at > ?2";

/**
 * One statement, so that of many trainers that ask at once each gets another job. The organisations that wait are found
 * by leaping over the index from one to the next, so that the length of anybody's queue costs nothing.
 */
const CLAIM = `
  WITH RECURSIVE waiting (organization) AS (
    SELECT MIN(organization) FROM jobs WHERE status = 'queued'
    UNION ALL
    SELECT (SELECT MIN(organization) FROM jobs WHERE status = 'queued' AND jobs.organization > waiting.organization)
    FROM waiting WHERE organization IS NOT NULL
  ),
  candidates (id, turn, created_at) AS (
    SELECT head.id, COALESCE(turns.number, 0), head.created_at
    FROM waiting
    JOIN jobs AS head ON head.id = (
      SELECT id FROM jobs
      WHERE status = 'queued' AND jobs.organization = waiting.organization AND COALESCE(lease_expires_at, 0) <= ?3
      ORDER BY priority DESC, created_at, id LIMIT 1)
    LEFT JOIN turns ON turns.organization = waiting.organization
    WHERE waiting.organization IS NOT NULL
  )
  UPDATE jobs SET status = 'running', attempt = attempt + 1, lease_token = lease_token + 1, lease_expires_at = ?1,
    prompt_id = ?2, started_at = COALESCE(started_at, ?3), attempt_started_at = ?3, lease_request = ?4
  WHERE id = (SELECT id FROM candidates ORDER BY turn, created_at, id LIMIT 1)
  RETURNING *`;

/** What a lease that ran out does to its job: the end where no further attempt is allowed, else the queue again. */
function healing(now: number, leaseMs: number): SqlStatement[] {
  const lost = { code: "trainer_lost", message: `The trainer was lost ${MAX_ATTEMPTS} times` };
  const end = (error: { code: string; message: string }, where: string): SqlStatement => ({
    sql: `UPDATE jobs SET status = 'failed', error_json = ?1, finished_at = ?2, lease_expires_at = NULL
          WHERE status = 'running' AND ${where}`,
    parameters: [JSON.stringify(error), now],
  });
  return [
    {
      sql: `UPDATE jobs SET status = 'cancelled', finished_at = ?1, lease_expires_at = NULL
            WHERE status = 'running' AND lease_expires_at < ?1 AND cancel_requested = 1`,
      parameters: [now],
    },
    end(stopError("dataset_gone"), "lease_expires_at < ?2 AND stop_reason = 'dataset_gone'"),
    // Even a trainer that goes on sending heartbeats loses a job that it was told to stop, a lease's length later.
    end(stopError("time_limit"), `attempt_started_at < ?2 - ${MAX_RUN_MS + leaseMs}`),
    end(lost, `lease_expires_at < ?2 AND attempt >= ${MAX_ATTEMPTS}`),
    {
      sql: `UPDATE jobs SET status = 'queued', lease_expires_at = NULL WHERE status = 'running' AND lease_expires_at < ?1`,
      parameters: [now],
    },
  ];
}

function stopError(reason: NonNullable<JobRecord["stopReason"]>): { code: string; message: string } {
  return reason === "dataset_gone"
    ? { code: reason, message: "The dataset was deleted while the job ran" }
    : { code: reason, message: `The job ran for more than ${MAX_RUN_MS / 3_600_000} hours` };
}

function leaseLost(id: string, token: number): ConflictError {
  return new ConflictError(`Job "${id}" is not leased with token ${token} any more`, { code: "lease_lost" });
}
