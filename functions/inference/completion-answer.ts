import type { z } from "zod";
import type { completionSchema, FinishReason } from "../../shared/contracts/generation.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import { usage, type AnswerHead } from "./answer-head.ts";
import { completionLogprobs, type PlacedToken } from "./answer-logprobs.ts";
import type { RunEvent } from "./run-generation.ts";
import { createTextStream } from "./text-stream.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface CompletionAnswerOptions {
  readonly head: AnswerHead;
  readonly promptTokens: number;
  /** Where log-probabilities are asked for. */
  readonly vocabulary: Vocabulary | null;
  readonly tokenizer: TextTokenizer;
}
type Events = AsyncGenerator<RunEvent, void, undefined>;

/** A piece of an answer: text, the tokens that it is made of, and at the end the reason. */
interface Piece {
  readonly index: number;
  readonly text: string;
  readonly placed: readonly PlacedToken[];
  readonly reason: FinishReason | null;
}

/** Gathers a whole run into one `text_completion`. */
export async function completionAnswer(
  events: Events,
  options: CompletionAnswerOptions,
): Promise<z.infer<typeof completionSchema>> {
  const choices: { text: string; placed: PlacedToken[]; reason: FinishReason }[] = [];
  const counter = { tokens: 0 };
  for await (const piece of pieces(events, options.tokenizer, counter)) {
    const choice = (choices[piece.index] ??= { text: "", placed: [], reason: "stop" });
    choice.text += piece.text;
    choice.placed.push(...piece.placed);
    choice.reason = piece.reason ?? choice.reason;
  }
  return {
    ...options.head,
    object: "text_completion",
    choices: choices.map(({ text, placed, reason }, index) => ({
      text,
      index,
      logprobs: options.vocabulary && completionLogprobs(placed, options.vocabulary),
      finish_reason: reason,
    })),
    usage: usage(options.promptTokens, counter.tokens),
  };
}

/** A run as chunks of a `text_completion`: text, then the reason for the end, then the usage if asked for. */
export async function* completionChunks(
  events: Events,
  options: CompletionAnswerOptions & { readonly includeUsage: boolean },
) {
  const base = { ...options.head, object: "text_completion" };
  const noUsage = options.includeUsage ? { usage: null } : {};
  const counter = { tokens: 0 };
  for await (const { index, text, placed, reason } of pieces(events, options.tokenizer, counter)) {
    const logprobs =
      options.vocabulary && placed.length > 0 ? completionLogprobs(placed, options.vocabulary) : null;
    yield { ...base, choices: [{ text, index, logprobs, finish_reason: reason }], ...noUsage };
  }
  if (options.includeUsage)
    yield { ...base, choices: [], usage: usage(options.promptTokens, counter.tokens) };
}

async function* pieces(
  events: Events,
  tokenizer: TextTokenizer,
  counter: { tokens: number },
): AsyncGenerator<Piece> {
  /** Characters of echoed prompt in front of each answer. */
  const echoed = new Map<number, number>();
  for await (const event of events) {
    const { index } = event;
    if (event.type === "echo") {
      const { text, placed } = placeTokens(event, tokenizer);
      echoed.set(index, text.length);
      yield { index, text, placed, reason: null };
    } else if (event.type === "text") {
      const begin = echoed.get(index) ?? 0;
      const placed = event.tokens.map((token) => ({ token, id: token.id, offset: begin + token.offset }));
      yield { index, text: event.text, placed, reason: null };
    } else if (event.type === "finish") {
      counter.tokens += event.tokens;
      yield { index, text: "", placed: [], reason: event.reason };
    }
  }
}

function placeTokens(event: Extract<RunEvent, { type: "echo" }>, tokenizer: TextTokenizer) {
  const stream = createTextStream(tokenizer);
  let text = "";
  const placed = event.ids.map((id, i) => {
    const offset = text.length;
    text += stream.push(id);
    return { token: event.tokens[i] ?? null, id, offset };
  });
  return { text: text + stream.flush(), placed };
}
