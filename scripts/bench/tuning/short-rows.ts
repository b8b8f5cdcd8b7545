import type { TextTokenizer } from "../../../shared/text/tokenizer.ts";

interface Row {
  readonly prompt: string;
  readonly completion: string;
}

/**
 * Rows of a dataset file cut to `maxTokens`, beginning and end token counted: a longer text loses words at its end, what
 * follows the last line break (the question to the model) stays.
 */
export function shortRows(jsonl: string, count: number, maxTokens: number, tokenizer: TextTokenizer): string {
  const lines = jsonl.trimEnd().split("\n").slice(0, count);
  return lines
    .map((line) => JSON.stringify(shorten(JSON.parse(line) as Row, maxTokens, tokenizer)))
    .join("\n");
}

function shorten({ prompt, completion }: Row, maxTokens: number, tokenizer: TextTokenizer): Row {
  const room = maxTokens - 2 - tokenizer.encode(completion).length;
  const cut = prompt.lastIndexOf("\n");
  const question = cut < 0 ? "" : prompt.slice(cut);
  const words = (cut < 0 ? prompt : prompt.slice(0, cut)).split(" ");
  const text = () => `${words.join(" ")}${question}`;
  while (words.length > 1 && tokenizer.encode(text()).length > room) words.pop();
  return { prompt: text(), completion };
}
