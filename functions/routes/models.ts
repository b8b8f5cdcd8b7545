import { createRoute, z, type OpenAPIHono } from "@hono/zod-openapi";
import { promptFiles, promptKey } from "../../shared/contracts/job.ts";
import type { ModelManifest } from "../../shared/contracts/model.ts";
import { InvalidRequestError, NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { lineageOf, requireUnused } from "../experiments/lineage.ts";
import { createRouter, type AppEnv } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer, toSeconds } from "../http/openapi.ts";
import { inferenceOf } from "../inference/service.ts";
import { createPromptRecords, type PromptRecord } from "../records/prompts.ts";

const modelSchema = z.looseObject({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});
type Model = z.infer<typeof modelSchema>;
const middleware = [requireScope("inference")];
const params = z.object({ model: z.string().min(1).max(512) });

const list = createRoute({
  method: "get",
  path: "/v1/models",
  tags: ["Models"],
  summary: "List base models and the organisation's tuned models",
  middleware,
  responses: jsonAnswer(z.object({ object: z.literal("list"), data: z.array(modelSchema) })),
});
const get = createRoute({
  method: "get",
  path: "/v1/models/{model}",
  tags: ["Models"],
  summary: "Describe a model",
  middleware,
  request: { params },
  responses: jsonAnswer(modelSchema),
});
const remove = createRoute({
  method: "delete",
  path: "/v1/models/{model}",
  tags: ["Models"],
  summary: "Delete a tuned model",
  middleware: [requireScope("datasets")],
  request: { params },
  responses: jsonAnswer(z.object({ id: z.string(), object: z.literal("model"), deleted: z.literal(true) })),
});

export function modelsRoutes(deps: Deps): OpenAPIHono<AppEnv> {
  const prompts = createPromptRecords(deps.database);
  const router = createRouter();
  router.all("/v1/embeddings", () => {
    throw new NotFoundError("Embeddings are not offered: the models served here are decoders", {
      code: "unknown_url",
    });
  });
  return router
    .openapi(list, async (c) => {
      const [bases, tuned] = await Promise.all([
        deps.models.list(),
        prompts.list(c.get("caller").organization),
      ]);
      return c.json(
        { object: "list" as const, data: [...bases.map(baseModel), ...tuned.map(tunedModel)] },
        200,
      );
    })
    .openapi(get, async (c) => {
      const { model: name } = c.req.valid("param");
      const { manifest, prompt } = await inferenceOf(deps).resolver.resolve(
        c.get("caller").organization,
        name,
      );
      if (!prompt) return c.json(baseModel(manifest), 200);
      const lineage = await lineageOf(deps.database, prompt.organization, prompt.model);
      return c.json({ ...tunedModel(prompt), ...lineage }, 200);
    })
    .openapi(remove, async (c) => {
      const { model: name } = c.req.valid("param");
      const { organization } = c.get("caller");
      const { prompt } = await inferenceOf(deps).resolver.resolve(organization, name);
      if (!prompt) {
        throw new InvalidRequestError(`"${name}" is a base model, only tuned models can be deleted`, {
          code: "not_deletable",
          param: "model",
        });
      }
      await requireUnused(deps.database, organization, prompt.model);
      await prompts.remove(organization, prompt.id, deps.now());
      inferenceOf(deps).resolver.forget(organization, name);
      for (const file of Object.values(promptFiles))
        await deps.bucket.delete(promptKey(organization, prompt.id, file));
      return c.json({ id: name, object: "model" as const, deleted: true as const }, 200);
    });
}

function baseModel({ name, createdAt, architecture, license, digest }: ModelManifest): Model {
  return {
    id: name,
    object: "model",
    created: toSeconds(createdAt),
    owned_by: "foreword",
    context_length: architecture.contextLength,
    digest,
    license,
  };
}

function tunedModel({
  model,
  createdAt,
  organization,
  baseModel: base,
  id,
  jobId,
  datasetId,
  prompt,
}: PromptRecord): Model {
  return {
    id: model,
    object: "model",
    created: toSeconds(createdAt),
    owned_by: organization,
    base_model: base,
    prompt_id: id,
    job_id: jobId,
    dataset_id: datasetId,
    method: prompt.method,
    virtual_tokens: prompt.virtual_tokens,
    row_format: prompt.row_format,
    labels: prompt.labels,
    evaluation: prompt.evaluation,
  };
}
