import type { ChatMessage, RowFormat } from "../../shared/contracts/dataset.ts";
import { labelCompletion, labelPrompt, renderConversation, renderPrompt } from "../../shared/text/render.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import type { ResolvedModel } from "./model-resolver.ts";

/** What goes into the model, and how what comes out reads. */
export interface RenderedInput {
  readonly ids: readonly number[];
  /** The answer begins with a space that belongs to the way labels are written, not to the answer. */
  readonly dropLeadingSpace: boolean;
}

/**
 * Renders a conversation. A model tuned on `prompt`/`completion` or `text`/`label` rows has never seen a chat template:
 * its soft prompt only knows rows written plainly. So a single user message to such a model is written as its rows were;
 * any other conversation is taken at its word and rendered by the template.
 */
export function renderChatInput(
  model: ResolvedModel,
  messages: readonly ChatMessage[],
  tokenizer: TextTokenizer,
): RenderedInput {
  const { ids, dropLeadingSpace } = renderWholeChat(model, messages, tokenizer);
  return { ids: behindPrompt(model, ids), dropLeadingSpace };
}

/**
 * The ids that follow a model's soft prompt. A prompt placed behind the model's first token begins with that token's keys
 * and values, so the input goes without it.
 */
export function behindPrompt({ prompt, manifest }: ResolvedModel, ids: readonly number[]): readonly number[] {
  // An empty input keeps it: something must be read for an answer to follow.
  const holdsFirst = prompt?.prompt.placement === "after_first" && ids.length > 1;
  return holdsFirst && ids[0] === manifest.specialTokens.beginning ? ids.slice(1) : ids;
}

function renderWholeChat(
  { prompt }: ResolvedModel,
  messages: readonly ChatMessage[],
  tokenizer: TextTokenizer,
): RenderedInput {
  const [message] = messages;
  const plain = message?.role === "user" && messages.length === 1 ? prompt?.prompt.row_format : undefined;
  if (plain === "label")
    return { ids: renderPrompt(labelPrompt(message?.content ?? ""), tokenizer), dropLeadingSpace: true };
  if (plain === "completion")
    return { ids: renderPrompt(message?.content ?? "", tokenizer), dropLeadingSpace: false };
  return { ids: renderConversation(messages, tokenizer), dropLeadingSpace: false };
}

/**
 * Renders one text to be classified, as a tuned model's rows were written; for a base model, as a label row would be.
 */
export function renderClassificationInput(
  model: ResolvedModel,
  text: string,
  tokenizer: TextTokenizer,
): readonly number[] {
  const format: RowFormat = model.prompt?.prompt.row_format ?? "label";
  if (format === "label") return behindPrompt(model, renderPrompt(labelPrompt(text), tokenizer));
  if (format === "completion") return behindPrompt(model, renderPrompt(text, tokenizer));
  return behindPrompt(model, renderConversation([{ role: "user", content: text }], tokenizer));
}

/** A label and the text that stands for it behind an input. */
export interface LabelText {
  readonly label: string;
  readonly completion: string;
}

/**
 * The labels to choose from: those the model was tuned on, or those the caller names. A caller's label that is a trained
 * one but for surrounding space means the trained one; others are written as labels of that row format are.
 */
export function labelTexts(
  { prompt }: ResolvedModel,
  named: readonly string[] | null | undefined,
): LabelText[] {
  const trained = prompt?.prompt.labels ?? [];
  if (!named) return shortLabels(trained).map((label, i) => ({ label, completion: trained[i] as string }));
  const format: RowFormat = prompt?.prompt.row_format ?? "label";
  return named.map((label) => {
    const known = trained.find((one) => one === label) ?? trained.find((one) => one.trim() === label.trim());
    return { label, completion: known ?? (format === "label" ? labelCompletion(label) : label) };
  });
}

/** Completions without surrounding space, unless that makes two of them the same. */
function shortLabels(completions: readonly string[]): readonly string[] {
  const short = completions.map((completion) => completion.trim());
  return new Set(short).size === short.length ? short : completions;
}
