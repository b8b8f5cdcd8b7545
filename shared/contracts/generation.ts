import { z } from "zod";

/** Caps on what one request may ask for; each keeps one caller from taking the isolate for itself. */
export const generationLimits = {
  /** Characters of one message or prompt: far more than any context holds, and cheap to refuse before tokenising. */
  textLength: 1_000_000,
  messages: 1024,
  /** Answers to one prompt. */
  choices: 16,
  /** Prompts in one completions request. */
  prompts: 32,
  stopSequences: 4,
  stopLength: 256,
  logitBiases: 1024,
  topLogprobs: 20,
  /** What the completions API has always allowed. */
  completionLogprobs: 5,
  inputs: 256,
  labels: 256,
  labelLength: 256,
} as const;

const text = z.string().max(generationLimits.textLength);
const textPart = z.object({ type: z.literal("text"), text });
const content = z.union(
  [
    text,
    z
      .array(textPart)
      .min(1)
      .max(generationLimits.messages)
      .transform((parts) => parts.map((part) => part.text).join("")),
  ],
  { error: "Expected a string or an array of text parts" },
);

/** A message as callers send it; parts are joined, and `developer` is the newer name of `system`. */
export const requestMessageSchema = z.object({
  role: z
    .enum(["system", "developer", "user", "assistant"])
    .transform((role) => (role === "developer" ? "system" : role)),
  content,
});
const messages = z
  .array(requestMessageSchema)
  .min(1, "Expected at least one message")
  .max(generationLimits.messages);

const stopText = z.string().min(1, "Expected a non-empty string").max(generationLimits.stopLength);
const stop = z.union(
  [stopText.transform((one) => [one]), z.array(stopText).max(generationLimits.stopSequences)],
  {
    error: `Expected a non-empty string or up to ${generationLimits.stopSequences} of them`,
  },
);

const logitBias = z
  .record(z.string().regex(/^\d{1,9}$/, "Expected token ids as keys"), z.number().min(-100).max(100))
  .refine((biases) => Object.keys(biases).length <= generationLimits.logitBiases, {
    error: `Expected at most ${generationLimits.logitBiases} tokens`,
  });

export const responseFormatSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: z.string().max(64),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()),
      strict: z.boolean().nullish(),
    }),
  }),
]);
export type ResponseFormat = z.infer<typeof responseFormatSchema>;

/** Fields that both generation endpoints take. Null means "as if left out", as in OpenAI's API. */
const commonFields = {
  model: z.string().min(1).max(512),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  /** 0 and -1 both mean "off", as callers of other servers expect. */
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().positive().max(10).nullish(),
  logit_bias: logitBias.nullish(),
  seed: z.int().nullish(),
  stop: stop.nullish(),
  n: z.int().min(1).max(generationLimits.choices).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  response_format: responseFormatSchema.nullish(),
  user: z.string().nullish(),
};

interface Streamable {
  stream?: boolean | null | undefined;
  stream_options?: object | null | undefined;
}
function checkStreamOptions(body: Streamable, context: z.RefinementCtx): void {
  if (!body.stream_options || body.stream) return;
  context.addIssue({
    code: "custom",
    path: ["stream_options"],
    message: 'Only allowed when "stream" is true',
  });
}

/** Body of `POST /v1/chat/completions`. Fields that are not listed are ignored. */
export const chatCompletionRequestSchema = z
  .object({
    ...commonFields,
    messages,
    max_tokens: z.int().positive().nullish(),
    max_completion_tokens: z.int().positive().nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(generationLimits.topLogprobs).nullish(),
  })
  .superRefine((body, context) => {
    checkStreamOptions(body, context);
    if (typeof body.top_logprobs === "number" && !body.logprobs) {
      context.addIssue({
        code: "custom",
        path: ["top_logprobs"],
        message: 'Only allowed when "logprobs" is true',
      });
    }
  });
export type ChatCompletionRequest = z.infer<typeof chatCompletionRequestSchema>;

const tokenIds = z.array(z.int().nonnegative()).min(1).max(generationLimits.textLength);
const prompt = z.union(
  [
    text.transform((one) => [one]),
    z.array(text).min(1).max(generationLimits.prompts),
    tokenIds.transform((one) => [one]),
    z.array(tokenIds).min(1).max(generationLimits.prompts),
  ],
  { error: `Expected a string, token ids, or an array of up to ${generationLimits.prompts} of either` },
);

/** Body of `POST /v1/completions`. Fields that are not listed are ignored. */
export const completionRequestSchema = z
  .object({
    ...commonFields,
    prompt,
    max_tokens: z.int().nonnegative().nullish(),
    /** Number of likeliest tokens to list for each token. */
    logprobs: z.int().min(0).max(generationLimits.completionLogprobs).nullish(),
    echo: z.boolean().nullish(),
    suffix: z.literal("", { error: "Inserting text before a suffix is not supported" }).nullish(),
    best_of: z.int().min(1).nullish(),
  })
  .superRefine((body, context) => {
    checkStreamOptions(body, context);
    if ((body.best_of ?? 1) > (body.n ?? 1)) {
      context.addIssue({ code: "custom", path: ["best_of"], message: 'Expected no more than "n"' });
    }
    if (body.max_tokens === 0 && !body.echo) {
      context.addIssue({
        code: "custom",
        path: ["max_tokens"],
        message: 'Expected at least 1 unless "echo" is true',
      });
    }
    const format = body.response_format?.type ?? "text";
    if (body.echo && format !== "text") {
      context.addIssue({
        code: "custom",
        path: ["echo"],
        message: `Not allowed with "response_format" of type "${format}"`,
      });
    }
  });
export type CompletionRequest = z.infer<typeof completionRequestSchema>;

const label = z.string().min(1).max(generationLimits.labelLength);

/** Body of `POST /v1/classifications`: one of `input`, `inputs`, `messages`, and labels where the model has none. */
export const classificationRequestSchema = z
  .object({
    model: z.string().min(1).max(512),
    input: z.union([text, z.array(text).min(1).max(generationLimits.inputs)]).nullish(),
    inputs: z.array(text).min(1).max(generationLimits.inputs).nullish(),
    messages: messages.nullish(),
    labels: z.array(label).min(2, "Expected at least two labels").max(generationLimits.labels).nullish(),
    user: z.string().nullish(),
  })
  .superRefine((body, context) => {
    const given = [body.input, body.inputs, body.messages].filter(
      (field) => field !== undefined && field !== null,
    );
    if (given.length !== 1) {
      context.addIssue({
        code: "custom",
        path: ["input"],
        message: `Expected exactly one of "input", "inputs" and "messages", found ${given.length}`,
      });
    }
    const repeated = body.labels?.find((one, i, all) => all.indexOf(one) !== i);
    if (repeated !== undefined) {
      context.addIssue({ code: "custom", path: ["labels"], message: `Label "${repeated}" is listed twice` });
    }
  });
export type ClassificationRequest = z.infer<typeof classificationRequestSchema>;

const finishReason = z.enum(["stop", "length"]);
export type FinishReason = z.infer<typeof finishReason>;

const usageSchema = z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });
/** Tokens of text only: a soft prompt's virtual tokens are not counted, they cost a request nothing. */
export type Usage = z.infer<typeof usageSchema>;

const tokenLogprobSchema = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()).nullable(),
});
const chatLogprobsSchema = z.object({
  content: z.array(tokenLogprobSchema.extend({ top_logprobs: z.array(tokenLogprobSchema) })),
  refusal: z.null(),
});
export type ChatLogprobs = z.infer<typeof chatLogprobsSchema>;

const completionLogprobsSchema = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
  text_offset: z.array(z.int()),
});
export type CompletionLogprobs = z.infer<typeof completionLogprobsSchema>;

/** Answer of `POST /v1/chat/completions` without `stream`. */
export const chatCompletionSchema = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
      logprobs: chatLogprobsSchema.nullable(),
      finish_reason: finishReason,
    }),
  ),
  usage: usageSchema,
});

/** Answer of `POST /v1/completions` without `stream`. */
export const completionSchema = z.object({
  id: z.string(),
  object: z.literal("text_completion"),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string(),
  choices: z.array(
    z.object({
      text: z.string(),
      index: z.int(),
      logprobs: completionLogprobsSchema.nullable(),
      finish_reason: finishReason,
    }),
  ),
  usage: usageSchema,
});

/** Answer of `POST /v1/classifications`: for each input the best label, and every label's score, best first. */
export const classificationSchema = z.object({
  object: z.literal("list"),
  model: z.string(),
  system_fingerprint: z.string(),
  data: z.array(
    z.object({
      object: z.literal("classification"),
      index: z.int(),
      label: z.string(),
      /** Sum of the label tokens' log-probabilities in nats, and its softmax over the labels. */
      scores: z.array(z.object({ label: z.string(), logprob: z.number(), probability: z.number() })),
    }),
  ),
  usage: usageSchema,
});
export type ClassificationAnswer = z.infer<typeof classificationSchema>;
