/** What the dashboard reads of the API's answers; `/openapi.json` describes all of it. Times are in seconds since 1970. */
import type { RowError, RowFormat, TokenStatistics } from "../../../shared/contracts/dataset.ts";
import type {
  Analysis,
  ExperimentStatus,
  Metric,
  Policy,
  UnitKind,
} from "../../../shared/contracts/experiment.ts";
import type { Evaluation, JobProgress, JobStatus, TuneSettings } from "../../../shared/contracts/job.ts";

export type { Evaluation, JobProgress, JobStatus, RowError, TokenStatistics };
export type { ExperimentStatus, Metric };
export type { Scores } from "../../../shared/contracts/job.ts";
export type { ClassificationAnswer } from "../../../shared/contracts/generation.ts";

export interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly status: "accepted" | "refused";
  readonly format: RowFormat | null;
  readonly rows: number;
  readonly labels: Readonly<Record<string, number>> | null;
  readonly tokens: TokenStatistics | null;
  readonly error_count: number;
  readonly errors: readonly RowError[];
  readonly created_at: number;
}

export interface Job {
  readonly id: string;
  readonly created_at: number;
  readonly finished_at: number | null;
  readonly model: string;
  readonly fine_tuned_model: string | null;
  readonly status: JobStatus;
  readonly training_file: string;
  readonly validation_file: string | null;
  readonly result_files: readonly string[];
  readonly seed: number;
  readonly trained_tokens: number | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly foreword: {
    readonly attempt: number;
    readonly settings: Partial<TuneSettings>;
    readonly progress: JobProgress | null;
    readonly evaluation: Evaluation | null;
    readonly tuning_seconds: number | null;
    readonly steps: number | null;
  };
}

export interface JobEvent {
  readonly id: string;
  readonly created_at: number;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly type: "message" | "metrics";
  readonly data: JobProgress | null;
}

export interface Prompt {
  readonly id: string;
  readonly model: string;
  readonly base_model: string;
  readonly base_digest: string;
  readonly method: string;
  readonly virtual_tokens: number;
  readonly row_format: RowFormat;
  readonly labels: readonly string[] | null;
  readonly job_id: string | null;
  readonly dataset_id: string | null;
  readonly evaluation: Evaluation | null;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  readonly created_at: number;
}

export interface Model {
  readonly id: string;
  readonly created: number;
  readonly base_model?: string;
  readonly prompt_id?: string;
  readonly dataset_id?: string | null;
  readonly row_format?: RowFormat;
  readonly labels?: readonly string[] | null;
  readonly evaluation?: Evaluation | null;
  readonly experiments?: readonly ModelInExperiment[];
}

interface ModelInExperiment {
  readonly id: string;
  readonly name: string;
  readonly variant: string;
  readonly status: ExperimentStatus;
  readonly serving: boolean;
}

interface Quota {
  readonly limit: number;
  readonly used: number;
}
export interface Quotas {
  readonly organization: string;
  readonly rows: Quota;
  readonly jobs: Quota;
  readonly tokens: Quota;
}

export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly status: ExperimentStatus;
  readonly unit: UnitKind;
  readonly variants: readonly { readonly key: string; readonly model: string; readonly weight: number }[];
  readonly metrics: readonly Metric[];
  readonly policy: Policy;
  readonly analysis: Analysis;
  readonly serving: string;
  readonly step: number | null;
  readonly verdict: string | null;
  readonly job_id: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
}

export type Interval = readonly [number, number];

export interface Comparison {
  readonly variant: string;
  readonly against: string;
  readonly difference: number | null;
  readonly interval: Interval | null;
  readonly lift: number | null;
  readonly lift_interval: Interval | null;
  readonly adjusted_p_value: number | null;
  readonly result?: "worse" | "undecided" | "better";
}

export interface MetricResults extends Omit<Metric, "min_effect"> {
  readonly min_effect: number | null;
  readonly variants: readonly {
    readonly variant: string;
    readonly units: number;
    readonly mean: number | null;
    readonly probability_best: number | null;
  }[];
  readonly comparisons: readonly Comparison[];
}

export interface Results {
  readonly verdict: {
    readonly state: string;
    readonly text: string;
    readonly winner: string | null;
    readonly units_needed: number | null;
  };
  readonly analysis: Analysis;
  readonly sample_ratio: { readonly sequential_p_value: number; readonly mismatch: boolean };
  readonly waiting_for: readonly string[];
  readonly variants: readonly { readonly key: string; readonly model: string; readonly units: number }[];
  readonly metrics: readonly MetricResults[];
  readonly days: readonly {
    readonly day: string;
    readonly variant: string;
    readonly metric: string;
    readonly units: number;
  }[];
}

export interface TimelineDay {
  readonly day: string;
  readonly metrics: readonly { readonly key: string; readonly comparisons: readonly Comparison[] }[];
}

export interface ExperimentChange {
  readonly id: string;
  readonly actor: string;
  readonly action: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly created_at: number;
}
