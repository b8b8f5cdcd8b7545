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
const completionSchema = z.object({ choices: z.tuple([z.object({ text: z.string() })]) });

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
    ttftMs: Math.round(first.timing.ttftMs),
    tokensPerSecond: Math.round(long.timing.tokensPerSecond),
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
  return { text: data.choices[0].text, timing: readTiming(headers) };
}

/** The Worker tells its own times in `server-timing`: HTTP on this machine adds less than a millisecond. */
function readTiming(headers: Headers) {
  const entries = (headers.get("server-timing") ?? "").split(",").map((entry) => {
    const [name = "", ...attributes] = entry.trim().split(";");
    return [name, Number(attributes.find((a) => a.startsWith("dur="))?.slice(4) ?? NaN)] as const;
  });
  const times = new Map(entries);
  return { ttftMs: times.get("ttft") ?? NaN, tokensPerSecond: times.get("tokens_per_second") ?? NaN };
}
