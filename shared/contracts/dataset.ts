import { z } from "zod";

/** What one dataset may be. Each bound keeps validation a stream with bounded memory. */
export const datasetLimits = {
  bytes: 512 * 1024 * 1024,
  /** Longer lines are no prompt for a small model, and would have to be held in memory whole. */
  lineBytes: 1024 * 1024,
  rows: 1_000_000,
  /** JSON.parse recurses: a deeper document is an attack, not a row. */
  depth: 32,
  /** Errors listed in a report; all are counted. */
  reportedErrors: 100,
} as const;

export const chatMessageSchema = z.object({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string(),
});
export type ChatMessage = z.infer<typeof chatMessageSchema>;

export interface MessagesRow {
  readonly format: "messages";
  readonly messages: readonly ChatMessage[];
}
export interface CompletionRow {
  readonly format: "completion";
  readonly prompt: string;
  readonly completion: string;
}
export interface LabelRow {
  readonly format: "label";
  readonly text: string;
  readonly label: string;
}
/** One row of `train.jsonl`, in one of the three shapes that it may have. */
export type DatasetRow = MessagesRow | CompletionRow | LabelRow;
export const rowFormatSchema = z.enum(["messages", "completion", "label"]);
export type RowFormat = z.infer<typeof rowFormatSchema>;

export const rowErrorCodes = [
  "invalid_utf8",
  "line_too_long",
  "invalid_json",
  "too_deep",
  "invalid_row",
  "missing_field",
  "empty_completion",
  "mixed_formats",
  "too_long",
  "too_many_rows",
  "too_large",
  "no_rows",
] as const;
export type RowErrorCode = (typeof rowErrorCodes)[number];

/** What is wrong with one line; lines count from 1. */
export const rowErrorSchema = z.object({
  line: z.int(),
  code: z.enum(rowErrorCodes),
  message: z.string(),
});
export type RowError = z.infer<typeof rowErrorSchema>;

/** Tokens of a row, over a sample of the rows that is spread evenly across the dataset. */
export const tokenStatisticsSchema = z.object({
  sampled_rows: z.int(),
  mean: z.number(),
  min: z.int(),
  p50: z.int(),
  p95: z.int(),
  max: z.int(),
  /** Sampled rows by their tokens, in bins of one width; both bounds belong to the bin. Older reports have none. */
  histogram: z.array(z.object({ from: z.int(), to: z.int(), rows: z.int() })).optional(),
});
export type TokenStatistics = z.infer<typeof tokenStatisticsSchema>;

export const validationReportSchema = z.object({
  rows: z.int(),
  format: rowFormatSchema.nullable(),
  errorCount: z.int(),
  errors: z.array(rowErrorSchema),
  /** The distinct completions with their counts, where there are few enough for a label task. */
  labels: z.record(z.string(), z.int()).nullable(),
  tokens: tokenStatisticsSchema.nullable().optional(),
});
export type ValidationReport = z.infer<typeof validationReportSchema>;

/** The files of a dataset, under `datasets/<organization>/<name>/`. */
export const datasetFiles = {
  train: "train.jsonl",
  /** Rows that tuning may look at to stop early. */
  valid: "valid.jsonl",
  /** Rows that tuning never sees: the reported accuracy. Without them, `valid` is reported. */
  test: "test.jsonl",
  settings: "tune.json",
} as const;

/** Bucket key of one of a dataset's files. */
export function datasetKey(organization: string, name: string, file: string): string {
  return `datasets/${organization}/${name}/${file}`;
}
