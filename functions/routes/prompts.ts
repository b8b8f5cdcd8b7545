import { createRoute, z, type OpenAPIHono } from "@hono/zod-openapi";
import { rowFormatSchema } from "../../shared/contracts/dataset.ts";
import { evaluationSchema, promptKey } from "../../shared/contracts/job.ts";
import { InvalidRequestError, NotFoundError } from "../../shared/errors.ts";
import { peftFields } from "../../shared/formats/peft.ts";
import { SLUG } from "../../shared/ids.ts";
import type { Deps } from "../deps.ts";
import { createRouter, type AppEnv } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer, pageQuerySchema, pageSchema, toPage, toSeconds } from "../http/openapi.ts";
import { fileSchema, limitBody, readFormFirst } from "../http/upload.ts";
import { importPrompt } from "../inference/import-prompt.ts";
import { readVerified } from "../inference/verified-object.ts";
import { createPromptRecords, type PromptRecord } from "../records/prompts.ts";

/** The largest prefix of a model that the edge can hold takes a few megabytes. */
const MAX_UPLOAD_BYTES = 16 * 1024 * 1024;
const MAX_LABELS = 256;

const promptSchema = z
  .object({
    id: z.string(),
    object: z.literal("prompt"),
    model: z.string(),
    base_model: z.string(),
    base_digest: z.string(),
    method: z.string(),
    virtual_tokens: z.int(),
    row_format: rowFormatSchema,
    labels: z.array(z.string()).nullable(),
    job_id: z.string().nullable(),
    dataset_id: z.string().nullable(),
    evaluation: evaluationSchema.nullable(),
    files: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
    created_at: z.int(),
  })
  .openapi("Prompt");

/** Form fields are text; lists are written as JSON. */
const labels = z.string().transform((text, context) => {
  const parsed = z.array(z.string().min(1)).min(2).max(MAX_LABELS).safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  context.addIssue({
    code: "custom",
    message: `Expected a JSON array of 2 to ${MAX_LABELS} non-empty strings`,
  });
  return z.NEVER;
});
const uploadSchema = z.object({
  [peftFields.config]: fileSchema,
  [peftFields.model]: fileSchema,
  base_model: z.string().min(1).max(64),
  /** Refuses the upload when other weights are served than those the prompt was tuned on. */
  base_digest: z.string().optional(),
  suffix: z.string().regex(SLUG, "Expected lower-case letters, digits and hyphens").default("imported"),
  row_format: rowFormatSchema.default("messages"),
  labels: labels.optional(),
  task: z.coerce.number().int().nonnegative().optional(),
});

const list = createRoute({
  method: "get",
  path: "/v1/prompts",
  summary: "List the organization's soft prompts, newest first",
  middleware: [requireScope("inference")],
  request: { query: pageQuerySchema },
  responses: jsonAnswer(pageSchema(promptSchema)),
});
const get = createRoute({
  method: "get",
  path: "/v1/prompts/{prompt}",
  summary: "Get a soft prompt",
  middleware: [requireScope("inference")],
  request: { params: z.object({ prompt: z.string() }) },
  responses: jsonAnswer(promptSchema),
});
const download = createRoute({
  method: "get",
  path: "/v1/prompts/{prompt}/files/{file}",
  summary:
    "Download one of a soft prompt's files; adapter_config.json and adapter_model.safetensors are what PEFT loads",
  middleware: [requireScope("prompts:download")],
  request: { params: z.object({ prompt: z.string(), file: z.string() }) },
  responses: {
    200: {
      description: "OK",
      content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
    },
  },
});
const upload = createRoute({
  method: "post",
  path: "/v1/prompts",
  summary: "Register a soft prompt that Hugging Face PEFT saved, as a tuned model",
  middleware: [requireScope("datasets"), limitBody(MAX_UPLOAD_BYTES), readFormFirst()],
  request: { body: { required: true, content: { "multipart/form-data": { schema: uploadSchema } } } },
  responses: jsonAnswer(promptSchema),
});

/** `/v1/prompts`: the registry of soft prompts, and the way in and out for PEFT adapters. */
export function promptsRoutes(deps: Deps): OpenAPIHono<AppEnv> {
  const prompts = createPromptRecords(deps.database);
  const find = async (organization: string, id: string): Promise<PromptRecord> => {
    const record = await prompts.find(organization, id);
    if (record) return record;
    throw new NotFoundError(`No such soft prompt: "${id}"`, { code: "prompt_not_found", param: "prompt" });
  };
  const router = createRouter();

  router.openapi(list, async (c) => {
    const { after, limit } = c.req.valid("query");
    const all = await prompts.list(c.get("caller").organization);
    // Newest first, and ids sort by time.
    const rest = after === undefined ? all : all.filter(({ id }) => id < after);
    return c.json(toPage(rest.slice(0, limit + 1).map(present), limit), 200);
  });

  router.openapi(get, async (c) =>
    c.json(present(await find(c.get("caller").organization, c.req.valid("param").prompt)), 200),
  );

  router.openapi(download, async (c) => {
    const { organization } = c.get("caller");
    const params = c.req.valid("param");
    const { id, prompt } = await find(organization, params.prompt);
    const record = Object.hasOwn(prompt.files, params.file) ? prompt.files[params.file] : undefined;
    if (!record) {
      const names = Object.keys(prompt.files).map((name) => `"${name}"`);
      throw new NotFoundError(
        `Soft prompt "${id}" has no file "${params.file}", it has ${names.join(", ")}`,
        {
          code: "file_not_found",
          param: "file",
        },
      );
    }
    const bytes = await readVerified(deps.bucket, promptKey(organization, id, params.file), record);
    return c.body(bytes as Uint8Array<ArrayBuffer>, 200, {
      "content-type": params.file.endsWith(".json") ? "application/json" : "application/octet-stream",
      "content-disposition": `attachment; filename="${params.file}"`,
      etag: `"${record.sha256}"`,
    });
  });

  router.openapi(upload, async (c) => {
    const form = c.req.valid("form");
    const manifest = await deps.models.manifest(form.base_model);
    if (form.base_digest !== undefined && form.base_digest !== manifest.digest) {
      throw new InvalidRequestError(
        `"base_digest" is "${form.base_digest}", the base model "${manifest.name}" has "${manifest.digest}"`,
        { code: "base_model_mismatch", param: "base_digest" },
      );
    }
    const record = await importPrompt(deps, {
      organization: c.get("caller").organization,
      manifest,
      config: new Uint8Array(await form.adapter_config.arrayBuffer()),
      model: new Uint8Array(await form.adapter_model.arrayBuffer()),
      suffix: form.suffix,
      rowFormat: form.row_format,
      labels: form.labels ?? null,
      task: form.task,
    });
    return c.json(present(record), 200);
  });

  return router;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Refused just after, with what was wanted.
    return undefined;
  }
}

function present({
  id,
  model,
  baseModel,
  jobId,
  datasetId,
  prompt,
  createdAt,
}: PromptRecord): z.infer<typeof promptSchema> {
  return {
    id,
    object: "prompt",
    model,
    base_model: baseModel,
    base_digest: prompt.base_digest,
    method: prompt.method,
    virtual_tokens: prompt.virtual_tokens,
    row_format: prompt.row_format,
    labels: prompt.labels,
    job_id: jobId,
    dataset_id: datasetId,
    evaluation: prompt.evaluation,
    files: Object.entries(prompt.files).map(([name, { bytes, sha256 }]) => ({ name, bytes, sha256 })),
    created_at: toSeconds(createdAt),
  };
}
