import { createRoute, z } from "@hono/zod-openapi";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import { ConflictError, NotFoundError } from "../../shared/errors.ts";
import { readLines } from "../../shared/formats/jsonl.ts";
import { parseRow } from "../../shared/text/dataset-row.ts";
import type { Deps } from "../deps.ts";
import { inviteUpload } from "../events/invite-upload.ts";
import { removeDataset } from "../events/remove-dataset.ts";
import { registerNow, storeDataset } from "../events/store-dataset.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { datasetInputSchema, datasetSchema, presentDataset, uploadSchema } from "../http/dataset-shape.ts";
import { jsonAnswer, jsonBody, pageQuerySchema, pageSchema, toPage, toSeconds } from "../http/openapi.ts";
import { limitBody } from "../http/upload.ts";
import { createDatasetRecords } from "../records/datasets.ts";
import { createQuotaRecords } from "../records/quotas.ts";

const params = z.object({ dataset: z.string() });
/** JSON.parse needs several times the body's size of memory. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** `/v1/datasets`: what was found in the bucket, accepted or refused with reasons line by line. */
export function datasetRoutes(deps: Deps) {
  const datasets = createDatasetRecords(deps.database);
  const router = createRouter();
  router.use("/v1/datasets", requireScope("datasets"), limitBody(MAX_JSON_BYTES));
  router.use("/v1/datasets/*", requireScope("datasets"));

  const find = async (organization: string, dataset: string) => {
    const record =
      (await datasets.find(organization, dataset)) ?? (await datasets.latest(organization, dataset));
    if (record) return record;
    throw new NotFoundError(`No such dataset: "${dataset}"`, { code: "dataset_not_found", param: "dataset" });
  };

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/datasets",
      summary: "Create a dataset from rows or JSONL text, or get a URL to upload its train.jsonl to",
      request: jsonBody(datasetInputSchema),
      responses: jsonAnswer(z.union([datasetSchema, uploadSchema])),
    }),
    async (c) => {
      const { organization } = c.get("caller");
      const requestId = c.get("requestId");
      await createQuotaRecords(deps.database, deps.now).require(organization, ["rows", "jobs"]);
      const input = c.req.valid("json");
      const { name, rows, content, validation_rows: validation, test_rows: test, settings, tune } = input;
      const train = content ?? (rows && toJsonl(rows));
      const others = {
        ...(validation ? { [datasetFiles.valid]: toJsonl(validation) } : {}),
        ...(test ? { [datasetFiles.test]: toJsonl(test) } : {}),
        ...(settings ? { [datasetFiles.settings]: JSON.stringify(settings) } : {}),
      };
      if (train === undefined) {
        const invitation = { organization, name, others, tune };
        const { url, expiresAt, direct } = await inviteUpload(deps, invitation, c.req.url);
        const upload = { object: "dataset.upload" as const, name, method: "PUT" as const, url, direct };
        return c.json({ ...upload, expires_at: toSeconds(expiresAt) }, 200);
      }
      const filename = `${name}.jsonl`;
      await storeDataset(deps, { organization, name, filename, train, others, tune, requestId });
      return c.json(presentDataset(await registerNow(deps, organization, name, requestId)), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/datasets",
      summary: "List the organization's dataset versions, newest first",
      request: { query: pageQuerySchema.extend({ name: z.string().optional() }) },
      responses: jsonAnswer(pageSchema(datasetSchema)),
    }),
    async (c) => {
      const { name, after, limit } = c.req.valid("query");
      const records = await datasets.list(c.get("caller").organization, { name, after, limit: limit + 1 });
      return c.json(toPage(records.map(presentDataset), limit), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/datasets/{dataset}",
      summary: "Get a dataset version by id, or the newest one by name",
      request: { params },
      responses: jsonAnswer(datasetSchema),
    }),
    async (c) =>
      c.json(presentDataset(await find(c.get("caller").organization, c.req.valid("param").dataset)), 200),
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/datasets/{dataset}/versions",
      summary: "List a dataset's versions, newest first",
      request: { params, query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(datasetSchema)),
    }),
    async (c) => {
      const { organization } = c.get("caller");
      const { after, limit } = c.req.valid("query");
      const { name } = await find(organization, c.req.valid("param").dataset);
      const records = await datasets.list(organization, { name, after, limit: limit + 1 });
      return c.json(toPage(records.map(presentDataset), limit), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/datasets/{dataset}/preview",
      summary: "Read a dataset's first rows, as they were understood",
      request: { params, query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(10) }) },
      responses: jsonAnswer(
        z.object({ object: z.literal("list"), data: z.array(z.record(z.string(), z.unknown())) }),
      ),
    }),
    async (c) => {
      const { organization, name, etag, id } = await find(
        c.get("caller").organization,
        c.req.valid("param").dataset,
      );
      const object = await deps.bucket.get(datasetKey(organization, name, datasetFiles.train));
      if (object?.etag !== etag) {
        throw new ConflictError(`Dataset version "${id}" was replaced in the bucket by a newer one`, {
          code: "dataset_replaced",
        });
      }
      const data: Record<string, unknown>[] = [];
      for await (const line of readLines(object.body)) {
        data.push("error" in line ? { error: line.error } : readRow(line.text, line.number));
        if (data.length === c.req.valid("query").limit) break;
      }
      return c.json({ object: "list" as const, data }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "delete",
      path: "/v1/datasets/{dataset}",
      summary: "Delete a dataset, all its versions; jobs that still need it fail",
      request: { params },
      responses: jsonAnswer(
        z.object({ id: z.string(), object: z.literal("dataset"), deleted: z.literal(true) }),
      ),
    }),
    async (c) => {
      const { organization } = c.get("caller");
      const { id, name } = await find(organization, c.req.valid("param").dataset);
      await removeDataset(deps, organization, name);
      return c.json({ id, object: "dataset" as const, deleted: true as const }, 200);
    },
  );

  return router;
}

function toJsonl(rows: readonly unknown[]): string {
  return rows.map((row) => JSON.stringify(row)).join("\n");
}

function readRow(text: string, line: number): Record<string, unknown> {
  try {
    return { ...parseRow(text) };
  } catch (error) {
    return { error: { line, message: error instanceof Error ? error.message : String(error) } };
  }
}
