import type { ChatLogprobs, CompletionLogprobs } from "../../shared/contracts/generation.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import type { GeneratedToken } from "./generate.ts";
import type { TokenLogprob } from "./log-probabilities.ts";
import type { TokenWithTop } from "./run-generation.ts";

/** JSON has no -Infinity; OpenAI's API writes this for a token that cannot be. */
const LEAST_LOGPROB = -9999;
const finite = (logprob: number) => Math.max(logprob, LEAST_LOGPROB);

/** Log-probabilities of tokens in the shape of chat answers. */
export function chatLogprobs(tokens: readonly GeneratedToken[], tokenizer: TextTokenizer): ChatLogprobs {
  const present = ({ id, logprob }: TokenLogprob) => {
    const token = tokenizer.decode([id]);
    return { token, logprob: finite(logprob), bytes: bytesOf(token) };
  };
  return {
    content: tokens.map((token) => ({ ...present(token), top_logprobs: token.top.map(present) })),
    refusal: null,
  };
}

/** Bytes of a token's text; null where it is a part of a character, which text cannot show. */
function bytesOf(token: string): number[] | null {
  return token.includes("\uFFFD") ? null : [...new TextEncoder().encode(token)];
}

/** A token with the place in the text where its own begins. */
export interface PlacedToken {
  readonly token: TokenWithTop | null;
  readonly id: number;
  readonly offset: number;
}

/** Log-probabilities of tokens in the shape of text completions; the first token of an echoed prompt has none. */
export function completionLogprobs(
  placed: readonly PlacedToken[],
  tokenizer: TextTokenizer,
): CompletionLogprobs {
  const text = (id: number) => tokenizer.decode([id]);
  return {
    tokens: placed.map(({ id }) => text(id)),
    token_logprobs: placed.map(({ token }) => token && finite(token.logprob)),
    top_logprobs: placed.map(({ token }) => {
      if (!token) return null;
      // The chosen token is listed even when it is not among the likeliest. Of equal texts the likeliest counts.
      const listed = [...token.top, token].toReversed();
      return Object.fromEntries(listed.map(({ id, logprob }) => [text(id), finite(logprob)]));
    }),
    text_offset: placed.map(({ offset }) => offset),
  };
}
