import { z } from "zod";
import type { DatasetRow } from "../../shared/contracts/dataset.ts";
import { expectedAnswer, plainText } from "../../shared/text/render.ts";
import type { Client } from "./client.ts";

/** Room for an answer that goes on where the wanted one ends: it is told apart by its length alone. */
const SPARE_CHARACTERS = 8;

const chatShape = z.looseObject({
  choices: z.tuple([z.looseObject({ message: z.looseObject({ content: z.string().nullable() }) })]),
});
const completionShape = z.looseObject({
  choices: z.tuple([
    z.looseObject({
      text: z.string(),
      logprobs: z
        .looseObject({
          text_offset: z.array(z.int()),
          token_logprobs: z.array(z.number().nullable()),
          top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
        })
        .nullish(),
    }),
  ]),
});

export interface TextScore {
  /** Whether the greedy answer is the wanted one, but for space around it. */
  readonly exact: boolean;
  /** For each token of the wanted answer whether it was the likeliest; none for conversations, which have no echo. */
  readonly tokens: readonly boolean[];
}

/** How well a model's answer to one row is the row's. A token takes at least one character, which bounds the answer. */
export async function scoreText(client: Client, model: string, row: DatasetRow): Promise<TextScore> {
  const wanted = expectedAnswer(row);
  const greedy = { model, temperature: 0, max_tokens: wanted.length + SPARE_CHARACTERS };
  const text = plainText(row);
  if (row.format === "messages" || text === undefined) {
    const messages = row.format === "messages" ? row.messages.slice(0, -1) : [];
    const answer = await client.call("v1/chat/completions", chatShape, {
      method: "POST",
      body: { ...greedy, messages },
      repeatable: true,
    });
    return { exact: isSame(answer.choices[0].message.content ?? "", wanted), tokens: [] };
  }
  const complete = async (body: object) =>
    (await client.call("v1/completions", completionShape, { method: "POST", body, repeatable: true }))
      .choices[0];
  const [answer, echo] = await Promise.all([
    complete({ ...greedy, prompt: text.prompt }),
    complete({ model, prompt: text.prompt + text.completion, echo: true, logprobs: 1, max_tokens: 0 }),
  ]);
  const {
    text_offset: offsets = [],
    token_logprobs: found = [],
    top_logprobs: top = [],
  } = echo.logprobs ?? {};
  const likeliest = found.flatMap((logprob, i) => {
    if (logprob === null || (offsets[i] ?? 0) < text.prompt.length) return [];
    return [logprob >= Math.max(...Object.values(top[i] ?? {}))];
  });
  return { exact: isSame(answer.text, wanted), tokens: likeliest };
}

function isSame(found: string, wanted: string): boolean {
  return found.trim() === wanted.trim();
}
