import { createRoute, z } from "@hono/zod-openapi";
import { rowErrorSchema, rowFormatSchema } from "../../shared/contracts/dataset.ts";
import { NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer, toSeconds } from "../http/openapi.ts";
import { createDatasetRecords, type DatasetRecord } from "../records/datasets.ts";

const datasetSchema = z
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
    error_count: z.int(),
    errors: z.array(rowErrorSchema),
    created_at: z.int(),
  })
  .openapi("Dataset");

/** `/v1/datasets`: what was found in the bucket, accepted or refused with reasons line by line. */
export function datasetRoutes(deps: Deps) {
  const datasets = createDatasetRecords(deps.database);
  const router = createRouter();
  router.use("/v1/datasets", requireScope("datasets"));
  router.use("/v1/datasets/*", requireScope("datasets"));

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/datasets",
      summary: "List the organization's dataset versions, newest first",
      request: { query: z.object({ name: z.string().optional() }) },
      responses: jsonAnswer(z.object({ object: z.literal("list"), data: z.array(datasetSchema) })),
    }),
    async (c) => {
      const records = await datasets.list(c.get("caller").organization, c.req.valid("query").name);
      return c.json({ object: "list" as const, data: records.map(present) }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/datasets/{dataset}",
      summary: "Get a dataset version by id, or the newest one by name",
      request: { params: z.object({ dataset: z.string() }) },
      responses: jsonAnswer(datasetSchema),
    }),
    async (c) => {
      const { dataset } = c.req.valid("param");
      const { organization } = c.get("caller");
      const record =
        (await datasets.find(organization, dataset)) ?? (await datasets.latest(organization, dataset));
      if (!record)
        throw new NotFoundError(`No such dataset: "${dataset}"`, {
          code: "dataset_not_found",
          param: "dataset",
        });
      return c.json(present(record), 200);
    },
  );

  return router;
}

function present({ report, ...record }: DatasetRecord) {
  return {
    id: record.id,
    object: "dataset" as const,
    name: record.name,
    version: record.etag,
    bytes: record.bytes,
    status: record.status,
    format: report.format,
    rows: report.rows,
    labels: report.labels,
    error_count: report.errorCount,
    errors: report.errors,
    created_at: toSeconds(record.createdAt),
  };
}
