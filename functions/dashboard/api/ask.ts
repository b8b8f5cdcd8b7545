import type { Api } from "./client.ts";
import type { ClassificationAnswer, Model } from "./types.ts";

/** What the playground asks: one text, as a conversation's first message or as the beginning to be completed. */
export interface Question {
  readonly mode: "complete" | "chat";
  readonly text: string;
  readonly maxTokens: number;
  readonly temperature: number;
}

/** An answer as far as it has come. Times are in milliseconds since the question. */
export interface Answer {
  readonly text: string;
  readonly firstAt: number | null;
  readonly tokens: number;
  readonly lastAt: number | null;
  readonly done: boolean;
}

interface Chunk {
  readonly choices: readonly { readonly text?: string; readonly delta?: { readonly content?: string } }[];
  readonly usage?: { readonly completion_tokens: number } | null;
}

export const noAnswer: Answer = { text: "", firstAt: null, tokens: 0, lastAt: null, done: false };

/** The answer of a model, again with every piece that arrives. */
export async function* ask(
  api: Api,
  model: string,
  question: Question,
  signal: AbortSignal,
): AsyncGenerator<Answer> {
  const { mode, text, maxTokens, temperature } = question;
  const common = {
    model,
    max_tokens: maxTokens,
    temperature,
    stream: true,
    stream_options: { include_usage: true },
  };
  const [path, body]: [string, object] =
    mode === "chat"
      ? ["/v1/chat/completions", { ...common, messages: [{ role: "user", content: text }] }]
      : ["/v1/completions", { ...common, prompt: text }];
  const began = performance.now();
  let answer = noAnswer;
  for await (const { choices, usage } of api.stream<Chunk>(path, body, signal)) {
    const piece = choices[0]?.text ?? choices[0]?.delta?.content ?? "";
    const now = performance.now() - began;
    answer = {
      text: answer.text + piece,
      firstAt: answer.firstAt ?? (piece === "" ? null : now),
      lastAt: piece === "" ? answer.lastAt : now,
      tokens: usage?.completion_tokens ?? answer.tokens + (piece === "" ? 0 : 1),
      done: false,
    };
    yield answer;
  }
  yield { ...answer, done: true };
}

/** How likely a model finds each label that `tuned` was tuned on, of a text written as its rows were. */
export async function classify(api: Api, model: Model, text: string, tuned: Model) {
  const answer = await api.send<ClassificationAnswer>("POST", "/v1/classifications", {
    model: model.id,
    ...(tuned.row_format === "messages" ? { messages: [{ role: "user", content: text }] } : { input: text }),
    ...(model === tuned ? {} : { labels: tuned.labels }),
  });
  return answer.data[0]?.scores ?? [];
}
