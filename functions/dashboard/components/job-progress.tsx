import type { Job } from "../api/types.ts";
import { count, duration } from "../format.ts";
import { Meter } from "./basics.tsx";

const PHASES = {
  preparing: "Preparing",
  tuning: "Tuning",
  evaluating: "Evaluating",
  uploading: "Uploading the soft prompt",
} as const;

export const isUnderWay = ({ status }: Job) => status === "queued" || status === "running";

/** Where a job is, in words. */
export function jobPhase({ status, foreword: { progress } }: Job): string {
  if (status === "queued") return "Waiting for a trainer";
  if (status !== "running") return "";
  if (!progress) return "Preparing";
  if (progress.phase !== "tuning") return PHASES[progress.phase];
  const left = progress.seconds_left === null ? "" : `, ${duration(progress.seconds_left)} left`;
  return `Step ${count(progress.step)} of ${count(progress.total_steps)}${left}`;
}

/** How far a job is, as a bar with its words. */
export function JobProgressLine({ job }: { readonly job: Job }) {
  const { progress } = job.foreword;
  const share = progress && progress.total_steps > 0 ? progress.step / progress.total_steps : 0;
  const words = jobPhase(job);
  return (
    <div class="progress-line">
      <Meter share={share} label={words} />
      <span class="muted">{words}</span>
    </div>
  );
}
