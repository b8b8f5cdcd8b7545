import type { ChatCompletionRequest, CompletionRequest } from "../../shared/contracts/generation.ts";
import { InvalidRequestError } from "../../shared/errors.ts";
import type { GenerationSettings } from "./generate.ts";
import type { ResolvedModel } from "./model-resolver.ts";
import { defaultSampling, randomSeed, type SamplingSettings } from "./sampling.ts";

/**
 * Tokens that an answer may still have behind its input. Throws InvalidRequestError (code `context_length_exceeded`) when
 * there is no room for even one.
 *
 * @param inputTokens tokens of text, the soft prompt not counted
 * @param field the request field that holds the input
 */
export function roomForAnswer(
  { manifest, prompt }: ResolvedModel,
  inputTokens: number,
  field: string,
): number {
  const limit = manifest.architecture.contextLength;
  const virtual = prompt?.prompt.virtual_tokens ?? 0;
  const room = limit - virtual - inputTokens;
  if (room > 0) return room;
  const behind = virtual > 0 ? `, of which the soft prompt takes ${virtual}` : "";
  throw new InvalidRequestError(
    `This model's maximum context length is ${limit} tokens${behind}. However, your ${field} resulted in ${inputTokens} tokens. Please reduce the length of the ${field}.`,
    { code: "context_length_exceeded", param: field },
  );
}

/** Fills in what the body leaves out. Throws InvalidRequestError for tokens that the vocabulary does not have. */
export function generationSettings(
  body: ChatCompletionRequest | CompletionRequest,
  model: ResolvedModel,
  rest: Pick<GenerationSettings, "maxTokens" | "topLogprobs" | "dropLeadingSpace" | "constrain">,
): GenerationSettings {
  return {
    ...rest,
    sampling: samplingSettings(body, model.manifest.architecture.vocabularySize),
    seed: body.seed ?? randomSeed(),
    isStreamed: body.stream ?? false,
    stops: body.stop ?? [],
  };
}

function samplingSettings(
  body: ChatCompletionRequest | CompletionRequest,
  vocabularySize: number,
): SamplingSettings {
  const logitBias = new Map<number, number>();
  for (const [key, bias] of Object.entries(body.logit_bias ?? {})) {
    checkToken(Number(key), vocabularySize, "logit_bias");
    logitBias.set(Number(key), bias);
  }
  return {
    temperature: body.temperature ?? defaultSampling.temperature,
    topP: body.top_p ?? defaultSampling.topP,
    topK: Math.max(0, body.top_k ?? defaultSampling.topK),
    minP: body.min_p ?? defaultSampling.minP,
    frequencyPenalty: body.frequency_penalty ?? defaultSampling.frequencyPenalty,
    presencePenalty: body.presence_penalty ?? defaultSampling.presencePenalty,
    repetitionPenalty: body.repetition_penalty ?? defaultSampling.repetitionPenalty,
    logitBias,
  };
}

/** Throws InvalidRequestError (code `invalid_token`) when the vocabulary has no such token. */
export function checkToken(id: number, vocabularySize: number, field: string): void {
  if (id < vocabularySize) return;
  throw new InvalidRequestError(
    `Token ${id} in "${field}" does not exist, the vocabulary has ${vocabularySize} tokens`,
    {
      code: "invalid_token",
      param: field,
    },
  );
}
