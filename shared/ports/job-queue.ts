import type { HeartbeatAnswer, JobProgress, LeaseAnswer, TunedPrompt } from "../contracts/job.ts";

/** Where a trainer takes jobs from and reports to. All but `lease` throw LeaseLostError when the job is another's now. */
export interface JobQueue {
  /** The next job, or null when none waits. */
  lease(): Promise<LeaseAnswer | null>;
  heartbeat(id: string, token: number, progress?: JobProgress): Promise<HeartbeatAnswer>;
  /** Returns the tuned model's name. */
  complete(id: string, token: number, prompt: TunedPrompt): Promise<string>;
  fail(id: string, token: number, error: { code: string; message: string }, retry: boolean): Promise<void>;
  release(id: string, token: number): Promise<void>;
}
