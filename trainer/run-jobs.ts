import { setTimeout as sleep } from "node:timers/promises";
import type { JobProgress, LeaseAnswer, LeasedJob, TunedPrompt } from "../shared/contracts/job.ts";
import { ConflictError, ForewordError, InternalError, UnavailableError } from "../shared/errors.ts";
import type { JobQueue } from "../shared/ports/job-queue.ts";
import type { JobOutcome, TrainerMetrics } from "./metrics/metrics.ts";

/**
 * Tunes one job; `report` takes its progress as often as it likes, `signal` ends it early. What is written on the way lies
 * under the lease's token; a job that nobody leased has none.
 */
export type Train = (
  job: LeasedJob,
  report: (progress: JobProgress) => void,
  signal: AbortSignal,
  leaseToken?: number,
) => Promise<TunedPrompt>;

export interface RunOptions {
  readonly heartbeatMs: number;
  /** Pause between questions for a job when none waits. */
  readonly pollMs?: number;
  readonly exitWhenIdle?: boolean;
  /** Ends after the present job was given back. */
  readonly signal: AbortSignal;
  readonly metrics?: TrainerMetrics | undefined;
  log(message: string, fields?: Record<string, unknown>): void;
}

/** Someone else holds the job by now: this process must not write a thing any more. */
export class LeaseLostError extends ConflictError {}
/** The user called the job off. */
export class JobCancelledError extends ConflictError {}
/** The machine is going away. */
export class ShutdownError extends UnavailableError {}

/**
 * Takes jobs and runs them one after another until the signal fires. Throws LeaseLostError when a job was lost while
 * it ran: the process should end and start afresh.
 */
export async function runJobs(queue: JobQueue, train: Train, options: RunOptions): Promise<void> {
  while (!options.signal.aborted) {
    const lease = await askForJob(queue, options);
    if (lease) await runJob(queue, train, lease, options);
    else if (lease === null && options.exitWhenIdle) return;
    else await pause(options);
  }
}

/** The next job, null when none waits, or undefined when nobody answers: a trainer outlives the API's outages. */
async function askForJob(queue: JobQueue, { log }: RunOptions): Promise<LeaseAnswer | null | undefined> {
  try {
    return await queue.lease();
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    log("API does not answer", { error: String(error) });
    return undefined;
  }
}

async function runJob(
  queue: JobQueue,
  train: Train,
  { job, lease }: LeaseAnswer,
  options: RunOptions,
): Promise<void> {
  const { log } = options;
  const abort = new AbortController();
  const shutdown = () => abort.abort(new ShutdownError("Trainer is shutting down"));
  options.signal.addEventListener("abort", shutdown, { once: true });
  // The signal may have come while the job was on its way here.
  if (options.signal.aborted) shutdown();
  const began = performance.now();
  const took = () => (performance.now() - began) / 1000;
  options.metrics?.started();
  const heart = startHeartbeat(queue, { job, lease }, options, abort);
  log("Job started", {
    job: job.id,
    requestId: job.request_id,
    dataset: job.dataset.name,
    attempt: job.attempt,
    token: lease.token,
  });
  let outcome: JobOutcome = "failed";
  try {
    const prompt = await train(job, heart.report, abort.signal, lease.token);
    abort.signal.throwIfAborted();
    const model = await queue.complete(job.id, lease.token, prompt);
    outcome = "succeeded";
    log("Job succeeded", { job: job.id, requestId: job.request_id, model });
  } catch (error) {
    const reason: unknown = abort.signal.aborted ? abort.signal.reason : error;
    outcome = outcomeOf(reason);
    await settle(queue, { job, lease }, reason, options);
  } finally {
    options.metrics?.ended(outcome, took());
    options.signal.removeEventListener("abort", shutdown);
    await heart.stop();
  }
}

/** Tells the queue how an attempt ended that brought no soft prompt. */
async function settle(
  queue: JobQueue,
  { job, lease }: LeaseAnswer,
  error: unknown,
  { log }: RunOptions,
): Promise<void> {
  if (error instanceof LeaseLostError) throw error;
  if (error instanceof ConflictError && error.code === "lease_lost")
    throw new LeaseLostError(error.message, { cause: error });
  if (error instanceof ShutdownError) {
    await tell(queue.release(job.id, lease.token), job, log);
    log("Job released", { job: job.id });
    return;
  }
  const known = error instanceof ForewordError ? error : new InternalError("Tuning failed", { cause: error });
  const retry = known instanceof InternalError;
  const code = known.code ?? "tuning_failed";
  log("Job failed", { job: job.id, code, error: error instanceof Error ? error.stack : String(error) });
  await tell(queue.fail(job.id, lease.token, { code, message: known.message }, retry), job, log);
}

/** What cannot be told is found out anyway, when the lease runs out. Throws LeaseLostError. */
async function tell(call: Promise<void>, { id }: LeasedJob, log: RunOptions["log"]): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ConflictError) throw new LeaseLostError(error.message, { cause: error });
    if (!(error instanceof UnavailableError)) throw error;
    log("API does not answer", { job: id, error: String(error) });
  }
}

function outcomeOf(error: unknown): JobOutcome {
  if (error instanceof ShutdownError) return "released";
  if (error instanceof JobCancelledError) return "cancelled";
  const lost = error instanceof ConflictError && error.code === "lease_lost";
  return lost || error instanceof LeaseLostError ? "lost" : "failed";
}

/** Keeps the lease alive, carries the newest progress, and aborts the job when told to or when the lease is gone. */
function startHeartbeat(
  queue: JobQueue,
  { job, lease }: LeaseAnswer,
  options: RunOptions,
  abort: AbortController,
) {
  const stopped = new AbortController();
  let newest: JobProgress | undefined;
  const beat = async () => {
    while (!stopped.signal.aborted) {
      await sleep(options.heartbeatMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted) return;
      const progress = newest;
      newest = undefined;
      try {
        const { cancel } = await queue.heartbeat(job.id, lease.token, progress);
        options.metrics?.beat(progress);
        if (cancel) abort.abort(new JobCancelledError("Job was cancelled", { code: "cancelled" }));
      } catch (error) {
        if (!(error instanceof ConflictError)) {
          // The lease may outlive a short outage; if it does not, the next heartbeat finds out.
          options.metrics?.missed();
          options.log("Heartbeat failed", { job: job.id, error: String(error) });
          continue;
        }
        abort.abort(new LeaseLostError(error.message, { code: "lease_lost", cause: error }));
        return;
      }
    }
  };
  const beating = beat();
  return {
    report: (progress: JobProgress) => {
      newest = progress;
    },
    stop: async () => {
      stopped.abort();
      await beating;
    },
  };
}

async function pause({ pollMs = 1000, signal }: RunOptions): Promise<void> {
  // Waking up by the signal is what the loop's condition is for.
  await sleep(pollMs, undefined, { signal }).catch(() => undefined);
}
