import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import {
  classificationRequestSchema,
  classificationSchema,
  type ClassificationRequest,
} from "../../shared/contracts/generation.ts";
import { InvalidRequestError } from "../../shared/errors.ts";
import { renderConversation } from "../../shared/text/render.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import type { Deps } from "../deps.ts";
import { requestedModel } from "../experiments/requested-model.ts";
import { noteClassification } from "../experiments/watch-answer.ts";
import { createRouter, type AppEnv } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer } from "../http/openapi.ts";
import { fingerprint, usage } from "../inference/answer-head.ts";
import { classify } from "../inference/classify.ts";
import { roomForAnswer } from "../inference/generation-settings.ts";
import { requireJson } from "../inference/require-json.ts";
import type { ResolvedModel } from "../inference/model-resolver.ts";
import {
  behindPrompt,
  labelTexts,
  renderClassificationInput,
  type LabelText,
} from "../inference/render-request.ts";
import { requestLifetime } from "../inference/request-lifetime.ts";
import { serverTiming } from "../inference/server-timing.ts";
import { inferenceOf } from "../inference/service.ts";

const route = createRoute({
  method: "post",
  path: "/v1/classifications",
  tags: ["Inference"],
  summary: "Choose a label for each input",
  description:
    "Scores every label behind each input, reading the input once. A label's score is the sum of its tokens' log-probabilities; probabilities are the softmax of the scores over the labels. A model tuned on labels brings its own; others need `labels`.",
  middleware: [requireScope("inference"), ...requireJson()],
  request: {
    body: { required: true, content: { "application/json": { schema: classificationRequestSchema } } },
  },
  responses: jsonAnswer(classificationSchema),
});

export function classificationsRoutes(deps: Deps): OpenAPIHono<AppEnv> {
  return createRouter().openapi(route, async (c) => {
    const body = c.req.valid("json");
    const inference = inferenceOf(deps);
    const model = await requestedModel(c, deps, body);
    const tokenizer = await deps.models.tokenizer(model.manifest.name);
    const labels = requestedLabels(model, body);
    const completions = labels.map(({ completion }) => tokenizer.encode(completion));
    const { field, ids } = inputIds(model, body, tokenizer);
    const longest = Math.max(...completions.map((tokens) => tokens.length));
    for (const input of ids) roomForAnswer(model, input.length + longest, field);
    // A label is scored on a copy of its input's sequence.
    const needed = 2 * Math.max(...ids.map((input) => input.length)) + longest;

    const session = await inference.open(model, requestLifetime(c), needed);
    try {
      const scored = await classify(session, ids, completions);
      c.header("server-timing", serverTiming(session.timings));
      const data = scored.map((scores, index) => {
        const ranked = scores
          .map((score, i) => ({ label: (labels[i] as LabelText).label, ...score }))
          .toSorted((a, b) => b.logprob - a.logprob);
        return { object: "classification" as const, index, label: ranked[0]?.label ?? "", scores: ranked };
      });
      const tokens = ids.reduce((sum, input) => sum + input.length, 0);
      noteClassification(
        c,
        tokens,
        data.map(({ label }) => label),
      );
      const answer = { object: "list" as const, model: model.name, system_fingerprint: fingerprint(model) };
      return c.json({ ...answer, data, usage: usage(tokens, 0) }, 200);
    } finally {
      session.close();
    }
  });
}

function requestedLabels(model: ResolvedModel, body: ClassificationRequest): LabelText[] {
  const labels = labelTexts(model, body.labels);
  if (labels.length > 0) return labels;
  throw new InvalidRequestError(`"${model.name}" was not tuned on labels; name them in "labels"`, {
    code: "missing_required_parameter",
    param: "labels",
  });
}

function inputIds(model: ResolvedModel, body: ClassificationRequest, tokenizer: TextTokenizer) {
  if (body.messages)
    return { field: "messages", ids: [behindPrompt(model, renderConversation(body.messages, tokenizer))] };
  const field = body.inputs ? "inputs" : "input";
  const texts = body.inputs ?? (typeof body.input === "string" ? [body.input] : (body.input ?? []));
  return { field, ids: texts.map((text) => renderClassificationInput(model, text, tokenizer)) };
}
