import type { JobProgress } from "../../shared/contracts/job.ts";

export type JobOutcome = "succeeded" | "failed" | "cancelled" | "released" | "lost";
const OUTCOMES: readonly JobOutcome[] = ["succeeded", "failed", "cancelled", "released", "lost"];

/** What a trainer counts about itself. */
export interface TrainerMetrics {
  started(): void;
  ended(outcome: JobOutcome, seconds: number): void;
  /** A heartbeat that was answered. */
  beat(progress: JobProgress | undefined): void;
  /** A heartbeat that was not. */
  missed(): void;
  /** Everything in Prometheus' text format. */
  text(): string;
}

/** Counters of one trainer process. They are few and fixed, so the text format is written here and needs no library. */
export function createMetrics(): TrainerMetrics {
  const ended = new Map<JobOutcome, number>(OUTCOMES.map((outcome) => [outcome, 0]));
  let running = 0;
  let seconds = 0;
  let beats = 0;
  let missed = 0;
  let progress: JobProgress | undefined;
  return {
    started() {
      running++;
      progress = undefined;
    },
    ended(outcome, took) {
      running--;
      seconds += took;
      ended.set(outcome, (ended.get(outcome) ?? 0) + 1);
    },
    beat(newest) {
      beats++;
      progress = newest ?? progress;
    },
    missed() {
      missed++;
    },
    text: () =>
      [
        metric("jobs_running", "gauge", "Jobs that this trainer holds", [["", running]]),
        metric(
          "jobs_ended_total",
          "counter",
          "Attempts that ended, by outcome",
          [...ended].map(([outcome, count]) => [`{outcome="${outcome}"}`, count]),
        ),
        metric("job_seconds_total", "counter", "Seconds spent on jobs", [["", seconds]]),
        metric("heartbeats_total", "counter", "Heartbeats, by whether they were answered", [
          ['{answered="yes"}', beats],
          ['{answered="no"}', missed],
        ]),
        metric("tokens_per_second", "gauge", "Training tokens a second, as last reported", [
          ["", progress?.tokens_per_second ?? 0],
        ]),
        metric("step", "gauge", "Optimisation step of the present job", [["", progress?.step ?? 0]]),
        metric("resident_memory_bytes", "gauge", "Memory of the process", [["", process.memoryUsage().rss]]),
      ].join(""),
  };
}

function metric(
  name: string,
  type: "counter" | "gauge",
  help: string,
  values: readonly (readonly [labels: string, value: number])[],
): string {
  const full = `foreword_trainer_${name}`;
  const lines = values.map(([labels, value]) => `${full}${labels} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
}
