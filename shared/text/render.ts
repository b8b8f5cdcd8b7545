import type { ChatMessage, DatasetRow } from "../contracts/dataset.ts";
import { RowParseError } from "./dataset-row.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** A row as the model sees it: token ids, and which of them the loss is taken on. */
export interface TokenizedRow {
  readonly ids: readonly number[];
  /** Index ranges `[begin, end)` of the tokens to be learned: the completion and the end token, or assistant turns. */
  readonly targets: readonly (readonly [begin: number, end: number])[];
}

/** Ids of a plain prompt: the model's beginning token, then the text. */
export function renderPrompt(prompt: string, tokenizer: TextTokenizer): number[] {
  const { beginning } = tokenizer.specialTokens;
  return [...(beginning === null ? [] : [beginning]), ...tokenizer.encode(prompt)];
}

/** Ids of a conversation up to where the assistant begins to answer. */
export function renderConversation(messages: readonly ChatMessage[], tokenizer: TextTokenizer): number[] {
  return tokenizer.encode(tokenizer.renderChat(messages, true));
}

/** How a label row reads as text. The label follows a space, as it would in running text. */
export function labelPrompt(text: string): string {
  return `${text}\nLabel:`;
}
export function labelCompletion(label: string): string {
  return ` ${label}`;
}

/** A row's prompt and completion as plain text; `undefined` for a conversation. */
export function plainText(row: DatasetRow): { prompt: string; completion: string } | undefined {
  if (row.format === "messages") return undefined;
  if (row.format === "completion") return row;
  return { prompt: labelPrompt(row.text), completion: labelCompletion(row.label) };
}

/** What the model is to answer: the completion, or the last assistant turn. */
export function expectedAnswer(row: DatasetRow): string {
  return (
    plainText(row)?.completion ?? (row.format === "messages" ? (row.messages.at(-1)?.content ?? "") : "")
  );
}

/**
 * Tokenises a row exactly as serving will: what is generated is tokenised apart from what comes before it, so the
 * boundary lies where decoding will have it. Throws RowParseError when the chat template does not keep the turns apart.
 */
export function tokenizeRow(row: DatasetRow, tokenizer: TextTokenizer): TokenizedRow {
  if (row.format === "messages") return tokenizeConversation(row.messages, tokenizer);
  const { prompt, completion } = plainText(row) as { prompt: string; completion: string };
  const input = renderPrompt(prompt, tokenizer);
  const target = [...tokenizer.encode(completion), ...tokenizer.specialTokens.end.slice(0, 1)];
  return { ids: [...input, ...target], targets: [[input.length, input.length + target.length]] };
}

function tokenizeConversation(messages: readonly ChatMessage[], tokenizer: TextTokenizer): TokenizedRow {
  let ids: number[] = [];
  const targets: [number, number][] = [];
  let rendered = "";
  const take = (text: string) => {
    if (!text.startsWith(rendered)) {
      throw new RowParseError(
        "invalid_row",
        "The model's chat template changes earlier turns when later ones are added",
      );
    }
    const piece = tokenizer.encode(text.slice(rendered.length));
    rendered = text;
    return piece;
  };
  messages.forEach((message, i) => {
    if (message.role !== "assistant") return;
    // Not pushed: a turn may have more tokens than a call may have arguments.
    ids = ids.concat(take(tokenizer.renderChat(messages.slice(0, i), true)));
    const turn = take(tokenizer.renderChat(messages.slice(0, i + 1), false));
    const end = turn.findIndex((id) => tokenizer.specialTokens.end.includes(id));
    targets.push([ids.length, ids.length + (end < 0 ? turn.length : end + 1)]);
    ids = ids.concat(turn);
  });
  return { ids, targets };
}
