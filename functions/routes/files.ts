import { createRoute, z, type OpenAPIHono } from "@hono/zod-openapi";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import { jobKey, METRICS_FILE } from "../../shared/contracts/job.ts";
import { ConflictError, NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { metricsCsv } from "../events/metrics-csv.ts";
import { removeDataset } from "../events/remove-dataset.ts";
import { storeDataset } from "../events/store-dataset.ts";
import { createRouter, type AppEnv } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer, pageSchema, toPage, toSeconds } from "../http/openapi.ts";
import { fileSchema, limitBody, readFormFirst } from "../http/upload.ts";
import { createFileRecords, type FileRecord } from "../records/files.ts";
import { listMetrics } from "../records/job-events.ts";
import { createJobRecords } from "../records/jobs.ts";
import { createQuotaRecords } from "../records/quotas.ts";

/** OpenAI's own page length for files. */
const MAX_PAGE = 10_000;
const NAME_CHARACTERS = 40;
/** Random characters of the id that make a dataset's name unique. */
const UNIQUE_CHARACTERS = 12;

const presented = z
  .object({
    id: z.string(),
    object: z.literal("file"),
    bytes: z.int(),
    created_at: z.int(),
    filename: z.string(),
    purpose: z.enum(["fine-tune", "fine-tune-results"]),
    status: z.enum(["uploaded", "processed", "error"]),
  })
  .openapi("File");
const params = z.object({ file: z.string() });
const middleware = [requireScope("datasets")];

const upload = createRoute({
  method: "post",
  path: "/v1/files",
  summary: "Upload a dataset; a tuning job is created by a second call",
  middleware: [...middleware, limitBody(), readFormFirst()],
  request: {
    body: {
      required: true,
      content: {
        "multipart/form-data": { schema: z.object({ file: fileSchema, purpose: z.literal("fine-tune") }) },
      },
    },
  },
  responses: jsonAnswer(presented),
});
const list = createRoute({
  method: "get",
  path: "/v1/files",
  summary: "List uploads, datasets and result files, newest first",
  middleware,
  request: {
    query: z.object({
      after: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
      purpose: z.enum(["fine-tune", "fine-tune-results"]).optional(),
    }),
  },
  responses: jsonAnswer(pageSchema(presented)),
});
const get = createRoute({
  method: "get",
  path: "/v1/files/{file}",
  summary: "Get a file's description",
  middleware,
  request: { params },
  responses: jsonAnswer(presented),
});
const content = createRoute({
  method: "get",
  path: "/v1/files/{file}/content",
  summary: "Download a file",
  middleware,
  request: { params },
  responses: {
    200: {
      description: "OK",
      content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
    },
  },
});
const remove = createRoute({
  method: "delete",
  path: "/v1/files/{file}",
  summary: "Delete a file from the bucket; jobs that still need it fail",
  middleware,
  request: { params },
  responses: jsonAnswer(z.object({ id: z.string(), object: z.literal("file"), deleted: z.literal(true) })),
});

/** `/v1/files`: OpenAI's view of the datasets in the bucket, and of what jobs left behind. */
export function fileRoutes(deps: Deps): OpenAPIHono<AppEnv> {
  const files = createFileRecords(deps.database, deps.now);
  const find = async (organization: string, id: string): Promise<FileRecord> => {
    const file = await files.find(organization, id);
    if (file) return file;
    throw new NotFoundError(`No such file: "${id}"`, { code: "file_not_found", param: "file" });
  };
  const read = async (organization: string, file: FileRecord): Promise<ReadableStream | string> => {
    if (file.job !== null) {
      const job = await createJobRecords(deps.database).find(organization, file.job);
      const object = job && (await deps.bucket.get(jobKey(job.id, job.leaseToken, METRICS_FILE)));
      return object?.body ?? metricsCsv(await listMetrics(deps.database, file.job));
    }
    const object = await deps.bucket.get(
      datasetKey(organization, file.dataset as string, datasetFiles.train),
    );
    if (object && (file.etag === null || file.etag === object.etag)) return object.body;
    throw new ConflictError(`File "${file.id}" was replaced in the bucket by a newer version`, {
      code: "file_replaced",
    });
  };
  const router = createRouter();

  router.openapi(upload, async (c) => {
    const { organization } = c.get("caller");
    await createQuotaRecords(deps.database, deps.now).require(organization, ["rows"]);
    const { file } = c.req.valid("form");
    const { id } = await storeDataset(deps, {
      organization,
      name: datasetName(file.name),
      filename: file.name,
      train: new Uint8Array(await file.arrayBuffer()),
      tune: false,
      requestId: c.get("requestId"),
    });
    const record = await find(organization, id);
    // Validated in the background; whoever creates a job before that has it validated there and then.
    const key = datasetKey(organization, record.dataset as string, datasetFiles.train);
    const bucket = deps.config.bucketName;
    await deps.enqueue([{ action: "put", bucket, key, etag: null, requestId: c.get("requestId") }]);
    return c.json(present(record), 200);
  });

  router.openapi(list, async (c) => {
    const { after, limit, purpose } = c.req.valid("query");
    const records = await files.list(c.get("caller").organization, { after, limit: limit + 1, purpose });
    return c.json(toPage(records.map(present), limit), 200);
  });

  router.openapi(get, async (c) =>
    c.json(present(await find(c.get("caller").organization, c.req.valid("param").file)), 200),
  );

  router.openapi(content, async (c) => {
    const { organization } = c.get("caller");
    const file = await find(organization, c.req.valid("param").file);
    return c.body(await read(organization, file), 200, {
      "content-type": "application/octet-stream",
      // The name is the uploader's own; only what a header can hold of it goes out.
      "content-disposition": `attachment; filename="${file.filename.replaceAll(/[^\w.-]/g, "_")}"`,
    });
  });

  router.openapi(remove, async (c) => {
    const { organization } = c.get("caller");
    const file = await find(organization, c.req.valid("param").file);
    if (file.dataset === null) {
      throw new ConflictError(`File "${file.id}" belongs to job "${file.job}" and stays with it`, {
        code: "file_of_job",
      });
    }
    await removeDataset(deps, organization, file.dataset);
    return c.json({ id: file.id, object: "file" as const, deleted: true as const }, 200);
  });

  return router;
}

/** A dataset's name after the file's, made unique: each upload is a file of its own, as OpenAI's API has it. */
function datasetName(filename: string): string {
  const stem = filename
    .replace(/\.[^.]*$/, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, NAME_CHARACTERS);
  return `${stem || "file"}-${crypto.randomUUID().replaceAll("-", "").slice(0, UNIQUE_CHARACTERS)}`;
}

function present(file: FileRecord): z.infer<typeof presented> {
  return {
    id: file.id,
    object: "file",
    bytes: file.bytes,
    created_at: toSeconds(file.createdAt),
    filename: file.filename,
    purpose: file.purpose,
    status: file.status,
  };
}
