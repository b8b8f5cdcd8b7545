import { z } from "zod";
import { chatMessageSchema } from "../../shared/contracts/dataset.ts";
import type { Client } from "./client.ts";
import { badLine, type JsonLine } from "./jsonl.ts";
import { classificationShape } from "./shapes.ts";

/** A row to be classified: bare text, or an object as in a dataset, whose answer is left out of the question. */
const rowSchema = z.union([
  z.string().transform((input) => ({ input })),
  z.looseObject({ input: z.string() }).transform(({ input }) => ({ input })),
  z.looseObject({ text: z.string() }).transform(({ text }) => ({ input: text })),
  z.looseObject({ prompt: z.string() }).transform(({ prompt }) => ({ input: prompt })),
  z.looseObject({ messages: z.array(chatMessageSchema).min(1) }).transform(({ messages }) => ({
    messages: messages.at(-1)?.role === "assistant" ? messages.slice(0, -1) : messages,
  })),
]);
export type Question = z.infer<typeof rowSchema>;

export interface Classified {
  readonly label: string;
  readonly scores: readonly { readonly label: string; readonly probability: number }[];
}

/** Reads a line as a row to be classified. Throws CliError (validation) naming the line. */
export function parseQuestion({ number, text }: JsonLine): Question {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    throw badLine(number, `Found no JSON, wanted a string or an object such as {"text": "..."}`);
  }
  const parsed = rowSchema.safeParse(row);
  if (parsed.success) return parsed.data;
  throw badLine(number, 'Found no text, wanted "text", "input", "prompt" or "messages"');
}

/** The label of one row, and all labels' probabilities, likeliest first. */
export async function classifyRow(
  client: Client,
  model: string,
  question: Question,
  labels: readonly string[] | undefined,
): Promise<Classified> {
  const answer = await client.call("v1/classifications", classificationShape, {
    method: "POST",
    body: { model, ...question, labels },
    repeatable: true,
  });
  return answer.data[0] ?? { label: "", scores: [] };
}
