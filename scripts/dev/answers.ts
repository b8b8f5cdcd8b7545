import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { callApi } from "./api.ts";
import { root } from "./paths.ts";
import type { Stack } from "./stack.ts";

export interface Answers {
  readonly prompt: string;
  readonly base: string;
  readonly tuned: string;
  /** Of the tuned model's second answer, when nothing had to be loaded any more. */
  readonly ttftMs: number;
  readonly tokensPerSecond: number;
}

const rowSchema = z.object({ prompt: z.string(), completion: z.string() });
const completionSchema = z.object({
  choices: z.tuple([z.object({ text: z.string() })]),
  usage: z.object({ completion_tokens: z.int() }),
});

const MAX_TOKENS = 8;
/** Enough tokens for a rate. */
const SPEED_TOKENS = 64;

/** Asks the base model and the tuned one about the first held-out spam email. */
export async function askBoth(stack: Stack, baseModel: string, tunedModel: string): Promise<Answers> {
  const prompt = heldOutPrompt();
  const base = await complete(stack, { model: baseModel, prompt, max_tokens: MAX_TOKENS });
  const tuned = await complete(stack, { model: tunedModel, prompt, max_tokens: MAX_TOKENS });
  const first = await complete(stack, { model: tunedModel, prompt, max_tokens: 1 });
  const long = await complete(stack, { model: baseModel, prompt, max_tokens: SPEED_TOKENS });
  return {
    prompt,
    base: base.text,
    tuned: tuned.text,
    ttftMs: Math.round(first.ttftMs),
    tokensPerSecond: Math.round(long.tokensPerSecond),
  };
}

function heldOutPrompt(): string {
  const rows = readFileSync(join(root, "scripts/example/test.jsonl"), "utf8").trimEnd().split("\n");
  const parsed = rows.map((row) => rowSchema.parse(JSON.parse(row)));
  return (parsed.find((row) => row.completion === " spam") ?? parsed[0])?.prompt ?? "";
}

async function complete({ url, credentials }: Stack, request: object) {
  const body = { temperature: 0, ...request };
  const { data, headers } = await callApi(url, credentials.apiKey, "/v1/completions", completionSchema, body);
  const { queue = 0, prefix = 0, prefill = 0, decode = 0 } = readTiming(headers);
  return {
    text: data.choices[0].text,
    ttftMs: queue + prefix + prefill,
    // The first token comes out of the prefill.
    tokensPerSecond: ((data.usage.completion_tokens - 1) / decode) * 1000,
  };
}

/** The Worker tells its own times, in ms, in `server-timing`: HTTP on this machine adds less than a millisecond. */
function readTiming(headers: Headers): Record<string, number> {
  const entries = (headers.get("server-timing") ?? "").split(",").map((entry) => {
    const [name = "", duration = ""] = entry.trim().split(";dur=");
    return [name, Number(duration)] as const;
  });
  return Object.fromEntries(entries);
}
