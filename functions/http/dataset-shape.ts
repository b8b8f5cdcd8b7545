import { z } from "@hono/zod-openapi";
import { rowErrorSchema, rowFormatSchema, tokenStatisticsSchema } from "../../shared/contracts/dataset.ts";
import { tuneSettingsSchema } from "../../shared/contracts/job.ts";
import { SLUG } from "../../shared/ids.ts";
import type { DatasetRecord } from "../records/datasets.ts";
import { toSeconds } from "./openapi.ts";

const MAX_ROWS = 100_000;
const rowsSchema = z.array(z.record(z.string(), z.unknown())).min(1).max(MAX_ROWS);

/** A dataset to be made: of `rows`, of `content` (JSONL), or of neither, which asks for a URL to upload to. */
export const datasetInputSchema = z
  .strictObject({
    name: z.string().regex(SLUG, "Expected lower-case letters, digits and -, at most 63"),
    rows: rowsSchema.optional(),
    content: z.string().min(1).optional(),
    validation_rows: rowsSchema.optional(),
    /** Rows that tuning never sees: the reported scores are of these. */
    test_rows: rowsSchema.optional(),
    settings: tuneSettingsSchema.partial().optional(),
    /** False registers the dataset without tuning on it. */
    tune: z.boolean().default(true),
  })
  .refine(({ rows, content }) => rows === undefined || content === undefined, {
    path: ["content"],
    message: 'Expected either "rows" or "content", found both',
  });

export const datasetSchema = z
  .object({
    id: z.string(),
    object: z.literal("dataset"),
    name: z.string(),
    version: z.string(),
    bytes: z.int(),
    status: z.enum(["accepted", "refused"]),
    format: rowFormatSchema.nullable(),
    rows: z.int(),
    labels: z.record(z.string(), z.int()).nullable(),
    tokens: tokenStatisticsSchema.nullable(),
    error_count: z.int(),
    errors: z.array(rowErrorSchema),
    created_at: z.int(),
  })
  .openapi("Dataset");

export const uploadSchema = z
  .object({
    object: z.literal("dataset.upload"),
    name: z.string(),
    method: z.literal("PUT"),
    /** Takes `train.jsonl` once, without a key. */
    url: z.string(),
    /** The URL is the bucket's own: the dataset appears under its name when the bucket's event has arrived. */
    direct: z.boolean(),
    expires_at: z.int(),
  })
  .openapi("DatasetUpload");

/** A dataset version as the API shows it. */
export function presentDataset({ report, ...record }: DatasetRecord): z.infer<typeof datasetSchema> {
  return {
    id: record.id,
    object: "dataset",
    name: record.name,
    version: record.etag,
    bytes: record.bytes,
    status: record.status,
    format: report.format,
    rows: report.rows,
    labels: report.labels,
    tokens: report.tokens ?? null,
    error_count: report.errorCount,
    errors: report.errors,
    created_at: toSeconds(record.createdAt),
  };
}
