import { writeFileSync } from "node:fs";
import type { JobQueue } from "../shared/ports/job-queue.ts";

/**
 * A queue that leaves a sign of life in `file` whenever it is asked for a job or told about one. What counts is that the
 * trainer's loop turns, not that the API answers: an outage is no reason to restart a container in the midst of a job.
 */
export function withHeartbeatFile(queue: JobQueue, file: string): JobQueue {
  const beat = () => writeFileSync(file, `${new Date().toISOString()}\n`);
  beat();
  return {
    ...queue,
    lease: (...args) => {
      beat();
      return queue.lease(...args);
    },
    heartbeat: (...args) => {
      beat();
      return queue.heartbeat(...args);
    },
  };
}
