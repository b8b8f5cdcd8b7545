import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import {
  completionRequestSchema,
  completionSchema,
  type CompletionRequest,
} from "../../shared/contracts/generation.ts";
import { InvalidRequestError } from "../../shared/errors.ts";
import { renderPrompt } from "../../shared/text/render.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import type { Deps } from "../deps.ts";
import { requestedModel } from "../experiments/requested-model.ts";
import { createRouter, type AppEnv } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer } from "../http/openapi.ts";
import { answerHead } from "../inference/answer-head.ts";
import { answerStream, answerWhole } from "../inference/answer.ts";
import { completionAnswer, completionChunks } from "../inference/completion-answer.ts";
import { checkToken, generationSettings, roomForAnswer } from "../inference/generation-settings.ts";
import { jsonConstraint, responseGrammar } from "../inference/json-constraint.ts";
import type { ResolvedModel } from "../inference/model-resolver.ts";
import { behindPrompt } from "../inference/render-request.ts";
import { requireJson } from "../inference/require-json.ts";
import { inferenceLimits } from "../inference/limits.ts";
import type { GenerationRequest } from "../inference/run-generation.ts";
import { vocabularyOf } from "../inference/vocabulary.ts";

const route = createRoute({
  method: "post",
  path: "/v1/completions",
  tags: ["Inference"],
  summary: "Continue a text",
  description:
    "OpenAI's text completions, for base and tuned models. A text is taken as it is, behind the model's beginning token; token ids are taken without one.",
  middleware: [requireScope("inference"), ...requireJson()],
  request: { body: { required: true, content: { "application/json": { schema: completionRequestSchema } } } },
  responses: {
    ...jsonAnswer(completionSchema),
    200: {
      description: "The answer, whole or as a stream of chunks",
      content: {
        "application/json": { schema: completionSchema },
        "text/event-stream": { schema: { type: "string" } },
      },
    },
  },
});

export function completionsRoutes(deps: Deps): OpenAPIHono<AppEnv> {
  return createRouter().openapi(route, async (c) => {
    const body = c.req.valid("json");
    const model = await requestedModel(c, deps, body);
    const tokenizer = await deps.models.tokenizer(model.manifest.name);
    const inputs = promptIds(body.prompt, tokenizer, model);
    const room = Math.min(...inputs.map((ids) => roomForAnswer(model, ids.length, "prompt")));
    const grammar = responseGrammar(body.response_format);
    const wantsLogprobs = typeof body.logprobs === "number";
    const vocabulary =
      wantsLogprobs || grammar ? await vocabularyOf(tokenizer, model.manifest, deps.bucket) : null;
    const request: GenerationRequest = {
      inputs,
      choices: body.n ?? 1,
      echo: body.echo ?? false,
      settings: generationSettings(body, model, {
        maxTokens: Math.min(room, body.max_tokens ?? inferenceLimits.completionTokens),
        topLogprobs: body.logprobs ?? null,
        dropLeadingSpace: false,
        constrain: jsonConstraint(grammar, vocabulary, tokenizer.specialTokens.end),
      }),
    };
    const options = {
      head: answerHead("cmpl-", model, deps.now()),
      promptTokens: inputs.reduce((sum, ids) => sum + ids.length, 0),
      vocabulary: wantsLogprobs ? vocabulary : null,
      tokenizer,
    };
    if (body.stream) {
      const includeUsage = body.stream_options?.include_usage ?? false;
      return answerStream(c, deps, model, request, (events) =>
        completionChunks(events, { ...options, includeUsage }),
      );
    }
    return c.json(
      await answerWhole(c, deps, model, request, (events) => completionAnswer(events, options)),
      200,
    );
  });
}

/** Token ids of each prompt. Throws InvalidRequestError for unknown tokens, and for a prompt that comes out empty. */
function promptIds(
  prompts: CompletionRequest["prompt"],
  tokenizer: TextTokenizer,
  model: ResolvedModel,
): number[][] {
  const { vocabularySize } = model.manifest.architecture;
  return prompts.map((prompt) => {
    if (typeof prompt !== "string") for (const id of prompt) checkToken(id, vocabularySize, "prompt");
    const ids = typeof prompt === "string" ? renderPrompt(prompt, tokenizer) : prompt;
    if (ids.length > 0) return [...behindPrompt(model, ids)];
    throw new InvalidRequestError('"prompt" is empty, and this model has no token that begins a text', {
      code: "invalid_value",
      param: "prompt",
    });
  });
}
