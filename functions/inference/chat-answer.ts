import type { z } from "zod";
import type { chatCompletionSchema, FinishReason } from "../../shared/contracts/generation.ts";
import { usage, type AnswerHead } from "./answer-head.ts";
import { chatLogprobs } from "./answer-logprobs.ts";
import type { GeneratedToken } from "./generate.ts";
import type { RunEvent } from "./run-generation.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface ChatAnswerOptions {
  readonly head: AnswerHead;
  readonly promptTokens: number;
  /** Where log-probabilities are asked for. */
  readonly vocabulary: Vocabulary | null;
}
type Events = AsyncGenerator<RunEvent, void, undefined>;

/** Gathers a whole run into one `chat.completion`. */
export async function chatAnswer(
  events: Events,
  options: ChatAnswerOptions,
): Promise<z.infer<typeof chatCompletionSchema>> {
  const choices: { text: string; tokens: GeneratedToken[]; reason: FinishReason }[] = [];
  let completionTokens = 0;
  for await (const event of events) {
    const choice = (choices[event.index] ??= { text: "", tokens: [], reason: "stop" });
    if (event.type === "text") {
      choice.text += event.text;
      choice.tokens.push(...event.tokens);
    } else if (event.type === "finish") {
      choice.reason = event.reason;
      completionTokens += event.tokens;
    }
  }
  return {
    ...options.head,
    object: "chat.completion",
    choices: choices.map(({ text, tokens, reason }, index) => ({
      index,
      message: { role: "assistant", content: text, refusal: null },
      logprobs: options.vocabulary && chatLogprobs(tokens, options.vocabulary),
      finish_reason: reason,
    })),
    usage: usage(options.promptTokens, completionTokens),
  };
}

/** A run as `chat.completion.chunk`s: the role first, then text, then the reason for the end, then the usage if asked for. */
export async function* chatChunks(
  events: Events,
  options: ChatAnswerOptions & { readonly includeUsage: boolean },
) {
  const base = { ...options.head, object: "chat.completion.chunk" };
  // With usage asked for, every chunk has the field, and only the last one has a value.
  const noUsage = options.includeUsage ? { usage: null } : {};
  const chunk = (
    index: number,
    delta: object,
    tokens: readonly GeneratedToken[],
    reason: FinishReason | null,
  ) => ({
    ...base,
    choices: [
      {
        index,
        delta,
        logprobs: options.vocabulary && tokens.length > 0 ? chatLogprobs(tokens, options.vocabulary) : null,
        finish_reason: reason,
      },
    ],
    ...noUsage,
  });
  const begun = new Set<number>();
  let completionTokens = 0;
  for await (const event of events) {
    if (!begun.has(event.index)) {
      begun.add(event.index);
      yield chunk(event.index, { role: "assistant", content: "", refusal: null }, [], null);
    }
    if (event.type === "text") yield chunk(event.index, { content: event.text }, event.tokens, null);
    if (event.type === "finish") {
      completionTokens += event.tokens;
      yield chunk(event.index, {}, [], event.reason);
    }
  }
  if (options.includeUsage)
    yield { ...base, choices: [], usage: usage(options.promptTokens, completionTokens) };
}
