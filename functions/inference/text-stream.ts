import type { TextTokenizer } from "../../shared/text/tokenizer.ts";

/** Turns tokens into text as they come, never cutting a character in two. */
export interface TextStream {
  /** Takes one token and gives the text that is certain by now; empty in the middle of a character. */
  push(id: number): string;
  /** What is left at the end: the remains of an unfinished character, as the tokenizer shows them. */
  flush(): string;
}

/** What a decoder shows for bytes that are no character, or not yet one. */
const REPLACEMENT = "\uFFFD";
/** With more tokens than this undecided, look for a place to cut: only a run of invalid bytes gets there. */
const MAX_PENDING = 16;
/** No character has more bytes, and no token less than one. */
const MAX_CHARACTER_TOKENS = 4;

/**
 * Decodes each new token together with those just before it (decoders treat a text's first token specially) and gives the
 * difference. A replacement character at the end is held back: the next token may complete it. For byte-level
 * tokenizers the pieces joined are exactly `tokenizer.decode` of all tokens.
 */
export function createTextStream(tokenizer: TextTokenizer): TextStream {
  /** Tokens whose text is settled, kept as context, and their text when decoded alone. */
  let anchor: number[] = [];
  let anchorText = "";
  let pending: number[] = [];
  /** Characters of the pending tokens' text that are given already. */
  let given = 0;

  const pendingText = () => {
    const text = tokenizer.decode([...anchor, ...pending]);
    if (text.startsWith(anchorText)) return text.slice(anchorText.length);
    // Some decoders judge a run of bytes as a whole and take back what they showed; what is given stays given.
    return tokenizer.decode(pending);
  };
  const settle = (count: number) => {
    anchor = pending.slice(0, count);
    anchorText = tokenizer.decode(anchor);
    pending = pending.slice(count);
  };

  return {
    push(id) {
      pending.push(id);
      const text = pendingText();
      const certain = text.endsWith(REPLACEMENT) ? text.length - REPLACEMENT.length : text.length;
      const piece = text.slice(given, certain);
      given = Math.max(given, certain);
      if (certain === text.length) {
        // Tokens without text are no context for those that follow; a run of them must not grow for ever.
        if (text !== "") settle(pending.length);
        else if (pending.length > MAX_PENDING) pending = [];
        given = 0;
      } else if (pending.length > MAX_PENDING) {
        const cut = cuttingPlace(tokenizer, anchor, anchorText, pending, text, given);
        if (cut !== undefined) {
          settle(cut.tokens);
          given -= cut.length;
        }
      }
      return piece;
    },
    flush() {
      const rest = pending.length === 0 ? "" : pendingText().slice(given);
      anchor = [];
      anchorText = "";
      pending = [];
      given = 0;
      return rest;
    },
  };
}

/**
 * A place among the pending tokens where a character ends. Cutting elsewhere would show: the two parts of a character
 * decode to more replacement characters than it has, so parts that join to the whole prove the place. Text that is not
 * given yet stays behind it.
 */
function cuttingPlace(
  tokenizer: TextTokenizer,
  anchor: readonly number[],
  anchorText: string,
  pending: readonly number[],
  text: string,
  given: number,
): { tokens: number; length: number } | undefined {
  for (let tokens = pending.length - 1; tokens >= pending.length - 2 * MAX_CHARACTER_TOKENS; tokens--) {
    const first = tokenizer.decode([...anchor, ...pending.slice(0, tokens)]);
    if (!first.startsWith(anchorText)) continue;
    const head = first.slice(anchorText.length);
    if (head.length <= given && head + tokenizer.decode(pending.slice(tokens)) === text)
      return { tokens, length: head.length };
  }
  return undefined;
}
