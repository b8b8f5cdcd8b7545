import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { chatCompletionRequestSchema, chatCompletionSchema } from "../../shared/contracts/generation.ts";
import type { Deps } from "../deps.ts";
import { requestedModel } from "../experiments/requested-model.ts";
import { createRouter, type AppEnv } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer } from "../http/openapi.ts";
import { answerHead } from "../inference/answer-head.ts";
import { answerStream, answerWhole } from "../inference/answer.ts";
import { chatAnswer, chatChunks } from "../inference/chat-answer.ts";
import { generationSettings, roomForAnswer } from "../inference/generation-settings.ts";
import { jsonConstraint, responseGrammar } from "../inference/json-constraint.ts";
import { requireJson } from "../inference/require-json.ts";
import { renderChatInput } from "../inference/render-request.ts";
import type { GenerationRequest } from "../inference/run-generation.ts";
import { vocabularyOf } from "../inference/vocabulary.ts";

const route = createRoute({
  method: "post",
  path: "/v1/chat/completions",
  tags: ["Inference"],
  summary: "Answer a conversation",
  description:
    "OpenAI's chat completions, for base and tuned models. A model tuned on prompt/completion or text/label rows reads a single user message the way its rows were written; other conversations go through the base model's chat template. With `stream`, the answer comes as server-sent events.",
  middleware: [requireScope("inference"), ...requireJson()],
  request: {
    body: { required: true, content: { "application/json": { schema: chatCompletionRequestSchema } } },
  },
  responses: {
    ...jsonAnswer(chatCompletionSchema),
    200: {
      description: "The answer, whole or as a stream of `chat.completion.chunk`s",
      content: {
        "application/json": { schema: chatCompletionSchema },
        "text/event-stream": { schema: { type: "string" } },
      },
    },
  },
});

export function chatCompletionsRoutes(deps: Deps): OpenAPIHono<AppEnv> {
  return createRouter().openapi(route, async (c) => {
    const body = c.req.valid("json");
    const model = await requestedModel(c, deps, body);
    const tokenizer = await deps.models.tokenizer(model.manifest.name);
    const input = renderChatInput(model, body.messages, tokenizer);
    const room = roomForAnswer(model, input.ids.length, "messages");
    const grammar = responseGrammar(body.response_format);
    const wantsLogprobs = body.logprobs ?? false;
    const vocabulary =
      wantsLogprobs || grammar ? await vocabularyOf(tokenizer, model.manifest, deps.bucket) : null;
    const request: GenerationRequest = {
      inputs: [input.ids],
      choices: body.n ?? 1,
      echo: false,
      settings: generationSettings(body, model, {
        maxTokens: Math.min(room, body.max_completion_tokens ?? body.max_tokens ?? room),
        topLogprobs: body.logprobs ? (body.top_logprobs ?? 0) : null,
        dropLeadingSpace: input.dropLeadingSpace,
        constrain: jsonConstraint(grammar, vocabulary, tokenizer.specialTokens.end),
      }),
    };
    const options = {
      head: answerHead("chatcmpl-", model, deps.now()),
      promptTokens: input.ids.length,
      vocabulary: wantsLogprobs ? vocabulary : null,
    };
    if (body.stream) {
      const includeUsage = body.stream_options?.include_usage ?? false;
      return answerStream(c, deps, model, request, (events) =>
        chatChunks(events, { ...options, includeUsage }),
      );
    }
    return c.json(await answerWhole(c, deps, model, request, (events) => chatAnswer(events, options)), 200);
  });
}
