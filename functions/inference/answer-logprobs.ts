import type { ChatLogprobs, CompletionLogprobs } from "../../shared/contracts/generation.ts";
import type { GeneratedToken } from "./generate.ts";
import type { TokenLogprob } from "./log-probabilities.ts";
import type { TokenWithTop } from "./run-generation.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** JSON has no -Infinity; OpenAI's API writes this for a token that cannot be. */
const LEAST_LOGPROB = -9999;
const finite = (logprob: number) => Math.max(logprob, LEAST_LOGPROB);

/** Log-probabilities of tokens in the shape of chat answers. A part of a character is told apart by its bytes. */
export function chatLogprobs(tokens: readonly GeneratedToken[], vocabulary: Vocabulary): ChatLogprobs {
  const present = ({ id, logprob }: TokenLogprob) => {
    const bytes = vocabulary.bytes(id);
    return { token: textOf(id, vocabulary), logprob: finite(logprob), bytes: bytes && [...bytes] };
  };
  return {
    content: tokens.map((token) => ({ ...present(token), top_logprobs: token.top.map(present) })),
    refusal: null,
  };
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
  vocabulary: Vocabulary,
): CompletionLogprobs {
  return {
    tokens: placed.map(({ id }) => nameOf(id, vocabulary)),
    token_logprobs: placed.map(({ token }) => token && finite(token.logprob)),
    top_logprobs: placed.map(({ token }) => {
      if (!token) return null;
      // The chosen token is listed even when it is not among the likeliest.
      const listed = [...token.top, token];
      return Object.fromEntries(listed.map(({ id, logprob }) => [nameOf(id, vocabulary), finite(logprob)]));
    }),
    text_offset: placed.map(({ offset }) => offset),
  };
}

function textOf(id: number, vocabulary: Vocabulary): string {
  const bytes = vocabulary.bytes(id) ?? new Uint8Array();
  return vocabulary.special(id) ?? new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
}

/** A name of a token that no other has: parts of characters, which all look the same, are written as OpenAI's API does. */
function nameOf(id: number, vocabulary: Vocabulary): string {
  const text = textOf(id, vocabulary);
  if (!text.includes("\uFFFD")) return text;
  const bytes = Array.from(vocabulary.bytes(id) ?? [], (byte) => `\\x${byte.toString(16).padStart(2, "0")}`);
  return `bytes:${bytes.join("")}`;
}
